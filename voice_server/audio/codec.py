"""Audio between a client's format and ours."""

import numpy as np

from oratio.audio import Resampler, mulaw_decode, mulaw_encode, to_pcm
from oratio.protocol.voice import AudioFormat


class ClientDecoder:
    """Caller audio, in any chunks, to 16-bit mono PCM at `rate`; an odd byte waits for its other half."""

    def __init__(self, given: AudioFormat, rate: int) -> None:
        self._given = given
        same = given.encoding == "pcm16" and given.rate == rate
        self._resampler = None if same else Resampler(given.rate, rate)
        self._odd = b""

    def feed(self, data: bytes) -> bytes:
        if self._given.encoding == "mulaw" and self._resampler is not None:
            return to_pcm(self._resampler.feed(mulaw_decode(data).astype(np.float32)))
        if self._odd or len(data) & 1:
            data = self._odd + data
            self._odd = data[len(data) & ~1 :]
            data = data[: len(data) & ~1]
        if self._resampler is None:
            return data
        return to_pcm(self._resampler.feed(np.frombuffer(data, "<i2").astype(np.float32)))


class ClientEncoder:
    """16-bit mono PCM at `rate` to the client's format."""

    def __init__(self, rate: int, wanted: AudioFormat) -> None:
        self._wanted = wanted
        same = wanted.encoding == "pcm16" and wanted.rate == rate
        self._resampler = None if same else Resampler(rate, wanted.rate)

    def feed(self, pcm: bytes) -> bytes:
        if self._resampler is None:
            return pcm
        out = to_pcm(self._resampler.feed(np.frombuffer(pcm, "<i2").astype(np.float32)))
        return out if self._wanted.encoding == "pcm16" else mulaw_encode(np.frombuffer(out, "<i2").astype(np.int16))
