"""Models that hold a call by themselves: speech in, speech out, the deployed agent as a tool they may ask."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from oratio.domain.conversations.conversation import Message
from oratio.ports.speech import SpeechEvent, SpeechQuality, VoiceSession


class Tool(NamedTuple):
    """What the model may call; `schema` is the JSON schema of its arguments."""

    name: str
    description: str
    schema: Mapping[str, Any]


class DialogueBrief(NamedTuple):
    """What a call begins with."""

    instructions: str
    tools: Sequence[Tool] = ()
    history: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class ReplyText:
    """Words of a reply.

    Attributes:
        reply: The reply's number, greater than those before; its first event begins it.
        final: What was really said of a piece, whole; False: what is about to be said, a piece or a part of one.
    """

    reply: int
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class ReplyAudio:
    """16-bit mono PCM at `OUTPUT_RATE`; speaks the words given out before it."""

    reply: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """No more audio comes of this reply; a final text may."""

    reply: int


@dataclass(frozen=True, slots=True)
class BargedIn:
    """The model heard the caller break in: what is not played yet is not to be played."""


@dataclass(frozen=True, slots=True)
class ToolAsked:
    call_id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UsageSpent:
    """Tokens since the last such event; speech is a part of input and output."""

    input_tokens: int
    output_tokens: int
    input_speech_tokens: int = 0
    output_speech_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Restarting:
    """The connection is about to be renewed, or was lost and is sought again."""

    planned: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """A new connection serves the call. `gap_ms`: how long none did; `turn_lost`: something has to be said again."""

    gap_ms: int
    turn_lost: bool


type DialogueEvent = (
    SpeechEvent | ReplyText | ReplyAudio | ReplyEnded | BargedIn | ToolAsked | UsageSpent | Restarting | Restored
)


class DialogueSession(VoiceSession, Protocol):
    """One call. It hears, decides when a turn is over, and answers in its own words.

    Contract, in addition to that of `VoiceSession`:
    1. No method but `close` waits; what they cause comes out of `events`.
    2. `say` speaks a line in the model's voice, as near to the text as the model can, once it has nothing else to say;
       its audio comes as `Spoken`, never as a reply. `hush` forgets such lines and drops the rest of the reply.
    3. Renewals and lost connections are the session's business, reported by `Restarting` and `Restored`; caller audio
       of that time is not lost. `events` raises `Unavailable` when no connection can be had any more.
    4. A tool call is answered once, by `answer`, also after a renewal.
    """

    @abstractmethod
    def tell(self, text: str) -> None:
        """The caller's words in writing; answered like speech."""
        ...

    @abstractmethod
    def inform(self, note: str) -> None:
        """What the model must know from now on, unheard by the caller; it says nothing about it."""
        ...

    @abstractmethod
    def heard(self, reply: int, text: str) -> None:
        """The reply is over for the caller, who heard this of it; the model's memory of it is cut to that."""
        ...

    @abstractmethod
    def answer(self, call_id: str, result: Mapping[str, Any], *, failed: bool = False) -> None:
        """The result of a tool call."""
        ...

    @abstractmethod
    def silence(self, on: bool) -> None:
        """While on, the caller's words still come as `Heard`, but no reply and no tool call; `say` still speaks."""
        ...

    @abstractmethod
    def events(self) -> AsyncIterator[DialogueEvent]: ...


@runtime_checkable
class Dialogues(Protocol):
    """A speech-to-speech model.

    Contract:
    1. `converse` opens a call; it raises `Unavailable` when the model cannot be had; the message says how to fix it.
    """

    @abstractmethod
    def quality(self) -> SpeechQuality: ...

    @abstractmethod
    async def converse(self, brief: DialogueBrief) -> DialogueSession: ...

    @abstractmethod
    async def close(self) -> None: ...
