"""Retention of conversations: ended when they go quiet, deleted on request or past their time."""

import logging

from oratio.domain.conversations.conversation import Channel, Conversation
from oratio.domain.storage_layout import conversation_prefix
from oratio.errors import Conflict, NotFound, StaleRecord
from oratio.ports.clock import Clock
from oratio.ports.live_calls import LiveCallRepository
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import ConversationRepository

logger = logging.getLogger(__name__)

_AT_ONCE = 100
_DAY_MS = 24 * 3600 * 1000


class RetentionService:
    def __init__(
        self,
        *,
        conversations: ConversationRepository,
        live_calls: LiveCallRepository,
        recordings: ObjectStore,
        clock: Clock,
        idle_ms: int,
        call_ms: int,
        keep_days: int | None,
    ) -> None:
        """Prepare the retention.

        Args:
            idle_ms: A conversation in writing to which nothing was added this long has ended.
            call_ms: The longest call. One left open by a server that died is ended after this time.
            keep_days: Conversations are deleted this long after their last turn; None keeps them.
        """
        self._conversations = conversations
        self._live_calls = live_calls
        self._recordings = recordings
        self._clock = clock
        self._idle_ms = idle_ms
        self._call_ms = call_ms
        self._keep_days = keep_days

    def end_idle(self) -> int:
        """Mark quiet conversations of every tenant ended; return their number."""
        now = self._clock.now_ms()
        quiet = self._conversations.quiet_since(now - self._idle_ms, still_open=True, limit=_AT_ONCE)
        spoken_before = now - self._idle_ms - self._call_ms
        over = [found for found in quiet if found.channel is Channel.TEXT or found.updated_at < spoken_before]
        return sum(map(self._end, over))

    def _end(self, conversation: Conversation) -> bool:
        try:
            self._conversations.save(conversation.model_copy(update={"outcome": "ended"}))
        except (StaleRecord, NotFound):  # a turn came since it was read, or it was deleted
            return False
        return True

    def forget_old(self) -> int:
        """Delete conversations past their time, of every tenant; return their number."""
        if self._keep_days is None:
            return 0
        before = self._clock.now_ms() - self._keep_days * _DAY_MS
        old = self._conversations.quiet_since(before, still_open=False, limit=_AT_ONCE)
        for conversation in old:
            self._delete(conversation)
        if old:
            logger.info("conversations=<%d> | deleted past their time", len(old))
        return len(old)

    def delete(self, user_id: str, conversation_id: str) -> None:
        """Delete a conversation with its transcript and recording.

        Raises:
            NotFound: No such conversation of this tenant.
            Conflict: It is a call in progress.
        """
        conversation = self._conversations.get(user_id, conversation_id)
        try:
            self._live_calls.get(user_id, conversation_id)
        except NotFound:
            self._delete(conversation)
        else:
            raise Conflict(f"conversation {conversation_id} is a call in progress", hint="wait until it has ended")

    def _delete(self, conversation: Conversation) -> None:
        # The head last: an interrupted deletion is found by it and repeated.
        key = (conversation.user_id, conversation.agent_id, conversation.conversation_id)
        self._recordings.delete_prefix(conversation_prefix(*key))
        self._conversations.delete(conversation.user_id, conversation.conversation_id)
