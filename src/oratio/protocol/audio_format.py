"""The audio of one direction, and the ways in which clients ask for it."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from oratio.protocol.messages import BadMessage, WireMessage

RATES: Final = (8_000, 16_000, 24_000)
INPUT_RATE: Final = 16_000
OUTPUT_RATE: Final = 24_000


class AudioFormat(WireMessage):
    """One direction's audio. `mulaw` is always 8 kHz."""

    encoding: Literal["pcm16", "mulaw"] = "pcm16"
    rate: int = INPUT_RATE

    @property
    def sample_bytes(self) -> int:
        return 2 if self.encoding == "pcm16" else 1

    def ms(self, size: int) -> float:
        """Milliseconds of audio in so many bytes."""
        return size * 1000 / (self.rate * self.sample_bytes)


class AudioFormats(WireMessage):
    """Both directions as the server has settled them; None: no audio that way."""

    input: AudioFormat | None
    output: AudioFormat | None


class AudioWishes(WireMessage):
    """A first message's wish for audio, in the many forms that `audio_format` takes.

    `input` and `output` are None when the client wants no audio that way; reading them raises `BadMessage` for a format
    that this server does not speak.
    """

    audio: dict[str, Any] | None = None

    @property
    def input(self) -> AudioFormat | None:
        return audio_format((self.audio or {}).get("input", {}), INPUT_RATE)

    @property
    def output(self) -> AudioFormat | None:
        return audio_format((self.audio or {}).get("output", {}), OUTPUT_RATE)


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
