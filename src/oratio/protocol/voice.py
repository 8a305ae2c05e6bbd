"""The native protocol `oratio.v1`: what a client may send, and (from `voice_events`) what it is sent.

Binary frames are audio. Every text frame is one JSON object with a `type`; unknown fields are ignored so that newer
clients can talk to this server, an unknown `type` is a bad message.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from oratio.protocol.audio_format import RATES, AudioFormat, AudioFormats, AudioWishes, audio_format
from oratio.protocol.messages import BadMessage, Json, MessageReader, WireMessage, dumps
from oratio.protocol.voice_events import ErrorMessage, ServerMessage, Transcript, error, read_server_message, transcript

__all__ = [
    "MAX_FRAME_BYTES",
    "MAX_TEXT_CHARS",
    "NOT_RESUMED",
    "RATES",
    "SUBPROTOCOL",
    "AudioFormat",
    "AudioFormats",
    "AudioWishes",
    "BadMessage",
    "ClientMessage",
    "CloseCode",
    "ErrorMessage",
    "HandoffRequest",
    "InputDtmf",
    "InputMute",
    "InputText",
    "Json",
    "Ping",
    "Playback",
    "ResponseCancel",
    "ResumeRequest",
    "ServerMessage",
    "SessionEnd",
    "SessionStart",
    "Transcript",
    "WireMessage",
    "audio_format",
    "dumps",
    "error",
    "parse",
    "read_server_message",
    "transcript",
]

SUBPROTOCOL: Final = "oratio.v1"
MAX_FRAME_BYTES: Final = 65_536
MAX_TEXT_CHARS: Final = 20_000

NOT_RESUMED: Final = "there is no such call to resume; start a new one"


class CloseCode:
    """WebSocket close codes of the contract, and 4401 for a key that is revoked during a call."""

    ENDED = 1000
    DRAINING = 1001
    BAD_MESSAGE = 4400
    REVOKED = 4401
    IDLE = 4408
    TAKEN_OVER = 4409
    TOO_LARGE = 4413
    LIMIT = 4429
    MODEL_LOST = 4500


class ResumeRequest(WireMessage):
    """The call that a client takes up again."""

    session_id: str = Field(max_length=128)
    token: str = Field(max_length=128)


class SessionStart(AudioWishes):
    """The first message of a call."""

    type: Literal["session.start"] = "session.start"
    vars: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=32)
    resume: ResumeRequest | None = None

    @field_validator("vars", mode="before")
    @classmethod
    def _absent(cls, given: object) -> object:
        return {} if given is None else given


class InputText(WireMessage):
    """The caller's words in writing."""

    type: Literal["input.text"] = "input.text"
    text: str


class InputDtmf(WireMessage):
    """Keys of a telephone."""

    type: Literal["input.dtmf"] = "input.dtmf"
    digits: str = Field(pattern=r"^[0-9A-Da-d*#]{1,64}$")


class InputMute(WireMessage):
    """The caller's microphone off or on; audio that comes in the meantime is taken for silence."""

    type: Literal["input.mute"] = "input.mute"
    on: bool = Field(strict=True)


class ResponseCancel(WireMessage):
    """Stop a response, or the current one."""

    type: Literal["response.cancel"] = "response.cancel"
    response_id: str | None = None


class Playback(WireMessage):
    """How much of a response's audio the client has played, in ms from its first sample."""

    type: Literal["playback"] = "playback"
    response_id: str
    played_ms: float = Field(ge=0, le=86_400_000, allow_inf_nan=False)


class HandoffRequest(WireMessage):
    """The caller wants a human."""

    type: Literal["handoff.request"] = "handoff.request"


class Ping(WireMessage):
    """Answered by `pong` with the same `t`."""

    type: Literal["ping"] = "ping"
    t: int | Annotated[float, Field(allow_inf_nan=False)] | str | None = None


class SessionEnd(WireMessage):
    """The caller hangs up."""

    type: Literal["session.end"] = "session.end"


ClientMessage = (
    SessionStart | InputText | InputDtmf | InputMute | ResponseCancel | Playback | HandoffRequest | Ping | SessionEnd
)

CLIENT_MESSAGES: Final = MessageReader[ClientMessage](ClientMessage, SUBPROTOCOL)


def parse(frame: str) -> ClientMessage:
    """Return the message in a client's text frame.

    Raises:
        BadMessage: Not JSON, not an object, of no known type, or with a wrong field.
    """
    return CLIENT_MESSAGES.read(frame)
