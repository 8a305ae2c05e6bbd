"""Servers to measure from outside: a bare `websockets` echo, or the voice server with a voice that never ends."""

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from oratio.ports.speech import SpeechSession, Spoken
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, PlayedSession, PlayedSpeech
from voice_server.limits import KeyedBuckets

# As long as the longest measurement; each call holds a copy.
_SPEECH = bytes(48 * 15_000)


class EndlessSession(PlayedSession):
    """Answers with 15 s of audio, so that a call has frames both ways all the time."""

    def say(self, utterance: int, text: str) -> None:
        self.put(Spoken(utterance, _SPEECH, last=True))


class EndlessSpeech(PlayedSpeech):
    async def open(self) -> SpeechSession:
        return EndlessSession()


async def _echo(socket: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for frame in socket:
            await socket.send(frame)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _bare() -> None:
    async with serve(_echo, "127.0.0.1", 0, compression=None) as server:
        _tell(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ -")
        await asyncio.to_thread(sys.stdin.read)


async def _oratio() -> None:
    with tempfile.TemporaryDirectory() as folder:
        exchange = Exchange(
            Path(folder),
            free_port(),
            EndlessSpeech(),
            voice_max_calls=1_000,
            voice_calls_per_key=1_000,
            voice_record=False,
        )
        exchange.app.server._handshakes = KeyedBuckets(1e6, 1e6)
        async with exchange.app.server.listening("127.0.0.1", exchange.port, max_calls=1_000):
            _tell(f"{exchange.url()} {exchange.key()[1]}")
            await asyncio.to_thread(sys.stdin.read)
            await exchange.app.switchboard.drain(0, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(_bare() if sys.argv[1] == "bare" else _oratio())
