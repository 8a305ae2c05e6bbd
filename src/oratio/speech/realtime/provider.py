"""Calls at one speech-to-speech model, and the hang-ups that outlive them."""

import asyncio
import logging
from collections.abc import Callable

from strands.bidi.models.model import BidiModel

from oratio.ports.dialogue import DialogueBrief, Dialogues, DialogueSession
from oratio.ports.speech import SpeechQuality
from oratio.speech.realtime.connection import RealtimeConnection
from oratio.speech.realtime.session import RenewalPolicy, StrandsSession

logger = logging.getLogger(__name__)


class StrandsDialogues(Dialogues):
    """A provider's model.

    Args:
        model: Makes a model for one connection; cheap, and opens nothing.
    """

    def __init__(self, name: str, model: Callable[[], BidiModel], course: RenewalPolicy) -> None:
        self._name = name
        self._model = model
        self._course = course
        self._hang_ups: set[asyncio.Task[None]] = set()

    def quality(self) -> SpeechQuality:
        return SpeechQuality(self._name, "many")

    async def converse(self, brief: DialogueBrief) -> DialogueSession:
        session = StrandsSession(self._model, brief, self._course, self._hang_up)
        try:
            await session.start()
        except BaseException:
            await session.close()
            raise
        return session

    def _hang_up(self, link: RealtimeConnection) -> None:
        task = asyncio.create_task(link.close(), name="dialogue hang-up")
        self._hang_ups.add(task)
        task.add_done_callback(self._hang_ups.discard)

    async def close(self) -> None:
        if self._hang_ups:
            await asyncio.wait(self._hang_ups)
