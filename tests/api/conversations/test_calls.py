"""Calls in progress over HTTP."""

import time
from typing import Any

import pytest

from oratio.domain.conversations.live_call import LiveCall, LiveHandoff
from oratio.errors import NotAuthenticated, NotFound
from tests.api.conftest import World


def a_call(conversation_id: str = "c1", user_id: str = "alice", **changes: Any) -> LiveCall:
    values: dict[str, Any] = {
        "user_id": user_id,
        "conversation_id": conversation_id,
        "agent_id": "a1",
        "agent_name": "Help desk",
        "version": 2,
        "holder": "key1",
        "started_at": 5,
        "owner": "p1",
        "address": "ws://127.0.0.1:1",
        "expires_at": int(time.time() * 1000) + 60_000,
    }
    return LiveCall(**(values | changes))


async def test_calls_in_progress_are_listed_newest_first(world: World) -> None:
    handoff = LiveHandoff(reason="asked", summary="order 12", at=6)
    world.platform.live_calls.put([a_call(), a_call("c2", started_at=7, state="handoff", handoff=handoff)])
    async with world.client() as client:
        calls = (await client.get("/api/calls")).json()["calls"]
    assert [call["conversationId"] for call in calls] == ["c2", "c1"]
    assert calls[0]["handoff"] == {"reason": "asked", "summary": "order 12", "at": 6}
    assert calls[1] == {
        "conversationId": "c1",
        "agentId": "a1",
        "agentName": "Help desk",
        "version": 2,
        "startedAt": 5,
        "state": "agent",
        "handoff": None,
        "operator": None,
        "websocketUrl": f"{world.platform.settings.voice_base}/v1/operator/c1",
    }


async def test_calls_of_one_agent_can_be_asked_for(world: World) -> None:
    world.platform.live_calls.put([a_call(), a_call("c2", agent_id="a2")])
    async with world.client() as client:
        calls = (await client.get("/api/calls", params={"agentId": "a2"})).json()["calls"]
    assert [call["agentId"] for call in calls] == ["a2"]


async def test_calls_of_another_tenant_are_not_there(world: World) -> None:
    world.platform.live_calls.put([a_call(user_id="bob")])
    async with world.client() as client:
        assert (await client.get("/api/calls")).json() == {"calls": []}
        assert (await client.post("/api/conversations/c1/operator-tickets")).status_code == 404


async def test_a_ticket_lets_one_operator_into_one_call_once(world: World) -> None:
    world.platform.live_calls.put([a_call(), a_call("c2")])
    async with world.client() as client:
        answer = await client.post("/api/conversations/c1/operator-tickets")
    assert answer.status_code == 201
    assert answer.json()["websocketUrl"].endswith("/v1/operator/c1")
    ticket = answer.json()["ticket"]
    with pytest.raises(NotFound):
        world.services.live_calls.redeem(ticket, "c2")
    assert world.services.live_calls.redeem(ticket, "c1").user_id == "alice"
    with pytest.raises(NotAuthenticated):
        world.services.live_calls.redeem(ticket, "c1")


async def test_a_ticket_of_another_kind_does_not_hold(world: World) -> None:
    world.platform.live_calls.put([a_call()])
    ticket, _ = world.services.live_calls.ticket("alice", "c1")
    with pytest.raises(NotAuthenticated):
        world.services.access.redeem(ticket, "a1")


async def test_an_api_key_cannot_list_calls(world: World) -> None:
    async with world.client(None) as client:
        assert (await client.get("/api/calls")).status_code == 401
        assert (await client.get("/api/calls", headers={"X-API-Key": "orat_" + "x" * 40})).status_code == 401
