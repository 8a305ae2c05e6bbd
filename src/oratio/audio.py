"""Sound as numbers: mu-law (G.711) and resampling that carries its state over frames."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]

_TAPS = 16
"""Zero crossings of the windowed sinc on each side."""


class Resampler:
    """Mono audio from one rate to another, by a windowed sinc; frames of any size, the delay is constant."""

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        # Below the lower of the two half rates nothing is cut off.
        self._cutoff = min(1.0, target / source)
        self._reach = int(np.ceil(_TAPS / self._cutoff))
        self._held: Samples = np.zeros(self._reach, np.float32)
        # Position of the next output sample in `_held`, in source samples.
        self._at = float(self._reach)

    def feed(self, samples: Samples) -> Samples:
        if self._source == self._target:
            return samples
        held = np.concatenate([self._held, samples])
        step = self._source / self._target
        count = max(0, int(np.floor((len(held) - self._reach - 1 - self._at) / step)) + 1)
        positions = self._at + step * np.arange(count)
        whole = np.floor(positions).astype(np.int64)
        offsets = np.arange(-self._reach + 1, self._reach + 1)
        phase = positions[:, None] - whole[:, None] - offsets[None, :]
        kernel = np.sinc(phase * self._cutoff) * (0.5 + 0.5 * np.cos(np.pi * np.clip(phase / self._reach, -1, 1)))
        out: Samples = ((held[whole[:, None] + offsets[None, :]] * kernel).sum(axis=1) * self._cutoff).astype(
            np.float32
        )
        self._at += step * count
        gone = max(0, int(self._at) - self._reach)
        self._held, self._at = held[gone:], self._at - gone
        return out


@cache
def _mulaw_table() -> NDArray[np.int16]:
    """G.711 expansion of each code."""
    codes = ~np.arange(256, dtype=np.uint8)
    magnitude = (((codes & 0x0F).astype(np.int32) << 3) + 0x84 << ((codes >> 4) & 7)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


def mulaw_decode(data: bytes) -> NDArray[np.int16]:
    return _mulaw_table()[np.frombuffer(data, np.uint8)]


def mulaw_encode(samples: NDArray[np.int16]) -> bytes:
    value = samples.astype(np.int32)
    sign = np.where(value < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(value), 32_635) + 0x84
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return bytes((~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8))


def to_pcm(samples: Samples) -> bytes:
    return bytes(np.clip(np.rint(samples), -32_768, 32_767).astype("<i2"))
