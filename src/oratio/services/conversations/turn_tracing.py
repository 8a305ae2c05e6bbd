"""Trace of one turn: who answered, how long it took, which tools were used; none of its text."""

import time

from oratio import tracing
from oratio.domain.conversations.conversation import Conversation, TurnResult


class TurnTrace:
    """Span from the prompt to the stored answer. Not a context manager: a turn is a generator, and a generator's
    context is its reader's.
    """

    def __init__(self, conversation: Conversation, *, number: int) -> None:
        self._started_ms = time.time_ns() // 1_000_000
        self._span = tracing.span(
            "turn",
            started_ms=self._started_ms,
            agent_id=conversation.agent_id,
            user_id=conversation.user_id,
            version=conversation.version,
            conversation_id=conversation.conversation_id,
            channel=conversation.channel,
            turn=number,
        )
        self.traceparent = self._span.traceparent

    def answered(self, result: TurnResult, latency_ms: int) -> None:
        self._span.set(
            status="answered" if result.answered else "unanswered",
            latency_ms=latency_ms,
            model=result.model,
            input_tokens=result.usage.input_tokens,
            output_tokens=result.usage.output_tokens,
        )
        if self.traceparent is None:
            return
        for call in result.tool_calls:
            if call.started_ms is not None:
                at_ms = self._started_ms + call.started_ms
                span = tracing.span(
                    "tool", parent=self.traceparent, started_ms=at_ms, tool=call.name, status=call.status
                )
                span.end(after_ms=call.ms)

    def failed(self, error: Exception) -> None:
        self._span.failed(error)

    def end(self) -> None:
        self._span.end()
