"""Four real voice processes on one port: what they share through the stores, and what dies with one of them."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Line
from tests.voice_server.processes import TEXT_ONLY, Servers, children, kill

CALLS = 12


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("voice")
    with Servers(folder, free_port(), voice_processes=4, voice_calls_per_key=40).running() as servers:
        yield servers


def processes_of(parent: int) -> set[int]:
    return set(children(parent))


def running() -> set[int]:
    return {int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()}


def leftovers(servers: Servers) -> list[Path]:
    """What calls have left on the disk that should be in the records."""
    return list((servers.config.data / "staging" / "voice").iterdir())


async def many(servers: Servers, stack: AsyncExitStack, key: str) -> list[tuple[Line, str, str]]:
    """Calls over several processes: line, conversation and resume token of each."""
    calls = []
    for _ in range(CALLS):
        line = await stack.enter_async_context(servers.line(key))
        ready = await line.start(**TEXT_ONLY)
        calls.append((line, ready["sessionId"], ready["resumeToken"]))
    return calls


async def test_calls_of_all_processes_are_listed(servers: Servers) -> None:
    async with AsyncExitStack() as stack:
        calls = await many(servers, stack, servers.key()[1])
        owners = await servers.owners(2, [conversation_id for _, conversation_id, _ in calls])
        assert sum(map(len, owners.values())) == CALLS


async def test_an_operator_reaches_every_call_at_whichever_process(servers: Servers) -> None:
    async with AsyncExitStack() as stack:
        calls = await many(servers, stack, servers.key()[1])
        await servers.owners(2, [conversation_id for _, conversation_id, _ in calls])
        for line, conversation_id, _ in calls:
            async with servers.operator(conversation_id) as operator:
                await operator.send("takeover")
                await line.until("handoff.connected")
                await operator.send("say", text="Hello from a human.")
                done = await line.until("response.done")
                assert done["spokenText"] == "Hello from a human."
                await line.send("input.text", text="Who is this?")
                while (await operator.until("transcript.done"))["role"] != "user":
                    pass
                await operator.send("handback")
                await line.until("handoff.ended")


async def test_the_end_of_a_call_is_its_code_at_whichever_process(servers: Servers) -> None:
    async with AsyncExitStack() as stack:
        calls = await many(servers, stack, servers.key()[1])
        await servers.owners(2, [conversation_id for _, conversation_id, _ in calls])
        for line, conversation_id, _ in calls:
            async with servers.operator(conversation_id) as operator:
                await operator.send("call.end")
                assert await line.closed() == 1000
                assert await operator.closed() == 1000
                assert operator.seen[-1]["reason"] == "operator_ended"


async def test_a_dropped_caller_comes_back_at_whichever_process(servers: Servers) -> None:
    _, key = servers.key()
    async with AsyncExitStack() as stack:
        calls = await many(servers, stack, key)
        await servers.owners(2, [conversation_id for _, conversation_id, _ in calls])
        for line, conversation_id, token in calls:
            line.socket.transport.abort()
            async with servers.line(key) as again:
                ready = await again.start(resume={"sessionId": conversation_id, "token": token})
                assert (ready["sessionId"], ready["resumed"]) == (conversation_id, True)
                await again.send("ping", t=1)
                await again.until("pong")
                await again.send("session.end")
                assert await again.closed() == 1000


async def test_a_wrong_resume_token_is_refused_at_whichever_process(servers: Servers) -> None:
    _, key = servers.key()
    async with servers.line(key) as line:
        ready = await line.start(**TEXT_ONLY)
        await servers.owners(1, [ready["sessionId"]])
        for _ in range(8):
            async with servers.line(key) as thief:
                await thief.send("session.start", resume={"sessionId": ready["sessionId"], "token": "wrong"})
                assert await thief.closed() == 4400
                assert thief.seen[0]["code"] == "resume_failed"
        await line.send("ping", t=1)
        await line.until("pong")


async def test_a_ticket_is_used_up_for_all_processes(servers: Servers) -> None:
    ticket, _ = servers.services.access.ticket("ada", "a1")
    async with connect(f"{servers.url()}?ticket={ticket}"):
        for _ in range(8):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{servers.url()}?ticket={ticket}")
            assert refused.value.response.status_code == 401


async def test_a_revoked_key_ends_its_calls_in_all_processes(servers: Servers) -> None:
    record, key = servers.key()
    async with AsyncExitStack() as stack:
        calls = await many(servers, stack, key)
        await servers.owners(2, [conversation_id for _, conversation_id, _ in calls])
        servers.services.access.revoke("ada", "a1", record.key_id)
        begun = time.monotonic()
        for line, _, _ in calls:
            assert await line.closed() == 4401
        assert time.monotonic() - begun < 10


async def test_a_key_has_its_calls_over_all_processes(servers: Servers) -> None:
    record, key = servers.key()
    async with AsyncExitStack() as stack:
        for taken in range(40):
            line = await stack.enter_async_context(servers.line(key))
            await line.start(**TEXT_ONLY)
            await _held(servers, record.key_id, taken + 1)
        for _ in range(8):
            with pytest.raises(InvalidStatus) as refused:
                await stack.enter_async_context(servers.line(key))
            assert refused.value.response.status_code == 429


async def _held(servers: Servers, holder: str, count: int) -> None:
    async with asyncio.timeout(10):
        while servers.platform.live_calls.held("ada", holder, besides="") < count:
            await asyncio.sleep(0.02)


async def test_an_internal_address_opens_to_nobody_without_a_pass(servers: Servers) -> None:
    async with servers.line(servers.key()[1]) as line:
        ready = await line.start(**TEXT_ONLY)
        owners = await servers.owners(1, [ready["sessionId"]])
        address = next(iter(owners.values()))[0].address
        for headers in ({}, {"Authorization": "Bearer x.y"}):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{address}/internal/calls/{ready['sessionId']}", additional_headers=headers)
            assert refused.value.response.status_code == 401


async def test_metrics_add_up_all_processes(servers: Servers) -> None:
    async with AsyncExitStack() as stack:
        await many(servers, stack, servers.key()[1])
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://127.0.0.1:{servers.port}/metrics")).text
        asking = 1
        assert f"oratio_voice_connections {CALLS + asking}.0" in text


async def test_a_process_that_is_killed_is_replaced_and_the_others_go_on(servers: Servers) -> None:
    assert servers.process is not None
    _, key = servers.key()
    async with AsyncExitStack() as stack:
        calls = await many(servers, stack, key)
        await servers.owners(2, [conversation_id for _, conversation_id, _ in calls])
        before = processes_of(servers.process.pid)
        kill(min(before))
        alive = []
        for line, _, _ in calls:
            with contextlib.suppress(Exception):
                await line.send("ping", t=1)
                await line.until("pong")
                alive.append(line)
        assert alive
        await asyncio.to_thread(servers.wait_until_all_listen)
        assert processes_of(servers.process.pid) != before
        for line in alive:
            await line.send("ping", t=2)
            await line.until("pong")


async def test_a_signal_drains_all_processes(servers: Servers) -> None:
    assert servers.process is not None
    async with AsyncExitStack() as stack:
        calls = await many(servers, stack, servers.key()[1])
        members = processes_of(servers.process.pid)
        servers.process.terminate()
        for line, _, _ in calls:
            await line.send("session.end")
            assert await line.closed() in (1000, 1001)
        assert await asyncio.to_thread(servers.process.wait, 30) == 0
    assert not members & running()
    still = {call.conversation_id for call in servers.platform.live_calls.of_user("ada")}
    assert not still & {conversation_id for _, conversation_id, _ in calls}
    assert leftovers(servers) == []
