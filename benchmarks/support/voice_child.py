"""Servers to measure from outside: a bare `websockets` echo, or the voice server with a model that echoes callers."""

import asyncio
import contextlib
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.support.calls import SPEECH_ENDS, SPEECH_STARTS
from oratio.ports.speech import CallerSpeechStarted, Heard, SpeechEvent, SpeechSession, Spoken
from oratio.token_bucket import KeyedBuckets
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, PlayedSpeech
from voice_server.server.app import keep_startup

# 20 ms at the model's output rate; the caller's frame stands at its beginning.
_FRAME = 960


class EchoSession(SpeechSession):
    """From the first thing it is to say on, it says every frame it hears; two marks stand for what a model notices."""

    def __init__(self) -> None:
        self._utterance: int | None = None
        self._began_s = 0.0
        self._spoken: list[SpeechEvent] = []
        self._came: asyncio.Future[None] | None = None

    def hear(self, pcm: bytes) -> None:
        if pcm.startswith(SPEECH_STARTS):
            self._began_s = time.perf_counter()
            self._put(CallerSpeechStarted(0))
        elif pcm.startswith(SPEECH_ENDS):
            self._put(Heard(f"I began to speak at {self._began_s}", 0))
        elif self._utterance is not None:
            self._put(Spoken(self._utterance, pcm.ljust(_FRAME, b"\0"), last=False))

    def _put(self, event: SpeechEvent) -> None:
        self._spoken.append(event)
        if self._came is not None and not self._came.done():
            self._came.set_result(None)

    def say(self, utterance: int, text: str) -> None:
        self._utterance = self._utterance or utterance

    def hush(self) -> None:
        self._utterance = None

    async def events(self) -> AsyncIterator[SpeechEvent]:
        while True:
            if not self._spoken:
                self._came = asyncio.get_running_loop().create_future()
                await self._came
            spoken, self._spoken = self._spoken, []
            for event in spoken:
                yield event

    async def close(self) -> None:
        """There is nothing to free."""


class EchoSpeech(PlayedSpeech):
    async def open(self) -> SpeechSession:
        return EchoSession()


async def _echo(socket: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for frame in socket:
            await socket.send(frame)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _until_told(forget: Callable[[], None] = lambda: None) -> None:
    """A line asks for a collection of garbage, so that memory is what is held; the end of input ends the server."""
    while await asyncio.to_thread(sys.stdin.readline):
        forget()
        gc.collect()
        _tell("collected")


async def _bare() -> None:
    async with serve(_echo, "127.0.0.1", 0, compression=None) as server:
        _tell(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ -")
        await _until_told()


async def _oratio() -> None:
    with tempfile.TemporaryDirectory() as folder:
        exchange = Exchange(
            Path(folder),
            free_port(),
            EchoSpeech(),
            voice_max_calls=1_000,
            voice_calls_per_key=1_000,
            voice_record=False,
        )
        exchange.app.server._handshakes = KeyedBuckets(1e6, 1e6)
        async with exchange.app.server.listening("127.0.0.1", exchange.port, max_calls=1_000):
            _tell(f"{exchange.url()} {exchange.key()[1]}")
            keep_startup()
            # The scripted agent, which is not measured, remembers what it was asked.
            await _until_told(exchange.runtime.calls.clear)
            await exchange.app.switchboard.drain(0, asyncio.Event())


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        asyncio.run(_bare())
    else:
        asyncio.run(_oratio(), loop_factory=uvloop.new_event_loop)
