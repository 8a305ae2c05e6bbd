"""One connection to a speech-to-speech model: opened, read, written to, and hung up without leaving anything behind."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from strands.bidi.models.model import AudioCapable, BidiModel, ConnectionTimeoutError
from strands.bidi.types.content import BidiMessage
from strands.bidi.types.media import AudioDelta
from strands.types.content import Messages, TextBlock
from strands.types.tools import ToolSpec

from oratio.audio import Resampler, to_pcm
from oratio.errors import Unavailable
from oratio.ports.dialogue import Tool
from oratio.ports.speech import INPUT_RATE, OUTPUT_RATE
from oratio.speech.realtime.translation import Translation

logger = logging.getLogger(__name__)

OPEN_S = 15.0
SEND_S = 5.0
_FIRST_S = 2.0
_HANG_UP_S = 3.0
_LAST_S = 1.0


@runtime_checkable
class TwoStep(Protocol):
    """A model that can be connected long before the history it goes on from is known."""

    # Loop time after which the connection's credentials have expired; None: they do not expire.
    good_until_s: float | None

    async def connect(self, system_prompt: str, tools: list[ToolSpec]) -> None: ...

    async def prime(self, messages: Messages) -> None: ...


class RealtimeConnection:
    """One connection.

    Args:
        reply: How many replies the call has had.
        take: Gets every event of the model.
        lost: Called once, with a reason, when the connection ends and no one hung up.
    """

    def __init__(
        self,
        model: BidiModel,
        *,
        reply: int,
        take: Callable[["RealtimeConnection", Mapping[str, Any]], None],
        lost: Callable[["RealtimeConnection", str], None],
    ) -> None:
        self._model = model
        self._take = take
        self._lost = lost
        given, wanted = INPUT_RATE, OUTPUT_RATE
        if isinstance(model, AudioCapable):
            formats = model.get_audio_config()
            given, wanted = formats["input"]["sample_rate"], formats["output"]["sample_rate"]
        self.translation = Translation(wanted, reply=reply)
        self._resampler = Resampler(INPUT_RATE, given) if given != INPUT_RATE else None
        self._start: tuple[str, list[ToolSpec]] = ("", [])
        self._step: asyncio.Future[Any] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()
        self._hung_up = False
        self.opened_s = asyncio.get_running_loop().time()
        self.failure = ""
        # Whether it has carried a whole reply.
        self.proved = False

    @property
    def good_until_s(self) -> float | None:
        return self._model.good_until_s if isinstance(self._model, TwoStep) else None

    async def connect(self, instructions: str, tools: Sequence[Tool]) -> None:
        """As far as it goes without the history.

        Raises:
            Unavailable: The model cannot be reached, or refuses.
        """
        specs: list[ToolSpec] = [
            {"name": tool.name, "description": tool.description, "inputSchema": {"json": dict(tool.schema)}}
            for tool in tools
        ]
        self._start = (instructions, specs)
        if isinstance(self._model, TwoStep):
            await self._opening(self._model.connect(instructions, specs))
            await self._listen()

    async def begin(self, history: Messages) -> None:
        """Go on from this history.

        Raises:
            Unavailable: As `connect`.
        """
        if isinstance(self._model, TwoStep):
            await self._opening(self._model.prime(history))
        else:
            instructions, tools = self._start
            await self._opening(self._model.start(instructions, tools, history))
            await self._listen()

    async def _opening(self, step: Any) -> None:
        # Never cancelled on its way: a connection that is being made when no one waits any more would stay open.
        task = self._step = asyncio.ensure_future(step)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            async with asyncio.timeout(OPEN_S):
                await asyncio.shield(task)
        except Unavailable:
            raise
        except TimeoutError:
            raise Unavailable("the speech model does not answer", hint="check its endpoint and the network") from None
        except Exception as error:
            raise Unavailable(f"the speech model cannot be reached ({_named(error)})", hint=_hint(error)) from error

    async def _listen(self) -> None:
        """Start to read, and wait a little for an early refusal; a slow start is none."""
        self._reading = asyncio.create_task(self._read(), name="dialogue reader")
        answered = asyncio.create_task(self._answered.wait())
        try:
            await asyncio.wait([self._reading, answered], timeout=_FIRST_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answered.cancel()
        if self.failure:
            raise Unavailable(f"the speech model refuses ({self.failure})", hint=_mend(self.failure))

    async def _read(self) -> None:
        try:
            async for event in self._model.receive():
                self._answered.set()
                self._take(self, event)
            reason = "the connection was closed"
        except ConnectionTimeoutError:
            reason = "the connection timed out"
        except Exception as error:
            reason = _named(error)
        if not self._hung_up:
            self.failure = reason
            self._lost(self, reason)

    async def hear(self, pcm: bytes) -> None:
        if self._resampler is not None:
            pcm = to_pcm(self._resampler.feed(np.frombuffer(pcm, "<i2").astype(np.float32)))
        await self.send(AudioDelta(format="pcm", source={"bytes": pcm}))

    async def tell(self, text: str) -> None:
        await self.send(BidiMessage(content=[TextBlock(text)]))

    async def send(self, content: BidiMessage | AudioDelta) -> None:
        """Raises `Unavailable` when the model does not take it."""
        try:
            async with asyncio.timeout(SEND_S):
                await self._model.send(content)
        except Exception as error:
            raise Unavailable(f"the speech model takes nothing more ({_named(error)})", hint="call again") from error

    def hang_up(self) -> None:
        """From here on nothing of it matters; `close` does the work."""
        self._hung_up = True

    async def close(self) -> None:
        """Hang up. The reader is left to end by itself: cancelled while it waits, it would poison the stream."""
        self._hung_up = True
        if self._step is not None and not self._step.done():
            await asyncio.wait([self._step], timeout=_HANG_UP_S)
            self._step.cancel()
        try:
            async with asyncio.timeout(_HANG_UP_S):
                await self._model.stop()
        except (Exception, asyncio.CancelledError) as error:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            logger.debug("error=<%s> | speech model hung up roughly", type(error).__name__)
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=_LAST_S)
            self._reading.cancel()
            await asyncio.wait([self._reading], timeout=_LAST_S)


_UNMODELED = re.compile(r" id: [\w.]+#(\w+)$")


def _named(error: BaseException) -> str:
    """An error's name, never its words: those may hold what was said. One the SDK does not know is named in them."""
    found = _UNMODELED.search(str(getattr(error, "message", "")))
    return found[1] if found else type(error).__name__


_MENDS = (
    ("expired", "renew the AWS credentials"),
    ("unrecognizedclient", "check the AWS credentials"),
    ("accessdenied", "allow bedrock:InvokeModelWithBidirectionalStream on the model"),
    ("throttling", "ask for a higher quota of concurrent connections"),
    ("quota", "ask for a higher quota of concurrent connections"),
    ("resourcenotfound", "check ORATIO_SPEECH_MODEL and ORATIO_SPEECH_REGION"),
    ("validation", "check ORATIO_SPEECH_MODEL and ORATIO_SPEECH_REGION"),
)


def _mend(name: str) -> str:
    return next((hint for part, hint in _MENDS if part in name.lower()), "check the model, its region and the network")


def _hint(error: BaseException) -> str:
    return _mend(_named(error))
