"""The operator's protocol `oratio.operator.v1`: what an operator may send.

Binary frames are audio, heard by the caller while the operator has taken over. Text frames follow the caller's rules:
one JSON object with a `type`, unknown fields ignored.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field

from oratio.protocol import voice as wire
from oratio.protocol.voice import AudioFormat, WireMessage, audio_format

SUBPROTOCOL: Final = "oratio.operator.v1"


class OperatorStart(WireMessage):
    """`input` and `output` are None when the operator wants no audio that way."""

    type: Literal["operator.start"]
    audio: dict[str, Any] | None = None

    @property
    def input(self) -> AudioFormat | None:
        return audio_format((self.audio or {}).get("input", {}), 16_000)

    @property
    def output(self) -> AudioFormat | None:
        return audio_format((self.audio or {}).get("output", {}), 24_000)


class Whisper(WireMessage):
    """To the agent, unheard by the caller."""

    type: Literal["whisper"]
    text: str = Field(max_length=wire.MAX_TEXT_CHARS)


class TakeOver(WireMessage):
    type: Literal["takeover"]


class SayText(WireMessage):
    """Spoken to the caller in the agent's voice."""

    type: Literal["say"]
    text: str = Field(max_length=wire.MAX_TEXT_CHARS)


class HandBack(WireMessage):
    """`note` is told to the agent."""

    type: Literal["handback"]
    note: str | None = Field(None, max_length=wire.MAX_TEXT_CHARS)


class CallEnd(WireMessage):
    type: Literal["call.end"]


OperatorMessage = OperatorStart | Whisper | TakeOver | SayText | HandBack | CallEnd | wire.Ping

_KINDS: Final[Mapping[str, type[OperatorMessage]]] = {
    "operator.start": OperatorStart,
    "whisper": Whisper,
    "takeover": TakeOver,
    "say": SayText,
    "handback": HandBack,
    "call.end": CallEnd,
    "ping": wire.Ping,
}


def parse(frame: str) -> OperatorMessage:
    """The message in a text frame.

    Raises:
        BadMessage: Not JSON, not an object, of no known type, or with a wrong field.
    """
    return wire.message_of(frame, _KINDS, SUBPROTOCOL)
