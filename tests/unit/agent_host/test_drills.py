from pathlib import Path

import pytest

from oratio.agentkit.scripts import arguments
from oratio.domain.conversations.conversation import TurnEvent, TurnResult
from oratio.domain.plan.agent_plan import Drill
from oratio.domain.plan.rehearsal import PLANTED_INSTRUCTION
from oratio.domain.refs import VersionRef
from oratio.errors import AgentFailed, Conflict
from oratio.ports.agent_runtime import LIVE, Invocation
from tests.contract.agent_runtime import SESSION, result
from tests.fakes.agent_host import RunningHost
from tests.fakes.agents import signed_package

pytestmark = pytest.mark.xdist_group("agent-host")


@pytest.fixture
def unpinned(host: RunningHost, tmp_path: Path) -> str:
    ref = VersionRef(user_id="tenant", agent_id=tmp_path.name, version=1)
    return host.runtime.ensure_runtime(ref, signed_package(), engine_id="kb", tags={}, token="t").runtime_id


async def drilled(host: RunningHost, runtime_id: str, prompt: str, drill: Drill) -> TurnResult:
    call = Invocation(session_id=SESSION, prompt=prompt, drill=drill)
    last: TurnEvent | None = None
    async for event in host.runtime.invoke(runtime_id, "1", call):
        last = event
    assert isinstance(last, TurnResult)
    return last


async def test_every_tool_is_called(host: RunningHost, unpinned: str) -> None:
    turn = await drilled(host, unpinned, "anything", Drill.CALL_TOOLS)
    assert {(call.name, call.status) for call in turn.tool_calls} == {
        ("search_knowledge_base", "success"),
        ("hand_off_to_human", "success"),
        ("greet_the_caller", "success"),
        ("run_experiment", "success"),
    }


async def test_a_search_fails_as_one_that_timed_out(host: RunningHost, unpinned: str) -> None:
    assert (await drilled(host, unpinned, "search warranty", Drill.SEARCH_TIMEOUT)).answer == "tool error"


async def test_a_failing_model_fails_the_turn_alone(host: RunningHost, unpinned: str) -> None:
    with pytest.raises(AgentFailed, match=r"the agent failed \(ConnectionFailed\)"):
        await drilled(host, unpinned, "hello", Drill.MODEL_ERROR)
    assert (await result(host.runtime, unpinned, "hello", qualifier="1")).answered


async def test_a_planted_passage_is_found_and_never_cited(host: RunningHost, unpinned: str) -> None:
    turn = await drilled(host, unpinned, "search warranty", Drill.PLANTED_INSTRUCTION)
    assert turn.answer == PLANTED_INSTRUCTION  # this agent repeats whatever it finds
    assert turn.citations == ()


@pytest.mark.parametrize("drill", Drill)
async def test_nothing_is_staged_for_a_version_that_callers_reach(
    host: RunningHost, unpinned: str, drill: Drill
) -> None:
    host.runtime.ensure_endpoint(unpinned, LIVE, "1")
    with pytest.raises(Conflict):
        await drilled(host, unpinned, "hello", drill)
    assert (await result(host.runtime, unpinned, "search warranty")).citations


async def test_a_drills_process_ends_with_its_turn(host: RunningHost, unpinned: str) -> None:
    before = host.host.processes
    await drilled(host, unpinned, "hello", Drill.CALL_TOOLS)
    assert host.host.processes == before


def test_arguments_fit_their_schema() -> None:
    schema = {
        "properties": {
            "query": {"type": "string"},
            "amount": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
            "urgent": {"type": "boolean"},
            "kind": {"enum": ["a", "b"]},
            "count": {"type": "integer", "minimum": 3},
            "tags": {"type": "array"},
            "who": {"type": "object", "properties": {"name": {"type": "string"}}},
            "any": {},
        }
    }
    assert arguments(schema) == {
        "query": "example",
        "amount": 1,
        "urgent": True,
        "kind": "a",
        "count": 3,
        "tags": [],
        "who": {"name": "example"},
        "any": "example",
    }
    assert arguments({}) == {}
