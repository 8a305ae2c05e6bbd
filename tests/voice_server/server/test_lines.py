"""Callers' lines that go bad without a word: half open, never read."""

import asyncio

import pytest

from oratio.ports.speech import Heard
from tests.voice_server.fakes import Exchange, PlayedSpeech
from voice_server.server.connection import Connection
from voice_server.session import runner

TEXT_ONLY = {"input": None, "output": None}


async def test_a_peer_that_answers_no_ping_is_cut_off_and_may_come_back(
    exchange: Exchange, speech: PlayedSpeech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "ping_s", 0.1)
    monkeypatch.setattr(Connection, "pong_s", 0.2)
    async with exchange.line() as line:
        ready = await line.start()
        (await speech.opened()).put(Heard("My phone is off.", 0))
        await line.until("response.start")
        line.socket.transport.pause_reading()
        await exchange.listed(attached=False)
        async with exchange.line() as again:
            resume = {"sessionId": ready["sessionId"], "token": ready["resumeToken"]}
            assert (await again.start(resume=resume))["resumed"]
            assert (await again.until("response.done"))["spokenText"] == "Hold the power button."
        line.socket.transport.abort()


async def test_a_peer_that_answers_pings_and_says_nothing_stays(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "ping_s", 0.05)
    monkeypatch.setattr(Connection, "pong_s", 0.1)
    async with exchange.line() as line:
        await line.start(audio=TEXT_ONLY)
        reading = asyncio.create_task(line.until("pong"))
        await asyncio.sleep(0.6)
        await line.send("ping", t=1)
        assert (await reading)["t"] == 1


async def test_a_caller_who_never_reads_is_cut_off_and_others_do_not_notice(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SEND_TIMEOUT_S", 0.3)
    exchange.runtime.deltas = ("word " * 20_000, "word " * 20_000)
    key, calls = exchange.key()[1], exchange.platform.live_calls
    async with exchange.line(key) as deaf, exchange.line(key, max_size=None) as other:
        await other.start(audio=TEXT_ONLY)
        ready = await deaf.start(audio=TEXT_ONLY)
        await exchange.listed(conversation_id=ready["sessionId"], attached=True)
        deaf.socket.transport.pause_reading()
        for _ in range(60):
            await deaf.send("input.text", text="Go on.")
            await asyncio.sleep(0.02)
            if not next(row for row in calls.of_user("ada") if row.conversation_id == ready["sessionId"]).attached:
                break
        await exchange.listed(conversation_id=ready["sessionId"], attached=False)
        await other.send("input.text", text="Hello?")
        await other.until("response.done")
        deaf.socket.transport.abort()
