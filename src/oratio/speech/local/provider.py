"""Speech in worker processes: one that hears for all calls, one or more that speak."""

import asyncio
import itertools
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable

from oratio.errors import Unavailable
from oratio.ports.speech import (
    CallerSpeechStarted,
    CallerSpeechStopped,
    Heard,
    Hypothesis,
    Speech,
    SpeechEvent,
    SpeechQuality,
    SpeechSession,
    Spoken,
)
from oratio.speech.local import flite, weights, worker_protocol
from oratio.speech.local.worker_protocol import Frame, FrameKind

logger = logging.getLogger(__name__)

_LOAD_S = 90.0
_STOP_S = 3.0


class WorkerProcess:
    """A worker process that is started when first wanted and serves many calls.

    Args:
        arguments: Module and arguments of the worker.
    """

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._calls: dict[int, LocalSession] = {}

    @property
    def load(self) -> int:
        """How many calls it serves."""
        return len(self._calls)

    async def start(self) -> None:
        """Return when the worker's models are loaded.

        Raises:
            Unavailable: It cannot load them.
        """
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._reading = asyncio.create_task(self._serve(self._ready), name=f"speech {self._arguments[0]}")
        try:
            async with asyncio.timeout(_LOAD_S):
                await asyncio.shield(self._ready)
        except TimeoutError:
            raise Unavailable("the speech models take too long to load", hint="the machine may be too busy") from None

    async def _serve(self, ready: asyncio.Future[None]) -> None:
        """The life of one process: from its start to its end, however it ends."""
        reason = "the speech worker ended"
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            assert process.stdout is not None
            while (frame := await worker_protocol.receive(process.stdout)) is not None:
                if frame.kind is FrameKind.READY and not ready.done():
                    logger.info("pid=<%d> | speech worker ready", process.pid)
                    ready.set_result(None)
                elif frame.kind is FrameKind.FAILED:
                    reason = frame.payload.decode()
                elif frame.call in self._calls:
                    self._calls[frame.call].take(frame)
        finally:
            self._ready = None
            calls, self._calls = self._calls, {}
            for session in calls.values():
                session.lose(reason)
            if not ready.done():
                ready.set_exception(Unavailable(reason))
                ready.exception()
            await self._reap()

    async def _reap(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def add(self, session: "LocalSession") -> None:
        self._calls[session.number] = session

    def remove(self, session: "LocalSession") -> None:
        if self._calls.pop(session.number, None) is not None:
            self.send(Frame(session.number, FrameKind.CLOSE))

    def send(self, frame: Frame) -> None:
        """To the worker, if there still is one; what it loses is reported by `lose`."""
        pipe = self._process.stdin if self._process is not None else None
        if pipe is not None and not pipe.is_closing():
            pipe.write(worker_protocol.encode(frame))

    async def stop(self) -> None:
        """End the process; what it still served is lost."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=_STOP_S * 2)
            self._reading.cancel()


class LocalSession(SpeechSession):
    """One call at its workers."""

    def __init__(self, number: int, ears: WorkerProcess, voice: WorkerProcess, closed: Callable[[], None]) -> None:
        self.number = number
        self._ears = ears
        self._voice = voice
        self._closed: Callable[[], None] | None = closed
        self._events: asyncio.Queue[SpeechEvent | None] = asyncio.Queue()
        self._lost = ""
        # Utterances below this number were hushed.
        self._hushed = 0
        self._newest = 0

    def open(self, silence_ms: int) -> None:
        for worker in (self._ears, self._voice):
            worker.add(self)
            worker.send(Frame(self.number, FrameKind.OPEN, str(silence_ms).encode()))

    def hear(self, pcm: bytes) -> None:
        self._ears.send(Frame(self.number, FrameKind.AUDIO, pcm))

    def say(self, utterance: int, text: str) -> None:
        self._newest = max(self._newest, utterance)
        self._hushed = min(self._hushed, utterance)
        self._voice.send(Frame(self.number, FrameKind.SAY, worker_protocol.pack_utterance(utterance, text.encode())))

    def hush(self) -> None:
        self._hushed = self._newest + 1
        self._voice.send(Frame(self.number, FrameKind.HUSH))

    def take(self, frame: Frame) -> None:
        """What a worker says of this call."""
        event = event_of(frame)
        if event is None or (isinstance(event, Spoken) and event.utterance < self._hushed):
            return
        self._events.put_nowait(event)

    def lose(self, reason: str) -> None:
        self._lost = self._lost or reason
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[SpeechEvent]:
        while (event := await self._events.get()) is not None:
            yield event
        if self._lost:
            raise Unavailable(self._lost)

    async def close(self) -> None:
        self._ears.remove(self)
        self._voice.remove(self)
        self._events.put_nowait(None)
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()


def event_of(frame: Frame) -> SpeechEvent | None:
    """What a worker says of a call, None for what concerns no call."""
    match frame.kind:
        case FrameKind.STARTED:
            return CallerSpeechStarted(worker_protocol.unpack_position(frame.payload)[0])
        case FrameKind.STOPPED:
            return CallerSpeechStopped(worker_protocol.unpack_position(frame.payload)[0])
        case FrameKind.HYPOTHESIS:
            return Hypothesis(frame.payload.decode())
        case FrameKind.HEARD:
            at_ms, text = worker_protocol.unpack_position(frame.payload)
            return Heard(text, at_ms)
        case FrameKind.SPOKEN:
            return Spoken(*worker_protocol.unpack_utterance(frame.payload))
        case _:
            return None


class LocalSpeech(Speech):
    """Silero VAD, Moonshine and Kokoro on this machine's cores.

    Args:
        voice: One of `weights.VOICES` (natural) or `flite.VOICES` (fast).
        silence_ms: Silence that ends a turn.
        idle_s: Without a call for so long, the workers are let go.
        voices: How many processes speak; by default one for two cores.
    """

    def __init__(self, *, voice: str, silence_ms: int, idle_s: float, voices: int | None = None) -> None:
        cores = os.cpu_count() or 1
        module = "oratio.speech.local"
        self._ears = WorkerProcess(f"{module}.stt_worker")
        arguments = (f"{module}.tts_worker", voice, str(min(2, cores)))
        self._voices = [WorkerProcess(*arguments) for _ in range(voices or max(1, cores // 2))]
        self._voice = voice
        self._silence_ms = silence_ms
        self._idle_s = idle_s
        self._numbers = itertools.count(1)
        self._open = 0
        self._resting: asyncio.TimerHandle | None = None
        self._stops: set[asyncio.Task[None]] = set()

    def quality(self) -> SpeechQuality:
        return SpeechQuality(f"Moonshine tiny-en, {'Flite' if self._voice in flite.VOICES else 'Kokoro-82M'}", "en")

    async def open(self) -> SpeechSession:
        if missing := weights.missing_packages():
            raise Unavailable(f"speech packages are missing: {', '.join(missing)}", hint="install Oratio again")
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        self._open += 1
        voice = min(self._voices, key=lambda worker: worker.load)
        try:
            await asyncio.gather(self._ears.start(), voice.start())
        except BaseException:
            self._session_closed()
            raise
        session = LocalSession(next(self._numbers), self._ears, voice, self._session_closed)
        session.open(self._silence_ms)
        return session

    def _session_closed(self) -> None:
        self._open -= 1
        if self._open == 0:
            self._resting = asyncio.get_running_loop().call_later(self._idle_s, self._rest)

    def _rest(self) -> None:
        self._resting = None
        if self._open == 0:
            task = asyncio.create_task(self._stop(), name="speech rest")
            self._stops.add(task)
            task.add_done_callback(self._stops.discard)

    async def _stop(self) -> None:
        await asyncio.gather(self._ears.stop(), *(worker.stop() for worker in self._voices))

    async def close(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
        await self._stop()
