"""Writes down what an operator says, with a speech model of its own that only listens."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from oratio.errors import OratioError
from oratio.ports.speech import INPUT_RATE, Heard, Speech

logger = logging.getLogger(__name__)

# What comes while the models load.
_MOST_WAITING = 1_500
_SILENCE = bytes(INPUT_RATE // 1000 * 1_500 * 2)


class OperatorTranscriber:
    """Opened by the first audio; where there is no model, what is said aloud stays unwritten.

    Args:
        heard: Takes each whole utterance.
    """

    def __init__(self, speech: Speech, heard: Callable[[str], None]) -> None:
        self._speech = speech
        self._heard = heard
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._came = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def hear(self, pcm: bytes) -> None:
        """16-bit mono PCM at 16 kHz."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="ears")
        self._waiting.append(pcm)
        self._came.set()

    def silence(self) -> None:
        """No audio comes for a while: that ends an utterance."""
        if self._listening is not None:
            self.hear(_SILENCE)

    async def _listen(self) -> None:
        try:
            session = await self._speech.open()
            feeding = asyncio.create_task(self._feed(session.hear), name="ears feed")
            try:
                async for event in session.events():
                    if isinstance(event, Heard):
                        self._heard(event.text.strip())
            finally:
                feeding.cancel()
                await session.close()
        except OratioError as error:
            logger.warning("| an operator's words are not written down: %s", error.code)

    async def _feed(self, hear: Callable[[bytes], None]) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            while self._waiting:
                hear(self._waiting.popleft())

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
