"""The operators' sockets of one call: what they send goes to the session's desk, what they see and hear comes here.

A line has its own writer and its own mix, so that an operator who reads slowly, or not at all, costs the caller
nothing.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from websockets.exceptions import ConnectionClosed

from oratio.ports.speech import INPUT_RATE, OUTPUT_RATE, Speech
from oratio.protocol import operator as protocol
from oratio.protocol.operator import OperatorServerMessage, OperatorStart
from oratio.protocol.voice import BadMessage, CloseCode, dumps
from oratio.protocol.voice_events import Interrupt, error
from voice_server.audio.codec import ClientDecoder, ClientEncoder
from voice_server.audio.mixer import TICK_MS, Mixer
from voice_server.operators.transcriber import OperatorTranscriber
from voice_server.server.sockets import SEND_TIMEOUT_S, Socket, closed
from voice_server.session import effects as do
from voice_server.session.session import Session

logger = logging.getLogger(__name__)

_START_S = 10.0
_MOST_UNSENT = 2_000
UNWRITTEN = "(Spoken by the operator; no recogniser of this server wrote it down.)"


class ReadableSocket(Socket, Protocol):
    async def recv(self) -> str | bytes: ...


class _Line:
    """One operator's socket."""

    def __init__(self, socket: Socket, start: OperatorStart, now_ms: Callable[[], float]) -> None:
        self._socket = socket
        self._now = now_ms
        self._unsent: deque[OperatorServerMessage] = deque()
        self._wake = asyncio.Event()
        self._end: tuple[int, str] | None = None
        given, wanted = start.input, start.output
        self.mixer = Mixer() if wanted else None
        self._to_client = ClientEncoder(OUTPUT_RATE, wanted) if wanted else None
        self.to_caller = ClientDecoder(given, OUTPUT_RATE) if given else None
        self.to_ears = ClientDecoder(given, INPUT_RATE) if given else None
        self.writing = asyncio.create_task(self._write(), name="operator")

    def tell(self, message: OperatorServerMessage) -> None:
        if len(self._unsent) >= _MOST_UNSENT:
            self._socket.abort()
            return
        self._unsent.append(message)
        self._wake.set()

    def hang_up(self, code: int, reason: str) -> None:
        self._end = self._end or (code, reason)
        self._wake.set()

    async def _write(self) -> None:
        """Yield the first messages, then the audio of the time that has passed; the end when both are out."""
        try:
            while True:
                self._wake.clear()
                while self._unsent:
                    await self._send(dumps(self._unsent.popleft()))
                if self._end is not None:
                    await closed(self._socket, *self._end)
                    return
                if self.mixer is not None and self._to_client is not None:
                    if pcm := self.mixer.take(self._now()):
                        await self._send(self._to_client.feed(pcm))
                    await self._rest(TICK_MS / 1000)
                else:
                    await self._rest(None)
        except (TimeoutError, ConnectionClosed):
            self._socket.abort()

    async def _send(self, frame: str | bytes) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._socket.send(frame)

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass


class OperatorSockets:
    """All lines of one call.

    Args:
        act: Carries out what the session wants done.
        play: Takes 24 kHz PCM to the caller.
        speech: Writes down what operators say; None when nothing here can.
    """

    def __init__(
        self,
        *,
        session: Session,
        act: Callable[[], None],
        play: Callable[[bytes], None],
        now_ms: Callable[[], float],
        speech: Speech | None,
    ) -> None:
        self._session = session
        self._act = act
        self._play = play
        self._now = now_ms
        self._lines: dict[int, _Line] = {}
        self._numbers = itertools.count(1)
        self._speech = speech
        # Made when an operator first speaks.
        self._ears: OperatorTranscriber | None = None

    async def serve(self, socket: ReadableSocket, operator: str) -> None:
        """Read an operator's socket to its end."""
        number = next(self._numbers)
        try:
            start = await self._started(socket)
            if start is None:
                return
            line = self._lines[number] = _Line(socket, start, self._now)
            self._session.join(number, operator, start, self._now())
            self._act()
            try:
                while True:
                    self._session.desk.receive(number, await socket.recv(), self._now())
                    self._act()
            finally:
                self._session.desk.leave(number, self._now())
                self._act()
                line.hang_up(CloseCode.ENDED, "")
                await asyncio.wait([line.writing], timeout=SEND_TIMEOUT_S * 2)
                del self._lines[number]
        except ConnectionClosed:
            pass

    async def _started(self, socket: ReadableSocket) -> OperatorStart | None:
        code, name, what = CloseCode.BAD_MESSAGE, "bad_message", "the first message must be operator.start"
        try:
            async with asyncio.timeout(_START_S):
                frame = await socket.recv()
            message = protocol.parse(frame) if isinstance(frame, str) else None
            if isinstance(message, OperatorStart):
                _ = message.input, message.output  # an unsupported format is refused now
                return message
        except TimeoutError:
            code, name, what = CloseCode.IDLE, "no_start", "no operator.start came within 10 s"
        except BadMessage as bad:
            what = str(bad)
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await socket.send(dumps(error(name, what, fatal=True)))
        await closed(socket, code, name)
        return None

    # --- what the session wants

    def tell(self, effect: do.NotifyOperators) -> None:
        for line in self._named(effect.line):
            line.tell(effect.message)
        if isinstance(effect.message, Interrupt):
            for line in self._lines.values():
                if line.mixer is not None:
                    line.mixer.interrupted(self._now())

    def hang_up(self, effect: do.HangUp) -> None:
        for line in self._named(effect.line):
            line.hang_up(effect.code, effect.reason)

    def _named(self, number: int | None) -> list[_Line]:
        if number is None:
            return list(self._lines.values())
        return [self._lines[number]] if number in self._lines else []

    def speak(self, effect: do.OperatorAudio) -> None:
        """The operator's voice: to the caller, to the other operators, and into writing."""
        line = self._lines.get(effect.line)
        if line is None or line.to_caller is None or line.to_ears is None:
            return
        if effect.audible:
            pcm = line.to_caller.feed(effect.audio)
            self._play(pcm)
            for other in self._lines.values():
                if other is not line and other.mixer is not None:
                    other.mixer.agent(pcm, self._now())
        if self._speech is not None:
            self._ears = self._ears or OperatorTranscriber(self._speech, self._transcribed)
            self._ears.hear(line.to_ears.feed(effect.audio))

    def still(self, *, spoken: bool) -> None:
        """The operator is silent; `spoken`: after words that the caller heard."""
        if self._ears is not None:
            self._ears.silence()
        elif self._speech is None and spoken:
            self._transcribed(UNWRITTEN)

    # --- what the call hears

    def caller(self, pcm: bytes, now_ms: float) -> None:
        """Caller audio, 16 kHz."""
        for line in self._lines.values():
            if line.mixer is not None:
                line.mixer.caller(pcm, now_ms)

    def agent(self, pcm: bytes, now_ms: float) -> None:
        """Agent audio, 24 kHz, that is sent now."""
        for line in self._lines.values():
            if line.mixer is not None:
                line.mixer.agent(pcm, now_ms)

    def _transcribed(self, text: str) -> None:
        self._session.desk.transcribed(text)
        self._act()

    async def close(self) -> None:
        """After the session has ended: the lines get their last messages, then their end."""
        if self._ears is not None:
            await self._ears.close()
        writers = [line.writing for line in self._lines.values()]
        if writers:
            await asyncio.wait(writers, timeout=SEND_TIMEOUT_S * 2)
