"""Operators' events in an agent's conversation: hand-off, missed hand-off, and spoken turns."""

import asyncio
from collections.abc import Callable

from oratio.domain.conversations.conversation import (
    Channel,
    Conversation,
    Handoff,
    HandoffFailure,
    Role,
    Turn,
    TurnResult,
)
from oratio.ports.clock import Clock
from oratio.services.conversations.conversations import ConversationService


class OperatorEventService:
    """Store of the human side of voice conversations; each call is durable when it returns.

    The first of these starts a conversation that has no record yet, as a first turn would.
    """

    def __init__(self, *, conversations: ConversationService, clock: Clock) -> None:
        self._conversations = conversations
        self._clock = clock

    async def noted(
        self, user_id: str, agent_id: str, conversation_id: str, *, prompt: str, answer: str, role: Role
    ) -> None:
        """Store a turn without the agent: the caller's words (`prompt`), or those said to the caller (`answer`)."""
        turn = Turn(
            at=self._clock.now_ms(),
            prompt=prompt,
            result=TurnResult(answer=answer, answered=bool(answer)),
            latency_ms=0,
            role=role,
        )
        await asyncio.to_thread(self._note, user_id, agent_id, conversation_id, turn)

    def _note(self, user_id: str, agent_id: str, conversation_id: str, turn: Turn) -> None:
        self._conversations.append(self._started(user_id, agent_id, conversation_id), turn)

    async def handed_off(self, user_id: str, agent_id: str, conversation_id: str, handoff: Handoff) -> None:
        """A human is waited for; the tenant's webhooks are notified, unless the agent's turn has done so."""

        def waits(head: Conversation) -> Conversation:
            return head.model_copy(update={"outcome": "handed_off", "handoff": handoff, "handoff_failure": None})

        await asyncio.to_thread(self._change, user_id, agent_id, conversation_id, waits)

    async def handoff_failed(self, user_id: str, conversation_id: str, reason: str, message: str | None) -> None:
        """Record that no human came; `message` is the one the caller left instead.

        Raises:
            NotFound: No such conversation of this tenant.
        """
        failure = HandoffFailure(reason=reason, message=message, at=self._clock.now_ms())

        def goes_on(head: Conversation) -> Conversation:
            return head.model_copy(update={"outcome": "open", "handoff_failure": failure})

        await asyncio.to_thread(self._conversations.change, user_id, conversation_id, goes_on)

    async def taken_over(self, user_id: str, agent_id: str, conversation_id: str, operator: str) -> None:
        def taken(head: Conversation) -> Conversation:
            return head.model_copy(update={"outcome": "handed_off", "operator": operator, "handoff_failure": None})

        await asyncio.to_thread(self._change, user_id, agent_id, conversation_id, taken)

    def _change(
        self, user_id: str, agent_id: str, conversation_id: str, change: Callable[[Conversation], Conversation]
    ) -> None:
        self._started(user_id, agent_id, conversation_id)
        self._conversations.change(user_id, conversation_id, change)

    def _started(self, user_id: str, agent_id: str, conversation_id: str) -> Conversation:
        return self._conversations.begin(user_id, agent_id, conversation_id, Channel.VOICE)
