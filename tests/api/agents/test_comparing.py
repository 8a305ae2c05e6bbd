"""Two versions side by side over HTTP: their difference, and recorded conversations asked of both."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from oratio.client import AsyncClient
from oratio.domain.agents.comparison import text_change
from oratio.domain.conversations.conversation import Citation, Handoff, TurnDelta, TurnEvent, TurnResult
from oratio.domain.plan.agent_plan import Scenario
from oratio.domain.plan.rehearsal import RehearsalReport, ScenarioResult
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, PROMPT_FILE, REHEARSAL_FILE, version_key
from oratio.errors import AgentFailed
from oratio.ports.agent_runtime import Invocation
from oratio.settings import Settings
from tests.api.conftest import World, assert_problem, create
from tests.api.fakes import ScriptedRuntime


@pytest.fixture
def world(configure: Callable[..., Settings]) -> World:
    world = World(configure())
    world.use_runtime(TwoMinds())
    return world


class TwoMinds(ScriptedRuntime):
    """Version 1 and version 2 of the same agent; version 2 answers `refund` otherwise, and fails at `crash`."""

    async def invoke(self, runtime_id: str, qualifier: str, invocation: Invocation) -> AsyncIterator[TurnEvent]:
        self.calls.append((runtime_id, qualifier, invocation))
        yield TurnDelta(text="Well")
        if self.hold:
            self.hold.set()
            await asyncio.Event().wait()
        second = qualifier == "2"
        if second and "crash" in invocation.prompt:
            raise AgentFailed("the agent failed")
        if second and "refund" in invocation.prompt:
            handoff = Handoff(reason="refund", summary="wants money")
            cited = (Citation(path="refunds.md", excerpt="x", score=1),)
            yield TurnResult(answer="A colleague will help.", answered=True, citations=cited, handoff=handoff)
        else:
            yield TurnResult(answer=f"Reply {len(invocation.history)}", answered=True)


async def two_versions(world: World, client: httpx.AsyncClient) -> str:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    answer = await client.post(
        f"/api/agents/{agent_id}/versions",
        data={"sop": "1. Greet the caller.\n2. Offer a refund.", "deleteFiles": '["plans/prices.csv"]'},
        files=[("files", ("new.md", b"# New\n")), ("files", ("manual.md", b"# Changed\n"))],
    )
    assert answer.status_code == 202, answer.text
    for number in (1, 2):
        _write(world, agent_id, number, CODE_FILE, f"def build_agent(ctx):\n    return {number}\n")
        _write(world, agent_id, number, PROMPT_FILE, "You are kind.\n")
        steps = [{"text": "Greet the caller."}, {"text": f"Step of {number}"}]
        _write(world, agent_id, number, PLAN_FILE, json.dumps({"steps": steps}))
        _write(world, agent_id, number, REHEARSAL_FILE, _report(number).model_dump_json())
    return agent_id


def _write(world: World, agent_id: str, number: int, file: str, text: str) -> None:
    world.platform.code.put(version_key("alice", agent_id, number, file), text.encode(), tags={})


def _report(number: int) -> RehearsalReport:
    results = []
    for title, passed in (("Greeting", True), ("Refund", number == 2), (f"Only {number}", True)):
        scenario = Scenario(scenario_id=title, title=title, prompts=("Hi",), expect="reply")
        results.append(ScenarioResult(scenario=scenario, required=True, passed=passed, reason="", turns=()))
    return RehearsalReport(version=number, model="m", started_at=1, ended_at=2, results=tuple(results))


async def test_a_diff_names_words_files_plan_code_and_rehearsal(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await two_versions(world, client)

    answer = await client.get(f"/api/agents/{agent_id}/versions/2/diff", params={"against": 1})

    assert answer.status_code == 200, answer.text
    diff = answer.json()
    assert (diff["version"], diff["against"], diff["identical"]) == (2, 1, False)
    assert "-2. Ask what is wrong.\n+2. Offer a refund." in diff["sop"]["diff"]
    assert [(file["path"], file["change"]) for file in diff["files"]] == [
        ("manual.md", "replaced"),
        ("new.md", "added"),
        ("plans/prices.csv", "removed"),
    ]
    assert diff["plan"]["addedSteps"] == ["Step of 2"]
    assert diff["plan"]["removedSteps"] == ["Step of 1"]
    assert (diff["code"]["addedLines"], diff["code"]["removedLines"]) == (1, 1)
    assert diff["prompt"] == {"changed": False, "addedLines": 0, "removedLines": 0, "diff": ""}
    changed = {entry["title"]: (entry["before"], entry["after"]) for entry in diff["rehearsal"]["scenarios"]}
    assert changed == {"Refund": (False, True), "Only 1": (True, None), "Only 2": (None, True)}
    assert (diff["rehearsal"]["beforePassed"], diff["rehearsal"]["afterPassed"]) == (False, True)


async def test_a_version_does_not_differ_from_itself(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await two_versions(world, client)
    diff = (await client.get(f"/api/agents/{agent_id}/versions/1/diff?against=1")).json()
    assert diff["identical"]
    assert diff["files"] == diff["fields"] == diff["rehearsal"]["scenarios"] == []


async def test_a_diff_needstwo_versions_that_are_there(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await two_versions(world, client)
    url = f"/api/agents/{agent_id}/versions"
    assert_problem(await client.get(f"{url}/2/diff"), 422, "invalid_input", ("against",))
    assert_problem(await client.get(f"{url}/2/diff?against=0"), 422, "invalid_input", ("against",))
    assert_problem(await client.get(f"{url}/2/diff?against=9"), 404, "not_found")
    assert_problem(await client.get(f"{url}/9/diff?against=1"), 404, "not_found")


def test_the_diff_of_long_texts_without_a_common_line_stays_cheap() -> None:
    before = "\n".join(f"a{number % 7}" for number in range(50_000))
    after = "\n".join(f"b{number % 7}" for number in range(50_000))
    change = text_change(f"same\n{before}\nend", f"same\n{after}\nend", "sop")
    assert (change.added_lines, change.removed_lines) == (50_000, 50_000)
    assert change.diff is not None
    assert "same" not in change.diff


def test_a_text_that_was_never_written_is_no_empty_text() -> None:
    assert text_change(None, None, "x").diff is None
    assert text_change("", "", "x").diff == ""
    assert text_change(None, "line", "x").added_lines == 1


async def replayable(world: World, client: httpx.AsyncClient, prompts: tuple[str, ...]) -> str:
    runtime = world.runtime
    agent_id = await two_versions(world, client)
    session = None
    for prompt in prompts:
        body = {"prompt": prompt} | ({"sessionId": session} if session else {})
        session = (await client.post(f"/api/agents/{agent_id}/invocations", json=body)).json()["sessionId"]
    second = world.platform.versions.history("alice", agent_id)[0]
    runtime_fields = {"runtime_id": f"runtime-{agent_id}", "runtime_version": "2"}
    world.platform.versions.save(second.model_copy(update=runtime_fields))
    runtime.calls.clear()
    return agent_id


async def test_a_replay_asks_both_versions_what_callers_asked(
    world: World, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "oratio")
    agent_id = await replayable(world, client, ("hello", "a refund please", "crash now"))
    stored = world.stored()

    answer = await client.post(f"/api/agents/{agent_id}/versions/2/replay", json={"conversations": 3})

    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert (report["version"], report["liveVersion"], report["complete"]) == (2, 1, True)
    turns = report["conversations"][0]["turns"]
    assert [turn["changed"] for turn in turns] == [
        [],
        ["answer", "sources", "handoff"],
        ["failure", "answer", "answered"],
    ]
    assert turns[1]["candidate"]["handoff"]["reason"] == "refund"
    assert turns[2]["candidate"]["error"]
    assert report["summary"]["changedHandoffs"] == 1
    assert (report["summary"]["liveFailures"], report["summary"]["candidateFailures"]) == (0, 1)
    assert world.stored() == stored, "a replay keeps nothing"
    assert "refund" not in caplog.text


async def test_a_replay_keeps_to_sessions_of_its_own(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await replayable(world, client, ("hello", "again"))
    await client.post(f"/api/agents/{agent_id}/versions/2/replay")
    calls = world.runtime.calls
    assert {qualifier for _, qualifier, _ in calls} == {"1", "2"}
    sessions = {call.session_id for _, _, call in calls}
    assert len(sessions) == 2
    assert all(name.startswith("replay-") and len(name) >= 33 for name in sessions)
    listed = (await client.get(f"/api/agents/{agent_id}/conversations")).json()["conversations"]
    assert [entry["turns"] for entry in listed] == [2]


async def test_a_replay_of_nothing_is_empty(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await replayable(world, client, ())
    report = (await client.post(f"/api/agents/{agent_id}/versions/2/replay")).json()
    assert report["conversations"] == []
    assert report["summary"]["turns"] == 0


async def test_a_replay_needs_a_deployed_candidate(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await two_versions(world, client)
    url = f"/api/agents/{agent_id}/versions"
    assert_problem(await client.post(f"{url}/2/replay"), 409, "conflict")
    assert_problem(await client.post(f"{url}/9/replay"), 404, "not_found")
    for body in ({"conversations": 0}, {"conversations": 51}, {"conversations": "5"}):
        assert_problem(await client.post(f"{url}/1/replay", json=body), 422, "invalid_input", ("conversations",))


async def test_one_replay_of_a_tenant_runs_at_a_time(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    url = f"/api/agents/{agent_id}"
    await client.post(f"{url}/invocations", json={"prompt": "Hello?"})
    world.runtime.hold = asyncio.Event()
    first = asyncio.create_task(client.post(f"{url}/versions/1/replay"))
    await asyncio.wait_for(world.runtime.hold.wait(), 10)

    refused = await client.post(f"{url}/versions/1/replay")

    assert_problem(refused, 429, "rate_limited")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    world.runtime.hold = None
    assert (await client.post(f"{url}/versions/1/replay")).status_code == 200


async def test_the_client_speaks_both(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await replayable(world, client, ("a refund please",))
    async with AsyncClient("http://oratio", world.token(), transport=httpx.ASGITransport(world.app)) as oratio:
        diff = await oratio.diff(agent_id, 2, against=1)
        report = await oratio.replay(agent_id, 2, conversations=1)
    assert [file.change for file in diff.files] == ["replaced", "added", "removed"]
    assert report.conversations[0].turns[0].changed == ("answer", "sources", "handoff")
