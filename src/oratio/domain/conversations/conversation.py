"""Turns of a conversation and the head of a whole one; what a turn yields is defined in agentkit, for agents too."""

from enum import StrEnum
from typing import Literal

from oratio.agentkit.turn import Citation, Handoff, SopStep, ToolCall, TurnDelta, TurnResult, Usage
from oratio.domain.conversations.conversation_stats import ConversationStats
from oratio.domain.refs import Value

__all__ = [
    "Channel",
    "Citation",
    "Conversation",
    "Handoff",
    "HandoffFailure",
    "Message",
    "Outcome",
    "Role",
    "SopStep",
    "ToolCall",
    "Turn",
    "TurnDelta",
    "TurnEvent",
    "TurnResult",
    "Usage",
]


type TurnEvent = TurnDelta | TurnResult


class Message(Value):
    """One spoken or written turn, as history for the next."""

    role: Literal["user", "assistant"]
    text: str


class Channel(StrEnum):
    TEXT = "text"
    VOICE = "voice"


type Role = Literal["assistant", "operator"]
"""Who answers a caller."""


type Outcome = Literal["open", "ended", "handed_off"]


class Turn(Value):
    """One stored line of `transcript.jsonl`: what was asked, and the whole result.

    While an operator has the call, what the caller says (`prompt`) and what the operator says (`result.answer`) are
    turns of their own, the other side empty.

    Attributes:
        role: Who answered, or was spoken to.
        guidance: What an operator had let the agent know, unheard by the caller, before it answered.
        latency_ms: From the prompt to the whole answer; of a spoken turn, from the end of the caller's speech to the
            first audible sample.
        failed: The agent failed; `result.answer` is what the caller heard about it, or instead.
        interrupted: The caller broke in; `result.answer` is what was heard of it.
        dead_air_ms: How long, in a spoken turn, the agent owed speech and nothing played.
    """

    at: int
    prompt: str
    result: TurnResult
    latency_ms: int
    role: Role = "assistant"
    guidance: tuple[str, ...] = ()
    failed: bool = False
    interrupted: bool = False
    dead_air_ms: int | None = None


class HandoffFailure(Value):
    """No human came: why, and the message the caller left instead."""

    reason: str
    message: str | None = None
    at: int


class Conversation(Value):
    """The row of `oratio-conversations`; its turns stand in the transcript object.

    Attributes:
        operator: Who took the call over, the last one if there were several.
    """

    user_id: str
    agent_id: str
    conversation_id: str
    version: int
    channel: Channel
    started_at: int
    updated_at: int
    turns: int = 0
    outcome: Outcome = "open"
    handoff: Handoff | None = None
    handoff_failure: HandoffFailure | None = None
    operator: str | None = None
    usage: Usage = Usage()
    tally: ConversationStats = ConversationStats()
    revision: int = 0
