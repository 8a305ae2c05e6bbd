"""Writes a call into the records, one thing after the other, in the order they happened."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from oratio.domain.conversations.conversation import Handoff, Role, Turn
from oratio.errors import NotFound, OratioError
from voice_server.recording.turn_journal import TurnJournal
from voice_server.session.effects import HandoffFailed, RecordWords, TurnEnded

logger = logging.getLogger(__name__)


class Conversations(Protocol):
    """The part of `ConversationService` a call is kept by."""

    async def spoken(
        self,
        user_id: str,
        conversation_id: str,
        *,
        prompt: str,
        heard: str | None,
        latency_ms: int | None,
        dead_air_ms: int,
        failed: bool = False,
    ) -> None: ...

    async def held(self, user_id: str, agent_id: str, conversation_id: str, turn: Turn) -> None: ...

    async def close(self, user_id: str, conversation_id: str) -> None: ...


class HumanSide(Protocol):
    """The part of `OperatorEventService` a call is kept by."""

    async def noted(
        self, user_id: str, agent_id: str, conversation_id: str, *, prompt: str, answer: str, role: Role
    ) -> None: ...

    async def handed_off(self, user_id: str, agent_id: str, conversation_id: str, handoff: Handoff) -> None: ...

    async def handoff_failed(self, user_id: str, conversation_id: str, reason: str, message: str | None) -> None: ...

    async def taken_over(self, user_id: str, agent_id: str, conversation_id: str, operator: str) -> None: ...


class TranscriptWriter:
    """The records of one call."""

    def __init__(
        self,
        user_id: str,
        agent_id: str,
        conversation_id: str,
        *,
        conversations: Conversations,
        human: HumanSide,
        journal: TurnJournal,
    ) -> None:
        self.journal = journal
        self._user_id = user_id
        self._agent_id = agent_id
        self._conversation_id = conversation_id
        self._conversations = conversations
        self._human = human
        # The newest of the writes; it waits for the one before.
        self.last: asyncio.Task[None] | None = None

    def turn(self, turn: TurnEnded, asked: asyncio.Task[None] | None) -> None:
        """What was spoken of a turn, once its answer (`asked`) is kept.

        The record must not say, nor the agent believe, that it said what no one heard.
        """
        spoken = self._conversations.spoken(
            self._user_id,
            self._conversation_id,
            prompt=turn.prompt,
            heard=turn.spoken if turn.status in ("interrupted", "failed") else None,
            failed=turn.status == "failed",
            latency_ms=turn.latency_ms,
            dead_air_ms=turn.dead_air_ms,
        )
        self._then(self._settling(spoken), asked)

    async def _settling(self, spoken: Coroutine[Any, Any, None]) -> None:
        try:
            await spoken
        finally:
            self.journal.settled()

    def held(self, turn: Turn) -> None:
        """A turn of a speech-to-speech model, as far as it goes."""
        self._then(self._conversations.held(self._user_id, self._agent_id, self._conversation_id, turn))

    def noted(self, words: RecordWords) -> None:
        self._then(
            self._human.noted(
                self._user_id,
                self._agent_id,
                self._conversation_id,
                prompt=words.prompt,
                answer=words.answer,
                role=words.role,
            )
        )

    def handed_off(self, handoff: Handoff) -> None:
        self._then(self._human.handed_off(self._user_id, self._agent_id, self._conversation_id, handoff))

    def handoff_failed(self, failed: HandoffFailed) -> None:
        self._then(self._human.handoff_failed(self._user_id, self._conversation_id, failed.reason, failed.message))

    def taken_over(self, operator: str) -> None:
        self._then(self._human.taken_over(self._user_id, self._agent_id, self._conversation_id, operator))

    async def close(self) -> None:
        await self._conversations.close(self._user_id, self._conversation_id)
        await self.journal.close()

    def _then(self, write: Coroutine[Any, Any, None], *after: asyncio.Task[None] | None) -> None:
        self.last = asyncio.create_task(self._kept(write, self.last, *after), name="keep")

    async def _kept(self, write: Coroutine[Any, Any, None], *before: asyncio.Task[None] | None) -> None:
        if waiting := [task for task in before if task is not None]:
            await asyncio.wait(waiting)
        try:
            await write
        except NotFound:
            pass  # The agent failed before the first turn was kept, or was deleted.
        except OratioError as error:
            logger.warning("conversation_id=<%s> | turn not kept: %s", self._conversation_id, error.code)
