"""The native protocol `oratio.v1`: what a client may send, as values, and the shapes of what it is sent.

Binary frames are audio. Every text frame is one JSON object with a `type`; unknown fields are ignored so that newer
clients can talk to this server, an unknown `type` is a bad message.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

SUBPROTOCOL: Final = "oratio.v1"
MAX_FRAME_BYTES: Final = 65_536
MAX_TEXT_CHARS: Final = 20_000
RATES: Final = (8_000, 16_000, 24_000)

NOT_RESUMED: Final = "there is no such call to resume; start a new one"

type Json = dict[str, Any]


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


class BadMessage(Exception):
    """A frame that is not a message of the protocol; its text names the field, never the content."""


class WireMessage(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class AudioFormat(WireMessage):
    """One direction's audio. `mulaw` is always 8 kHz."""

    encoding: Literal["pcm16", "mulaw"] = "pcm16"
    rate: int = 16_000

    @property
    def sample_bytes(self) -> int:
        return 2 if self.encoding == "pcm16" else 1

    def ms(self, size: int) -> float:
        """Milliseconds of audio in so many bytes."""
        return size * 1000 / (self.rate * self.sample_bytes)

    def as_json(self) -> Json:
        return {"encoding": self.encoding, "rate": self.rate}


_OFF = ("none", "off", "")
_MULAW = re.compile(r"mu-?law|ulaw|µ-?law|pcmu|g\.?711", re.IGNORECASE)
_PCM = re.compile(r"(?:pcm|linear|s16|audio/|raw|l16)", re.IGNORECASE)


def audio_format(wish: object, default_rate: int) -> AudioFormat | None:
    """A client's wish for one direction: an object `{encoding?, rate?}`, a rate in Hz, or a name such as `pcm16/8000`.

    Returns:
        The format; None when the client wants no audio that way (`null`, `false`, `"none"`).

    Raises:
        BadMessage: Not a format this server speaks.
    """
    if wish is None or wish is False or (isinstance(wish, str) and wish.strip().lower() in _OFF):
        return None
    if isinstance(wish, Mapping):
        name = _first(wish, "encoding", "format", "codec", "type")
        rate = _first(wish, "rate", "sampleRate", "sample_rate", "sampleRateHz", "rateHz")
        channels = _first(wish, "channels", "channelCount")
        if channels not in (None, 1):
            raise BadMessage("audio must have one channel")
    elif isinstance(wish, bool) or not isinstance(wish, int | str):
        raise BadMessage("audio format must be an object, a rate or a name")
    else:
        name, rate = (wish, None) if isinstance(wish, str) else (None, wish)
    return _checked(name, rate, default_rate)


def _checked(name: object, rate: object, default_rate: int) -> AudioFormat:
    text = str(name) if name is not None else "pcm16"
    mulaw = bool(_MULAW.search(text))
    if rate is None:
        digits = re.search(r"(\d{4,6})|(\d{1,2})\s*k", re.sub(r"pcm16|s16le|l16|16-?bit|g\.?711", "", text.lower()))
        rate = default_rate if digits is None else int(digits[1] or int(digits[2]) * 1000)
        rate = 8_000 if mulaw and digits is None else rate
    if isinstance(rate, bool) or not isinstance(rate, int) or rate not in RATES:
        raise BadMessage("audio rate must be 8000, 16000 or 24000")
    if mulaw and rate != 8_000:
        raise BadMessage("mu-law audio must have the rate 8000")
    if not mulaw and not _PCM.search(text) and not text.strip().rstrip("kKhHzZ").isdigit():
        raise BadMessage("audio encoding must be pcm16 or mulaw")
    return AudioFormat(encoding="mulaw" if mulaw else "pcm16", rate=rate)


def _first(wish: Mapping[str, object], *names: str) -> object:
    return next((wish[name] for name in names if wish.get(name) is not None), None)


class ResumeRequest(WireMessage):
    session_id: str = Field(max_length=128)
    token: str = Field(max_length=128)


class SessionStart(WireMessage):
    """`input` and `output` are None when the client wants text only that way."""

    type: Literal["session.start"]
    audio: dict[str, Any] | None = None
    vars: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=32)
    resume: ResumeRequest | None = None

    @property
    def input(self) -> AudioFormat | None:
        audio = self.audio or {}
        return audio_format(audio.get("input", {}), 16_000)

    @property
    def output(self) -> AudioFormat | None:
        audio = self.audio or {}
        return audio_format(audio.get("output", {}), 24_000)

    @field_validator("vars", mode="before")
    @classmethod
    def _absent(cls, given: object) -> object:
        return {} if given is None else given


class InputText(WireMessage):
    type: Literal["input.text"]
    text: str


class InputDtmf(WireMessage):
    type: Literal["input.dtmf"]
    digits: str = Field(pattern=r"^[0-9A-Da-d*#]{1,64}$")


class InputMute(WireMessage):
    type: Literal["input.mute"]
    on: bool = Field(strict=True)


class ResponseCancel(WireMessage):
    type: Literal["response.cancel"]
    response_id: str | None = None


class Playback(WireMessage):
    """How much of a response's audio the client has played, in ms from its first sample."""

    type: Literal["playback"]
    response_id: str
    played_ms: float = Field(ge=0, le=86_400_000, allow_inf_nan=False)


class HandoffRequest(WireMessage):
    type: Literal["handoff.request"]


class Ping(WireMessage):
    type: Literal["ping"]
    t: int | float | str | None = None


class SessionEnd(WireMessage):
    type: Literal["session.end"]


ClientMessage = (
    SessionStart | InputText | InputDtmf | InputMute | ResponseCancel | Playback | HandoffRequest | Ping | SessionEnd
)

_KINDS: Final[Mapping[str, type[ClientMessage]]] = {
    "session.start": SessionStart,
    "input.text": InputText,
    "input.dtmf": InputDtmf,
    "input.mute": InputMute,
    "response.cancel": ResponseCancel,
    "playback": Playback,
    "handoff.request": HandoffRequest,
    "ping": Ping,
    "session.end": SessionEnd,
}


def parse(frame: str) -> ClientMessage:
    """The message in a text frame.

    Raises:
        BadMessage: Not JSON, not an object, of no known type, or with a wrong field.
    """
    return message_of(frame, _KINDS, SUBPROTOCOL)


def message_of[M: WireMessage](frame: str, kinds: Mapping[str, type[M]], protocol: str) -> M:
    """The message of one of these kinds in a text frame; raises `BadMessage` as `parse` does."""
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError):
        raise BadMessage("a text frame must be one JSON object") from None
    if not isinstance(value, dict):
        raise BadMessage("a text frame must be one JSON object")
    kind = value.get("type")
    model = kinds.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise BadMessage(f"`type` names no message of {protocol}")
    try:
        return model.model_validate(value)
    except (ValidationError, RecursionError) as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) if isinstance(error, ValidationError) else "message"
        raise BadMessage(f"{kind}: the field `{where}` is missing or wrong") from None


def error(code: str, message: str, *, fatal: bool, retry_after_s: float | None = None) -> Json:
    after = {} if retry_after_s is None else {"retryAfterS": retry_after_s}
    return {"type": "error", "code": code, "message": message, "fatal": fatal, **after}


def transcript(role: str, item_id: str, text: str, *, final: bool) -> Json:
    """`transcript.delta` adds text to an item; `transcript.done` gives the item's whole text."""
    kind = "transcript.done" if final else "transcript.delta"
    return {"type": kind, "role": role, "itemId": item_id, "text": text, "final": final}


def dumps(message: Json) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
