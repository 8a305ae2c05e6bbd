"""The bridge to a phone that the console offers, run as it is copied between a caller like Twilio's and a call here."""

import asyncio
import base64
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from console import samples
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, PlayedSpeech


async def test_phone_sample_carries_sound_both_ways(
    exchange: Exchange, speech: PlayedSpeech, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = exchange.key()
    monkeypatch.setenv("ORATIO_KEY", key)
    bridge: dict[str, Any] = {"__name__": "bridge"}
    exec(compile(samples.phone(exchange.url()), "bridge.py", "exec"), bridge)
    port = free_port()
    async with (
        serve(bridge["call"], "127.0.0.1", port),
        connect(f"ws://127.0.0.1:{port}") as twilio,
        asyncio.timeout(60),
    ):
        await twilio.send(json.dumps({"event": "connected"}))
        await twilio.send(json.dumps({"event": "start", "streamSid": "MZ1"}))
        session = await speech.opened()
        silence = base64.b64encode(b"\xff" * 160).decode()
        await twilio.send(json.dumps({"event": "media", "media": {"payload": silence}}))
        session.put(CallerSpeechStarted(0), CallerSpeechStopped(10), Heard("My phone is off.", 10))
        told = [json.loads(await twilio.recv())]
        while told[-1]["event"] != "media":
            told.append(json.loads(await twilio.recv()))
        assert told[-1]["streamSid"] == "MZ1"
        assert base64.b64decode(told[-1]["media"]["payload"])
        assert session.heard
        await twilio.send(json.dumps({"event": "stop"}))
        async for _ in twilio:
            pass
