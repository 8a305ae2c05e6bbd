"""A kill in the middle of a creation loses nothing, doubles nothing and leaves nothing running."""

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.installation import TELECOM, Installation, family, foreground, still_running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(900)]

WAIT_S = 180.0


def progress(installation: Installation, agent_id: str) -> dict[str, str]:
    detail = installation.json("agents", "show", agent_id)
    return {"agent": detail["status"]} | {step["step"]: step["status"] for step in detail["progress"]}


def test_creation_cut_by_a_kill_ends_in_one_active_agent(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    with foreground(installation, "--no-console") as up:
        accepted = installation.json(*installation.create(TELECOM, "--no-wait"))
        agent_id = accepted["agentId"]
        deadline = time.monotonic() + WAIT_S
        while progress(installation, agent_id)["ingest_folder"] == "pending":
            assert time.monotonic() < deadline, installation.logs()
        processes = family(up.pid)
        up.send_signal(signal.SIGKILL)
        assert still_running(processes, within_s=20) == []

    with foreground(installation, "--no-console") as up:
        deadline = time.monotonic() + WAIT_S
        while (seen := progress(installation, agent_id))["agent"] == "creating":
            assert time.monotonic() < deadline, f"{seen}\n{installation.logs()}"
        assert seen["agent"] == "active", installation.logs()
        (only,) = installation.json("agents", "list")["agents"]
        assert (only["agentId"], only["status"]) == (agent_id, "active")
        (version,) = installation.json("agents", "versions", agent_id)["versions"]
        assert version["status"] == "live"
        assert installation.json("ask", agent_id, "What is MMS?")["answered"]

        processes = family(up.pid)
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=90)
        assert up.returncode == 0
        assert still_running(processes, within_s=5) == []
    assert "nothing runs on" in installation.refused("status")
