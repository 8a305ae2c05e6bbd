"""Figures over conversations, finding conversations, and what became of the documents."""

import httpx
import pytest

from oratio.domain.conversations.conversation import Citation, Handoff, ToolCall, TurnResult, Usage
from oratio.errors import AgentFailed
from tests.api.conftest import World, assert_problem, create

SEARCH = ToolCall(name="search_knowledge_base", status="success", ms=3)
SOURCED = TurnResult(
    answer="10 a month.", answered=True, citations=(Citation(path="plans/prices.csv", excerpt="basic,10", score=0.9),),
    tool_calls=(SEARCH,), usage=Usage(input_tokens=7, output_tokens=2),
)  # fmt: skip
UNKNOWN = TurnResult(answer="The documents do not say.", answered=False, tool_calls=(SEARCH,))
HANDED = TurnResult(answer="One moment.", answered=False, handoff=Handoff(reason="asked", summary="Wants a human"))


@pytest.fixture
async def agent_id(world: World, client: httpx.AsyncClient) -> str:
    made = await create(client)
    world.go_live("alice", made)
    return made


async def talk(world: World, client: httpx.AsyncClient, agent_id: str, *results: TurnResult) -> str:
    """One conversation of as many turns; its id."""
    session: dict[str, str] = {}
    for number, result in enumerate(results):
        world.runtime.result = result
        body = {"prompt": f"Question {number}", **session}
        session = {
            "sessionId": (await client.post(f"/api/agents/{agent_id}/invocations", json=body)).json()["sessionId"]
        }
    return session["sessionId"]


async def test_figures_count_what_was_said(world: World, client: httpx.AsyncClient, agent_id: str) -> None:
    await talk(world, client, agent_id, SOURCED, UNKNOWN)
    await talk(world, client, agent_id, HANDED)

    told = (await client.get("/api/analytics", params={"since": world.platform.clock.now_ms() - 60_000})).json()

    total = told["total"]
    assert (total["conversations"], total["turns"], total["calls"]) == (2, 3, 0)
    assert (total["answered"], total["sourced"], total["unanswered"], total["handoffs"]) == (1, 1, 1, 1)
    assert total["usage"] == {"inputTokens": 7, "outputTokens": 2}
    assert total["textWaitP95Ms"] is not None
    assert total["voiceWaitP50Ms"] is None
    assert told["reasons"] == [{"reason": "asked", "count": 1}]
    assert [agent["agentId"] for agent in told["agents"]] == [agent_id]
    assert {day["agentId"] for day in told["days"]} == {None, agent_id}
    assert told["complete"] is True


async def test_a_turn_that_failed_is_counted(world: World, client: httpx.AsyncClient, agent_id: str) -> None:
    world.runtime.failure = AgentFailed("it broke")
    await client.post(f"/api/agents/{agent_id}/invocations", json={"prompt": "Hi"})

    told = (await client.get("/api/analytics", params={"since": world.platform.clock.now_ms() - 60_000})).json()

    assert told["total"]["failed"] == 1


async def test_conversations_are_found_by_outcome_and_page_by_page(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    made = [await talk(world, client, agent_id, result) for result in (SOURCED, HANDED, SOURCED)]

    handed = (await client.get("/api/conversations", params={"outcome": "handed_off"})).json()
    assert [one["conversationId"] for one in handed["conversations"]] == [made[1]]

    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/api/conversations", params={"limit": 1, "agentId": agent_id, **cursor})).json()
        seen += [one["conversationId"] for one in page["conversations"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert sorted(seen) == sorted(made)


async def test_knowledge_use_tells_used_documents_and_questions_without_answer(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    conversation = await talk(world, client, agent_id, SOURCED, UNKNOWN)

    told = (await client.get(f"/api/agents/{agent_id}/knowledge-use")).json()

    assert told["documents"] == [
        {"path": "manual.md", "conversations": 0},
        {"path": "plans/prices.csv", "conversations": 1},
    ]
    assert [(one["conversationId"], one["prompt"]) for one in told["unanswered"]] == [(conversation, "Question 1")]


async def test_another_tenant_sees_nothing_of_it(world: World, client: httpx.AsyncClient, agent_id: str) -> None:
    await talk(world, client, agent_id, SOURCED)
    async with world.client("bob") as bob:
        told = (await bob.get("/api/analytics", params={"since": world.platform.clock.now_ms() - 60_000})).json()
        assert told["total"]["conversations"] == 0
        assert (await bob.get("/api/conversations")).json()["conversations"] == []
        assert_problem(
            await bob.get("/api/analytics", params={"since": 0, "until": 1, "agentId": agent_id}), 404, "not_found"
        )
        assert_problem(await bob.get("/api/conversations", params={"agentId": agent_id}), 404, "not_found")
        assert_problem(await bob.get(f"/api/agents/{agent_id}/knowledge-use"), 404, "not_found")
        assert_problem(await bob.post(f"/api/agents/{agent_id}/searches", json={"query": "x"}), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/api/analytics", {}, "since"),
        ("/api/analytics", {"since": "soon"}, "since"),
        ("/api/analytics", {"since": 5, "until": 4}, "since"),
        ("/api/analytics", {"since": 0}, "since"),
        ("/api/analytics", {"since": 0, "until": 1, "offsetMinutes": 2000}, "offsetMinutes"),
        ("/api/conversations", {"outcome": "won"}, "outcome"),
        ("/api/conversations", {"cursor": "nonsense"}, "cursor"),
        ("/api/conversations", {"limit": 0}, "limit"),
    ],
)
async def test_a_bad_question_names_its_field(
    client: httpx.AsyncClient, path: str, params: dict[str, str], field: str
) -> None:
    assert_problem(await client.get(path, params=params), 422, "invalid_input", (field,))


async def test_a_conversation_tells_what_it_is_likely_to_cost(
    world: World, client: httpx.AsyncClient, agent_id: str
) -> None:
    recent = {"since": world.platform.clock.now_ms() - 60_000}
    free = await talk(world, client, agent_id, SOURCED.model_copy(update={"model": "builtin"}))
    told = (await client.get(f"/api/conversations/{free}")).json()["conversation"]["costEstimate"]
    assert told == {"amount": 0, "currency": "USD", "parts": []}
    assert (await client.get("/api/analytics", params=recent)).json()["total"]["costEstimate"] == told
    unpriced = await talk(world, client, agent_id, SOURCED.model_copy(update={"model": "bedrock/some"}))
    found = (await client.get("/api/conversations")).json()["conversations"]
    assert {one["conversationId"]: one["costEstimate"] for one in found} == {free: told, unpriced: None}
    assert (await client.get("/api/analytics", params=recent)).json()["total"]["costEstimate"] is None
