from collections.abc import Iterator

import pytest

from tests.e2e.installation import TELECOM, Installation


@pytest.fixture(scope="session")
def oratio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An Oratio that runs for the whole session, console included."""
    installation = Installation(tmp_path_factory.mktemp("oratio") / "data")
    installation.up()
    yield installation
    installation.down()


@pytest.fixture(scope="session")
def agent(oratio: Installation) -> str:
    """The telecom agent, active: everything in the folder but the SOP and the licence."""
    exclude = ("--exclude", "main_policy.md", "--exclude", "LICENSE")
    detail = oratio.json(*oratio.create(TELECOM, *exclude))
    assert detail["status"] == "active", detail["error"]
    return str(detail["agentId"])
