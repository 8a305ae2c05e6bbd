"""Sound as numbers: mu-law (G.711) and resampling that carries its state over frames."""

from functools import cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]

_TAPS = 16
"""Zero crossings of the windowed sinc on each side."""


class Resampler:
    """Mono audio from one rate to another, by a windowed sinc; frames of any size, the delay is constant."""

    def __init__(self, source: int, target: int) -> None:
        common = gcd(source, target)
        self._source, self._target = source // common, target // common
        self._kernels = _kernels(self._source, self._target)
        self._reach = self._kernels.shape[1] // 2
        self._offsets = np.arange(-self._reach + 1, self._reach + 1)
        self._held: Samples = np.zeros(self._reach, np.float32)
        # Position of the next output sample in `_held`, in 1/`_target` of a source sample.
        self._at = self._reach * self._target

    def feed(self, samples: Samples) -> Samples:
        if self._source == self._target:
            return samples
        held = np.concatenate([self._held, samples])
        last = (len(held) - self._reach - 1) * self._target
        count = max(0, (last - self._at) // self._source + 1)
        positions = self._at + self._source * np.arange(count)
        whole, phases = positions // self._target, positions % self._target
        windows = held[whole[:, None] + self._offsets]
        out: Samples = np.einsum("ij,ij->i", windows, self._kernels[phases], dtype=np.float32)
        self._at += self._source * count
        gone = max(0, self._at // self._target - self._reach)
        self._held, self._at = held[gone:], self._at - gone * self._target
        return out


@cache
def _kernels(source: int, target: int) -> Samples:
    """The filter for each place an output sample may have between two input samples: phases x taps."""
    # Below the lower of the two half rates nothing is cut off.
    cutoff = min(1.0, target / source)
    reach = int(np.ceil(_TAPS / cutoff))
    phase = np.arange(target)[:, None] / target - np.arange(-reach + 1, reach + 1)[None, :]
    window = 0.5 + 0.5 * np.cos(np.pi * np.clip(phase / reach, -1, 1))
    kernels: Samples = (np.sinc(phase * cutoff) * window * cutoff).astype(np.float32)
    return kernels


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
