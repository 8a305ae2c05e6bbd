"""What one caller does, or what befalls one call, is the others' business in no way: each case beside a bystander."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from oratio.errors import AgentFailed
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, Line, PlayedSpeech

SHOP = Origin("https://shop.example")
TEXT_ONLY: dict[str, Any] = {"audio": {"input": None, "output": None}}


@asynccontextmanager
async def bystander(exchange: Exchange) -> AsyncIterator[Line]:
    """Another call, which must go on as if nothing had happened, and end as it should."""
    async with exchange.line() as line:
        ready = await line.start(**TEXT_ONLY)
        await line.send("input.text", text="Before.")
        await line.until("response.done")
        yield line
        await line.send("input.text", text="After.")
        assert (await line.until("response.done"))["status"] == "completed"
        await line.send("session.end")
        assert await line.closed() == 1000
    assert not [message for message in line.seen if message["type"] in ("error", "interrupt")]
    await exchange.settled(ready["sessionId"])
    conversation, turns = exchange.services.conversations.get("ada", ready["sessionId"])
    assert conversation.outcome == "ended"
    assert [turn.prompt for turn in turns] == ["Before.", "After."]


async def test_audio_at_ten_times_real_time(exchange: Exchange) -> None:
    async with bystander(exchange), exchange.line() as line:
        await line.start()
        with contextlib.suppress(Exception):
            for _ in range(50):
                await line.socket.send(bytes(32_000))
        assert await line.closed() == 4429
        assert line.seen[-2]["code"] == "rate_limited"
        assert line.seen[-1] == {"type": "session.ended", "reason": "rate_limited"}


async def test_a_client_that_never_reads(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice_server.call.SEND_TIMEOUT_S", 0.2)
    exchange.runtime.deltas = ("word " * 300_000, "word " * 300_000)
    async with bystander_of_a_flood(exchange), exchange.line() as line:
        ready = await line.start(**TEXT_ONLY)
        line.socket.transport.pause_reading()
        for _ in range(8):
            await line.send("input.text", text="Say it all.")
        await exchange.listed(conversation_id=ready["sessionId"], attached=False)
        line.socket.transport.abort()


@asynccontextmanager
async def bystander_of_a_flood(exchange: Exchange) -> AsyncIterator[None]:
    async with exchange.line(max_size=2**24) as line:
        await line.start(**TEXT_ONLY)
        yield
        await line.send("ping", t=1)
        await line.until("pong")


async def test_a_revoked_key(exchange: Exchange) -> None:
    record, key = exchange.key()
    async with bystander(exchange), exchange.line(key) as line:
        await line.start(**TEXT_ONLY)
        exchange.services.access.revoke("ada", "a1", record.key_id)
        assert await line.closed() == 4401
        error = line.seen[-2]
        assert (error["code"], error["fatal"]) == ("not_authenticated", True)


async def test_a_stolen_ticket_is_good_for_nobody_else(exchange: Exchange) -> None:
    ticket, _ = exchange.services.access.ticket("ada", "a1", origin=SHOP)
    async with bystander(exchange):
        for origin, status in ((Origin("https://thief.example"), 403), (None, 403)):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{exchange.url()}?ticket={ticket}", origin=origin)
            assert refused.value.response.status_code == status
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{exchange.url('a2')}?ticket={ticket}", origin=SHOP)
        assert refused.value.response.status_code == 404
        async with connect(f"{exchange.url()}?ticket={ticket}", origin=SHOP) as socket:
            await socket.send('{"type":"session.start"}')
            assert json.loads(await socket.recv())["type"] == "session.ready"
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{exchange.url()}?ticket={ticket}", origin=SHOP)
            assert refused.value.response.status_code == 401


async def test_an_agent_that_fails_in_the_middle_of_an_answer(exchange: Exchange) -> None:
    async with bystander(exchange), exchange.line() as line:
        ready = await line.start(**TEXT_ONLY)
        exchange.runtime.failure_after_delta = AgentFailed("the agent failed")
        await line.send("input.text", text="Why?")
        assert (await line.until("response.done"))["status"] == "failed"
        error = next(message for message in line.seen if message["type"] == "error")
        assert (error["code"], error["fatal"]) == ("agent_failed", False)
        exchange.runtime.failure_after_delta = None
        await line.send("session.end")
        assert await line.closed() == 1000
    await exchange.settled(ready["sessionId"])
    _, turns = exchange.services.conversations.get("ada", ready["sessionId"])
    assert [(turn.prompt, turn.failed, turn.interrupted) for turn in turns] == [("Why?", True, False)]
    assert "Hold the" in turns[0].result.answer


async def test_a_speech_model_that_dies(exchange: Exchange, speech: PlayedSpeech) -> None:
    async with bystander(exchange), exchange.line() as line:
        await line.start()
        (await speech.opened()).die()
        await line.until("model.restored")
        speech.sessions[1].die()
        assert await line.closed() == 4500
        assert line.seen[-2]["code"] == "model_lost"


async def test_ten_thousand_malformed_frames(exchange: Exchange) -> None:
    exchange.allow_everything()
    frames: list[str | bytes] = [
        "{}", "[]", "null", "\x00", '{"type":1}', '{"type":"input.text","text":[]}', '{"type":"playback"}',
        '{"type":"input.dtmf","digits":"x"}', "[" * 1_000, '{"type":"session.start"}', '"' * 99, "{" * 5,
    ]  # fmt: skip
    async with bystander(exchange):
        _, key = exchange.key()
        for number in range(200):
            async with exchange.line(key) as line:
                await line.start(**TEXT_ONLY)
                with contextlib.suppress(Exception):
                    for extra in range(50):
                        await line.socket.send(frames[(number + extra) % len(frames)])
                assert await line.closed() == 4400


async def test_half_open_handshakes_are_counted_and_end(tmp_path: Path, speech: PlayedSpeech) -> None:
    exchange = Exchange(tmp_path, free_port(), speech, voice_max_calls=1)
    limit = 2 * 1 + 256
    async with exchange.app.serving("127.0.0.1", exchange.port):
        half_open = []
        for _ in range(limit):
            half_open.append(await asyncio.open_connection("127.0.0.1", exchange.port))
            half_open[-1][1].write(b"GET /v1/agents/a1/voice HTTP/1.1\r\n")
        reader, _writer = await asyncio.open_connection("127.0.0.1", exchange.port)
        assert await reader.read() == b""
        # Those that never finish are let go after the time for a handshake, and then there is room again.
        async with asyncio.timeout(20):
            for half, _ in half_open:
                await half.read()
        async with exchange.line() as line:
            await line.start(**TEXT_ONLY)
        await exchange.app.switchboard.drain(0, asyncio.Event())
        for _, writer in half_open:
            writer.close()


async def test_draining_ends_twenty_calls_politely_and_keeps_each(tmp_path: Path, speech: PlayedSpeech) -> None:
    exchange = Exchange(tmp_path, free_port(), speech)
    exchange.allow_everything()
    async with exchange.app.serving("127.0.0.1", exchange.port), AsyncExitStack() as stack:
        _, key = exchange.key()
        calls = []
        for number in range(20):
            line = await stack.enter_async_context(exchange.line(key))
            ready = await line.start(**({} if number % 2 else TEXT_ONLY))
            await line.send("input.text", text=f"Question {number}.")
            await line.until("transcript.done")
            calls.append((line, ready["sessionId"]))
        exchange.runtime.hold = asyncio.Event()
        calls[0][0].socket.transport.abort()
        drained = asyncio.create_task(exchange.app.switchboard.drain(0.5, asyncio.Event()))
        await asyncio.sleep(0)
        with pytest.raises(InvalidStatus) as refused:
            await connect(exchange.url(), additional_headers={"X-API-Key": key})
        assert refused.value.response.status_code == 503
        for line, _ in calls[1:]:
            assert await line.closed() == 1001
            assert line.seen[-1] == {"type": "session.ended", "reason": "draining"}
        await drained
        assert len(exchange.app.switchboard) == 0
    for number, (_, conversation_id) in enumerate(calls):
        conversation, turns = exchange.services.conversations.get("ada", conversation_id)
        assert conversation.outcome == "ended"
        assert [turn.prompt for turn in turns] == [f"Question {number}."]
    assert exchange.platform.live_calls.of_user("ada") == []
