"""What one turn of a conversation yields, and the head of a whole conversation."""

from enum import StrEnum
from typing import Literal

from oratio.domain.conversations.conversation_stats import ConversationStats
from oratio.domain.refs import Value


class Citation(Value):
    """A document behind an answer. `score` is the passage's retrieval score, 0 to 1."""

    path: str
    excerpt: str
    score: float
    page: int | None = None
    heading: str | None = None


class Handoff(Value):
    """A request that a human takes over: why, and what the human needs to know."""

    reason: str
    summary: str


class SopStep(Value):
    """A plan step that shaped a reply, with the SOP lines it came from (1-based, inclusive)."""

    step_id: str
    title: str
    line_start: int
    line_end: int


class Usage(Value):
    """Tokens a turn cost at the model; zero for `builtin`."""

    input_tokens: int = 0
    output_tokens: int = 0


class ToolCall(Value):
    """One tool the agent used in a turn.

    Attributes:
        started_ms: When it was called, counted from the turn's beginning; None from an agent that does not say.
    """

    name: str
    status: Literal["success", "error"]
    ms: int
    started_ms: int | None = None


class TurnResult(Value):
    """What the agent answered to one prompt.

    Attributes:
        answered: False when the documents do not answer; then `citations` is empty.
        model: Which model answered: `builtin`, or the provider's name.
    """

    answer: str
    answered: bool
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None
    sop_steps: tuple[SopStep, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    model: str = ""


class TurnDelta(Value):
    """A piece of the answer's text, in order."""

    text: str


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
        guidance: What an operator had told the agent, unheard by the caller, before it answered.
        latency_ms: From the prompt to the whole answer; of a spoken turn, from the end of the caller's speech to the
            first audible sample.
        failed: The agent failed; `result.answer` is what the caller was told of it, or instead.
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
