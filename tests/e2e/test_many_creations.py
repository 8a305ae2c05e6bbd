"""Many creations submitted at once: each ends active, none is lost, and no more flows run than are set to."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.e2e.installation import Installation, foreground

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(3600)]

READY_WAIT_S, END_WAIT_S, POLL_S = 300.0, 3000.0, 1.0
ENDED = {"active", "failed"}


@contextmanager
def running(data: Path, flow_limit: int) -> Iterator[Installation]:
    """An Oratio that answers on every port but the console's."""
    installation = Installation(data, {"ORATIO_FLOW_LIMIT": str(flow_limit)})
    with foreground(installation, "--no-console") as up:
        deadline = time.monotonic() + READY_WAIT_S
        while not ready(installation):
            assert time.monotonic() < deadline, installation.logs()
            time.sleep(POLL_S)
        yield installation
        up.terminate()
        up.communicate(timeout=120)


def ready(installation: Installation) -> bool:
    try:
        return httpx.get(f"{installation.api}/readyz", timeout=30).is_success
    except httpx.HTTPError:
        return False


def submit(http: httpx.Client, number: int) -> str:
    """Submit one agent over a folder of one or two short files."""
    texts = [f"# Router {number}\n\nRouter {number} has its reset button on the back.\n", "Open from nine to five.\n"]
    files = [("files", (f"note-{at}.md", text.encode())) for at, text in enumerate(texts[: 1 + number % 2])]
    form = {
        "agentName": f"Router desk {number}",
        "agentType": "text",
        "sop": "1. Greet the caller.\n2. Ask which router they have.\n3. Answer from the documents.",
        "knowledgeBaseDescription": "Any question about routers",
        "humanHandoffDescription": "When the caller asks for a human",
    }
    answer = http.post("/api/agents", data=form, files=files)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["agentId"])


def until_all_ended(http: httpx.Client, installation: Installation, count: int) -> dict[str, str]:
    """Every agent's status, once there are `count` and none of them is on its way."""
    deadline = time.monotonic() + END_WAIT_S
    while True:
        answer = http.get("/api/agents", params={"limit": 200}).raise_for_status()
        found = {agent["agentId"]: agent["status"] for agent in answer.json()["agents"]}
        if len(found) >= count and set(found.values()) <= ENDED:
            return found
        assert time.monotonic() < deadline, f"{found}\n{installation.logs()}"
        time.sleep(POLL_S)


def most_at_once(prefect: httpx.Client) -> int:
    """The most flow runs that were in Prefect's state RUNNING at one moment, from its own history of states."""
    runs = prefect.post("/flow_runs/filter", json={"limit": 200}).raise_for_status().json()
    steps: list[tuple[datetime, int]] = []
    for run in runs:
        answer = prefect.get("/flow_run_states/", params={"flow_run_id": run["id"]}).raise_for_status()
        states = sorted((datetime.fromisoformat(state["timestamp"]), state["type"]) for state in answer.json())
        for (began, kind), (ended, _) in pairwise(states):
            if kind == "RUNNING":
                steps += [(began, 1), (ended, -1)]
    now = most = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


@pytest.mark.parametrize(("count", "flow_limit"), [(3, 2), (50, 4)], ids=["three", "fifty"])
def test_creations_submitted_at_once_all_end_active(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, flow_limit: int
) -> None:
    with (
        running(tmp_path / "data", flow_limit) as installation,
        installation.client() as http,
        httpx.Client(base_url=f"http://127.0.0.1:{installation.base + 4}/api", timeout=60) as prefect,
    ):
        began = time.monotonic()
        with ThreadPoolExecutor(count) as pool:
            accepted = list(pool.map(lambda number: submit(http, number), range(count)))
        submitted_s = time.monotonic() - began
        found = until_all_ended(http, installation, count)
        ended_s = time.monotonic() - began
        most = most_at_once(prefect)

        with capsys.disabled():
            print(
                f"\n{count} creations: submitted in {submitted_s:.1f} s, ended in {ended_s:.1f} s, "
                f"{most} flow runs at most at once of {flow_limit} allowed"
            )
        assert found == dict.fromkeys(accepted, "active"), installation.logs()
        assert len(found) == count
        assert 1 <= most <= flow_limit
