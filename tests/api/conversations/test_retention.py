"""Conversations that go quiet end by themselves; those past their time, or deleted, leave nothing."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from oratio.bootstrap import build_services
from oratio.domain.conversations.conversation import Channel, Conversation
from oratio.domain.storage_layout import audio_key
from oratio.settings import Settings
from tests.api.conftest import World, assert_problem, create
from tests.contract.live_calls import a_live_call
from tests.fakes.clock import FakeClock

IDLE_S, DAY_S = 600, 24 * 3600


def on_a_clock(world: World, clock: FakeClock) -> World:
    """The world's services on a clock that the test holds."""
    world.platform = dataclasses.replace(world.platform, clock=clock)
    world.use_runtime(world.runtime)
    world.services = build_services(world.platform)
    return world


async def talk(client: httpx.AsyncClient, agent_id: str, session_id: str | None = None) -> str:
    body = {"prompt": "How do I switch it on?"} | ({"sessionId": session_id} if session_id else {})
    answer = await client.post(f"/api/agents/{agent_id}/invocations", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["sessionId"])


async def outcome(client: httpx.AsyncClient, session_id: str) -> str:
    return str((await client.get(f"/api/conversations/{session_id}")).json()["conversation"]["outcome"])


def events(world: World) -> list[str]:
    return [delivery.event for delivery in world.platform.outbox.claim(limit=50, lease_ms=1)]


async def test_a_quiet_conversation_ends_and_says_so_also_after_a_restart(
    configure: Callable[..., Settings],
) -> None:
    clock, config = FakeClock(), configure(conversation_idle_seconds=IDLE_S)
    world = on_a_clock(World(config), clock)
    async with world.client() as client:
        agent_id = await create(client)
        world.go_live("alice", agent_id)
        hook = {"url": "https://hooks.example/x", "events": ["conversation.ended"]}
        assert (await client.post("/api/webhooks", json=hook)).status_code == 201
        quiet = await talk(client, agent_id)
        clock.advance(IDLE_S - 1)
        busy = await talk(client, agent_id)
        assert world.services.retention.end_idle() == 0

    world = on_a_clock(World(config), clock)
    clock.advance(2)
    assert world.services.retention.end_idle() == 1
    assert world.services.retention.end_idle() == 0
    async with world.client() as client:
        assert await outcome(client, quiet) == "ended"
        assert await outcome(client, busy) == "open"
        assert events(world) == ["conversation.ended"]

        assert await talk(client, agent_id, quiet) == quiet
        assert await outcome(client, quiet) == "open", "whoever writes on takes it up again"
        clock.advance(IDLE_S + 1)
        assert world.services.retention.end_idle() == 2


async def test_a_call_left_open_by_a_server_that_died_is_ended_when_it_must_have_been_over(
    configure: Callable[..., Settings],
) -> None:
    clock = FakeClock()
    world = on_a_clock(World(configure(conversation_idle_seconds=IDLE_S, voice_call_seconds=1800)), clock)
    async with world.client() as client:
        agent_id = await create(client)
    world.platform.conversations.add(spoken(agent_id, clock.now_ms()))
    clock.advance(1800 + IDLE_S)
    assert world.services.retention.end_idle() == 0
    clock.advance(100)
    assert world.services.retention.end_idle() == 1


def spoken(agent_id: str, at: int) -> Conversation:
    values: dict[str, Any] = {"version": 1, "channel": Channel.VOICE, "started_at": at, "updated_at": at}
    return Conversation(user_id="alice", agent_id=agent_id, conversation_id="spoken-call", **values)


def kept_of(world: World, session_id: str) -> list[Path]:
    return [path for path in (world.data / "objects").rglob("*") if session_id in str(path)]


async def test_a_conversation_past_its_time_is_deleted_whole(configure: Callable[..., Settings]) -> None:
    clock = FakeClock()
    world = on_a_clock(World(configure(conversation_retention_days=30)), clock)
    async with world.client() as client:
        agent_id = await create(client)
        world.go_live("alice", agent_id)
        old = await talk(client, agent_id)
        clock.advance(29 * DAY_S)
        young = await talk(client, agent_id)
        assert world.services.retention.forget_old() == 0
        clock.advance(DAY_S + 1)
        assert world.services.retention.forget_old() == 1

        assert_problem(await client.get(f"/api/conversations/{old}"), 404, "not_found")
        assert kept_of(world, old) == []
        assert await outcome(client, young) == "open"


async def test_without_a_setting_conversations_are_kept(configure: Callable[..., Settings]) -> None:
    clock = FakeClock()
    world = on_a_clock(World(configure()), clock)
    async with world.client() as client:
        agent_id = await create(client)
        world.go_live("alice", agent_id)
        session_id = await talk(client, agent_id)
        clock.advance(10_000 * DAY_S)
        assert world.services.retention.forget_old() == 0
        assert await outcome(client, session_id) == "open"


async def test_a_deleted_conversation_leaves_neither_words_nor_sound(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    world.go_live("alice", agent_id)
    session_id, other = await talk(client, agent_id), await talk(client, agent_id)
    world.platform.recordings.put(audio_key("alice", agent_id, session_id), b"RIFF", tags={"userId": "alice"})

    async with world.client("bob") as bob:
        assert_problem(await bob.delete(f"/api/conversations/{session_id}"), 404, "not_found")
    assert (await client.delete(f"/api/conversations/{session_id}")).status_code == 204

    for method, path in (("GET", ""), ("GET", "/audio"), ("DELETE", "")):
        assert_problem(await client.request(method, f"/api/conversations/{session_id}{path}"), 404, "not_found")
    assert kept_of(world, session_id) == []
    listed = (await client.get(f"/api/agents/{agent_id}/conversations")).json()["conversations"]
    assert [entry["conversationId"] for entry in listed] == [other]


async def test_a_call_in_progress_is_not_deleted(world: World, client: httpx.AsyncClient) -> None:
    agent_id = await create(client)
    clock = FakeClock(world.platform.clock.now_ms())
    world.platform.conversations.add(spoken(agent_id, clock.now_ms()))
    call = a_live_call(clock, "spoken-call", "alice")
    world.platform.live_calls.put([call])

    assert_problem(await client.delete("/api/conversations/spoken-call"), 409, "conflict")
    world.platform.live_calls.remove("alice", "spoken-call")
    assert (await client.delete("/api/conversations/spoken-call")).status_code == 204
