import pytest


@pytest.mark.xdist_group("kept-together")
def test_a_group_of_tests_stays_with_one_worker(request: pytest.FixtureRequest) -> None:
    if hasattr(request.config, "workerinput"):  # in a pytest that xdist does not know, every worker starts everything
        assert request.node.nodeid.endswith("@kept-together")
