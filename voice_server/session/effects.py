"""What a session asks of the world around it; carried out by `session.runner`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oratio.domain.conversations.conversation import Handoff, Role, TurnResult
from oratio.protocol.audio_format import AudioFormat
from oratio.protocol.operator import OperatorServerMessage
from oratio.protocol.voice_events import ServerMessage


@dataclass(frozen=True, slots=True)
class Send:
    """A message to the client."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Play:
    """Agent audio to the client: 24 kHz PCM, to be brought into the client's format."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class StartSpeech:
    """Open the speech model and bring audio from and to these formats."""

    input: AudioFormat | None
    output: AudioFormat | None


@dataclass(frozen=True, slots=True)
class Hear:
    """Caller audio for the speech model, in the client's format."""

    audio: bytes
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Synthesise; the audio comes back under this number."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class CancelSpeech:
    """Forget all that was to be synthesised."""


@dataclass(frozen=True, slots=True)
class QueryAgent:
    """Put a prompt to the agent.

    Attributes:
        tool_ms: A speech-to-speech model asks, and waits no longer than this; None: the agent holds the conversation.
    """

    turn: int
    prompt: str
    tool_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CancelQuery:
    """Stop asking."""

    turn: int


@dataclass(frozen=True, slots=True)
class CallerTyped:
    """The caller's words in writing, to a speech-to-speech model."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a tool call, to a speech-to-speech model."""

    call_id: str
    result: Mapping[str, Any]
    failed: bool


@dataclass(frozen=True, slots=True)
class ReplyHeard:
    """How much of a speech-to-speech model's reply the caller heard."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class AddGuidance:
    """What a speech-to-speech model must know from now on, unheard by the caller."""

    note: str


@dataclass(frozen=True, slots=True)
class MuteModel:
    """While on, no one hears what a speech-to-speech model replies."""

    on: bool


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A turn for the record; times in ms.

    Attributes:
        latency_ms: From the end of the caller's speech (or typed prompt) to the first sample or word sent; None when
            nothing was.
        dead_air_ms: How long the agent owed speech and nothing played.
        result: None when the agent failed or was stopped.
    """

    turn: int
    prompt: str
    spoken: str
    status: str
    latency_ms: int | None
    dead_air_ms: int
    result: TurnResult | None


@dataclass(frozen=True, slots=True)
class HandoffStarted:
    """A human is wanted."""

    handoff: Handoff


@dataclass(frozen=True, slots=True)
class HandoffFailed:
    """No human came, or the call ended before one did; `message` is what the caller left."""

    handoff: Handoff
    reason: str
    message: str | None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """An operator has the call now."""

    operator: str


@dataclass(frozen=True, slots=True)
class RecordWords:
    """Words for the record that are no turn of the agent's: a caller's to a human, a human's, a message left."""

    prompt: str
    answer: str
    role: Role


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A call has started: the agent is to be ready for its first question."""


@dataclass(frozen=True, slots=True)
class CallChanged:
    """The call's public state has changed."""


@dataclass(frozen=True, slots=True)
class NotifyOperators:
    """A message to one operator's line, or to all of them."""

    message: OperatorServerMessage
    line: int | None = None


@dataclass(frozen=True, slots=True)
class OperatorAudio:
    """What an operator says, in the format of the line; `audible`: the caller hears it."""

    line: int
    audio: bytes
    audible: bool


@dataclass(frozen=True, slots=True)
class OperatorSpeechStopped:
    """The operator who was speaking has stopped; `spoken`: the caller heard words."""

    spoken: bool


@dataclass(frozen=True, slots=True)
class HangUp:
    """End one operator's line, or all of them; the call goes on."""

    code: int
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """End the socket, and the call with it."""

    code: int
    reason: str


type HumanEffect = (
    HandoffStarted
    | HandoffFailed
    | TakenOver
    | RecordWords
    | NotifyOperators
    | OperatorAudio
    | OperatorSpeechStopped
    | HangUp
)
type DialogueEffect = CallerTyped | ToolResult | ReplyHeard | AddGuidance | MuteModel
type Effect = (
    Send
    | Play
    | StartSpeech
    | Hear
    | Say
    | CancelSpeech
    | QueryAgent
    | CancelQuery
    | TurnEnded
    | CallChanged
    | WarmUp
    | Close
    | HumanEffect
    | DialogueEffect
)
