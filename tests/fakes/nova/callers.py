"""Callers of the fake: audio it takes for speech, and the settings that lead to it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from oratio import settings
from oratio.bootstrap import build_speech
from oratio.ports.dialogue import Dialogues
from tests.fakes.nova.server import NovaFake

FRAME_MS = 20
LOUD, STILL = b"\xe8\x13" * 320, bytes(640)
"""20 ms at 16 kHz."""


def nova_dialogues(fake: NovaFake, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Dialogues:
    """Oratio's own Nova Sonic, as its settings make it, led to the fake by AWS's own variables."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", fake.url)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(fake.authority))
    speech = build_speech(settings.load(speech="nova-sonic", **changes))
    assert isinstance(speech, Dialogues)
    return speech


class Mouth:
    """A caller's microphone in real time: silence, until it is told to speak."""

    def __init__(self, send: Callable[[bytes], Any]) -> None:
        self._send = send
        self._loud = 0
        self._spoken = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="mouth")
        self.frames = 0

    async def speak(self, ms: int = 400) -> None:
        """Return when so much has been said."""
        self._loud = ms // FRAME_MS
        self._spoken.clear()
        await self._spoken.wait()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            sent = self._send(LOUD if self._loud else STILL)
            if asyncio.iscoroutine(sent):
                await sent
            self.frames += 1
            if self._loud:
                self._loud -= 1
                if not self._loud:
                    self._spoken.set()
            await asyncio.sleep(max(0.0, begun + self.frames * FRAME_MS / 1000 - loop.time()))

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
