"""The operator's protocol `oratio.operator.v1`, both directions.

Binary frames are audio, heard by the caller while the operator has taken over. Text frames follow the caller's rules:
one JSON object with a `type`, unknown fields ignored.
"""

from typing import Final, Literal

from pydantic import Field

from oratio.protocol.audio_format import AudioFormats, AudioWishes
from oratio.protocol.messages import MessageReader, WireMessage
from oratio.protocol.voice import MAX_TEXT_CHARS, Ping
from oratio.protocol.voice_events import CallAgent, ErrorMessage, MirroredMessage, Pong

SUBPROTOCOL: Final = "oratio.operator.v1"

type OperatorState = Literal["listening", "takeover"]


# --- what an operator sends


class OperatorStart(AudioWishes):
    """The first message of an operator's line."""

    type: Literal["operator.start"] = "operator.start"


class Whisper(WireMessage):
    """To the agent, unheard by the caller."""

    type: Literal["whisper"] = "whisper"
    text: str = Field(max_length=MAX_TEXT_CHARS)


class TakeOver(WireMessage):
    """The operator wants the call."""

    type: Literal["takeover"] = "takeover"


class SayText(WireMessage):
    """Spoken to the caller in the agent's voice."""

    type: Literal["say"] = "say"
    text: str = Field(max_length=MAX_TEXT_CHARS)


class HandBack(WireMessage):
    """The agent gets the call again; `note` is for it."""

    type: Literal["handback"] = "handback"
    note: str | None = Field(None, max_length=MAX_TEXT_CHARS)


class CallEnd(WireMessage):
    """The call is to end."""

    type: Literal["call.end"] = "call.end"


OperatorMessage = OperatorStart | Whisper | TakeOver | SayText | HandBack | CallEnd | Ping

OPERATOR_MESSAGES: Final = MessageReader[OperatorMessage](OperatorMessage, SUBPROTOCOL)


def parse(frame: str) -> OperatorMessage:
    """Return the message in an operator's text frame.

    Raises:
        BadMessage: Not JSON, not an object, of no known type, or with a wrong field.
    """
    return OPERATOR_MESSAGES.read(frame)


# --- what an operator is sent, besides what the caller is sent too


class HandoffWish(WireMessage):
    """Why a human is wanted."""

    reason: str
    summary: str


class SpokenEntry(WireMessage):
    """One line of the transcript so far."""

    role: Literal["user", "assistant", "operator"]
    text: str


class OperatorReady(WireMessage):
    """The line has started: the call as it is.

    Attributes:
        started_at: ms since 1970.
        operator: Who has the call; None: the agent.
    """

    type: Literal["operator.ready"] = "operator.ready"
    conversation_id: str
    agent: CallAgent
    started_at: int
    audio: AudioFormats
    mode: OperatorState
    operator: str | None
    handoff: HandoffWish | None
    transcript: tuple[SpokenEntry, ...]


class OperatorMode(WireMessage):
    """Who has the call now, and whether this line does."""

    type: Literal["operator.mode"] = "operator.mode"
    mode: OperatorState
    operator: str | None


OperatorServerMessage = MirroredMessage | OperatorReady | OperatorMode | Pong | ErrorMessage

OPERATOR_SERVER_MESSAGES: Final = MessageReader[OperatorServerMessage](OperatorServerMessage, SUBPROTOCOL)
