"""The whole contract walked from outside on a real Oratio, with figures: `make walk`.

Every curl line of docs/api.md; versions of the telecom agent with diff, replay, switch and roll-back; an agent that
answers after a restore.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from oratio.client import Brief, Client
from tests.e2e.installation import TELECOM, Installation, foreground
from tests.walk import walk

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(3600)]

MANUAL = "tech_support_manual.md"
QUESTION = "What is MMS?"
SWITCHES = 5


@pytest.fixture(scope="module")
def client(oratio: Installation) -> Client:
    return Client(oratio.api, oratio.oratio("token").strip())


def test_every_curl_line_of_the_page_has_the_status_beside_it(
    oratio: Installation, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    walked = walk(oratio.api, oratio.oratio("token", "--user", "walker").strip(), tmp_path)

    tell(f"docs/api.md: {len(walked)} curl calls, {len({(one.method, one.path) for one in walked})} addresses")
    assert [one for one in walked if one.status not in one.said] == []


def test_a_version_is_compared_replayed_switched_to_and_rolled_back(
    oratio: Installation, client: Client, agent: str, tell: Callable[[str], None]
) -> None:
    before = client.ask(agent, QUESTION)
    assert (before.answered, before.version) == (True, 1)
    text = (TELECOM / MANUAL).read_text().replace("extension of SMS", "big sister of SMS")

    made = client.create_version(agent, Brief(agent_name="Telecom again"), [(MANUAL, text.encode())])
    for _ in client.events(agent):
        assert client.agent(agent).current_version == 1

    assert client.version(agent, made.version).status == "rehearsed"
    assert client.ask(agent, QUESTION).version == 1
    diff = oratio.json("agents", "diff", agent, str(made.version), "--against", "1")
    assert [(file["path"], file["change"]) for file in diff["files"]] == [(MANUAL, "replaced")]
    replay = oratio.json("agents", "replay", agent, str(made.version))
    turns, changed = replay["summary"]["turns"], replay["summary"]["changedAnswers"]
    assert turns >= 2
    assert changed >= 1

    took = []
    for number in [made.version, 1] * SWITCHES:
        begun = time.perf_counter()
        client.activate(agent, number)
        took.append(time.perf_counter() - begun)
        asked = client.ask(agent, QUESTION)
        assert asked.version == number
        assert ("big sister of SMS" in asked.answer) is (number == made.version)
        assert client.ask(agent, QUESTION, session_id=before.session_id).version == 1
    slowest = max(took[1::2])
    tell(f"replay: {turns} turns, {changed} answers changed; {len(took)} switches, roll-back at most {slowest:.2f} s")


def test_a_restored_agent_answers(
    oratio: Installation, agent: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    answer = oratio.json("ask", agent, QUESTION)
    oratio.oratio("backup", str(tmp_path / "backup"))
    restored = Installation(tmp_path / "restored")
    told = json.loads(restored.oratio("restore", str(tmp_path / "backup"), "--json"))

    with foreground(restored, "--no-console"):
        again = restored.json("ask", agent, QUESTION)
        key = restored.json("agents", "show", agent)["currentVersion"]

    assert again["answered"]
    assert (again["answer"], again["citations"]) == (answer["answer"], answer["citations"])
    assert key == 1
    tell(f"restored {told['files']} files, {told['bytes'] / 1e6:.1f} MB: the agent answers as before")
