import pytest

from tests.e2e.installation import TELECOM, Installation


@pytest.fixture(scope="session")
def agent(oratio: Installation) -> str:
    """The telecom agent, active: everything in the folder but the SOP and the licence."""
    exclude = ("--exclude", "main_policy.md", "--exclude", "LICENSE")
    detail = oratio.json(*oratio.create(TELECOM, *exclude))
    assert detail["status"] == "active", detail["error"]
    return str(detail["agentId"])
