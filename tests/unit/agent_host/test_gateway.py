import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from oratio.agent_host.gateway import AgentGateway, CallRate
from oratio.agent_host.model_requests import BadRequest, read_model_request
from oratio.agent_host.output import cleaned
from oratio.agentkit.platform.connections import ConnectionFailed
from oratio.agentkit.platform.gateway import Gateway
from oratio.agentkit.platform.gateway_model import GatewayModel
from oratio.agentkit.turn import TurnRecorder
from oratio.domain.knowledge.knowledge_base import Passage
from oratio.domain.refs import VersionRef
from oratio.errors import NotReady
from tests.fakes.agents import ANNOUNCEMENT, MemoryKnowledge, ScriptedModel, passage, plan, prompt_script

REF = VersionRef(user_id="tenant", agent_id="agent", version=7)


class BrokenKnowledge(MemoryKnowledge):
    def retrieve(self, engine_id: str, query: str, *, version: int, limit: int = 6) -> list[Passage]:
        raise NotReady("the index is being made")


@asynccontextmanager
async def gateway(
    knowledge: MemoryKnowledge | None = None, rate: CallRate | None = None
) -> AsyncIterator[tuple[Gateway, AgentGateway]]:
    """Both ends: the agent's, and the host's."""
    ours, theirs = socket.socketpair()
    host = AgentGateway(
        ours,
        ref=REF,
        engine_id="kb",
        plan=plan(),
        knowledge=knowledge or MemoryKnowledge({"kb": [passage("p1", "manual.md", "warranty")]}),
        model=ScriptedModel(prompt_script),
        rate=rate,
    )
    host.open()
    try:
        yield Gateway(theirs), host
    finally:
        host.close()
        theirs.close()


async def call(agent: Gateway, request: dict[str, Any]) -> dict[str, Any]:
    return await asyncio.to_thread(agent._call, request, 5.0)


async def test_search_asks_the_agents_own_knowledge_base_and_version_whatever_the_request_says() -> None:
    knowledge = MemoryKnowledge({"kb": [passage("p1", "manual.md", "warranty")], "other": []})
    async with gateway(knowledge) as (agent, host):
        answer = await call(agent, {"op": "search", "query": "warranty", "engineId": "other", "version": 1})
        assert [entry["path"] for entry in answer["passages"]] == ["manual.md"]
        assert knowledge.asked == [("kb", "warranty", 7)]
        assert host.served_paths == {"manual.md"}


async def test_hand_off_answers_the_plans_announcement() -> None:
    async with gateway() as (agent, _):
        answer = await asyncio.to_thread(agent.hand_off, "why", "what", timeout_s=5)
        assert answer["announcement"] == ANNOUNCEMENT


@pytest.mark.parametrize(
    "request_",
    [
        {"op": "search"},
        {"op": "search", "query": 5},
        {"op": "search", "query": "x" * 2001},
        {"op": "handOff", "reason": "x"},
        {"op": "delete"},
        {},
        {"op": "model", "messages": "x"},
    ],
)
async def test_a_request_of_another_form_is_refused(request_: dict[str, Any]) -> None:
    async with gateway() as (agent, _):
        with pytest.raises(ConnectionFailed) as refused:
            await call(agent, request_)
        assert refused.value.code == "bad_request"


async def test_an_index_that_is_not_ready_is_told_by_its_code() -> None:
    async with gateway(BrokenKnowledge({})) as (agent, _):
        with pytest.raises(ConnectionFailed) as refused:
            await call(agent, {"op": "search", "query": "x"})
        assert refused.value.code == "not_ready"


async def test_an_agent_that_asks_too_often_is_refused_for_a_while() -> None:
    now = [100.0]
    rate = CallRate(per_second=1, burst=3, monotonic=lambda: now[0])
    async with gateway(rate=rate) as (agent, _):
        for _ in range(3):
            await call(agent, {"op": "search", "query": "x"})
        with pytest.raises(ConnectionFailed) as refused:
            await call(agent, {"op": "search", "query": "x"})
        assert refused.value.code == "rate_limited"
        now[0] += 1
        await call(agent, {"op": "search", "query": "x"})


async def test_an_agent_that_is_over_the_rate_for_a_moment_waits_and_goes_on() -> None:
    rate = CallRate(per_second=20, burst=2)
    async with gateway(rate=rate) as (agent, _):
        answers = [await call(agent, {"op": "search", "query": "warranty"}) for _ in range(6)]
    assert all(answer["passages"] for answer in answers)


async def test_bytes_that_are_no_frame_end_only_their_own_call() -> None:
    async with gateway() as (agent, _):
        sock = await asyncio.to_thread(agent.connect)
        sock.sendall(b"\xff\xff\xff\xff garbage")
        sock.close()
        assert (await call(agent, {"op": "search", "query": "warranty"}))["passages"]


async def test_the_model_streams_through_and_keeps_its_provenance_to_the_recorder() -> None:
    turn = TurnRecorder()
    async with gateway() as (agent, _):
        model = GatewayModel(agent, turn)
        events = [event async for event in model.stream([{"role": "user", "content": [{"text": "hi"}]}])]
    texts = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert "".join(texts) == "you said hi"


def good_request(**changes: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": "hi"}]}], "toolSpecs": [], **changes}


def test_a_model_request_of_the_right_form_is_read() -> None:
    spec = {"name": "n", "description": "d", "inputSchema": {}, "extra": 1}
    request = read_model_request(good_request(toolSpecs=[spec], systemPrompt="s"))
    assert request.tool_specs == [{"name": "n", "description": "d", "inputSchema": {}}]
    assert request.system_prompt == "s"


BAD: Sequence[dict[str, Any]] = (
    {"messages": [{"role": "system", "content": []}]},
    {"messages": [{"role": "user", "content": [{"document": {}}]}]},
    {"messages": [{"role": "user", "content": "text"}]},
    {"messages": ["text"]},
    {"messages": [good_request()["messages"][0]] * 1001},
    {"toolSpecs": [{"name": "n"}]},
    {"toolSpecs": ["x"]},
    {"systemPrompt": 5},
    {"systemPrompt": "x" * 200_001},
    {"toolChoice": "any"},
)


@pytest.mark.parametrize("changes", BAD)
def test_a_model_request_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read_model_request(good_request(**changes))


def test_output_loses_its_control_characters_and_escapes() -> None:
    assert cleaned(b"ok \x1b[31mred\x07 \xff \xe2\x80\xae") == "ok \\x1b[31mred\\x07 \\xff \\u202e"
