"""Sound as numbers: mu-law (G.711) and resampling that carries its state over frames."""

from functools import cache
from math import ceil, gcd

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]

# Zero crossings of the windowed sinc on each side, the pass band as a share of the lower of the two half rates, and
# the shape of the Kaiser window: tones 12 % above the half rate come through at -106 dB (benchmarks/resampling.py).
_CROSSINGS = 24
_PASS = 0.93
_BETA = 10.0
_MAX_FILTER = 4_000_000  # numbers in the filter of one pair of rates, 16 MB; 48 to 44.1 kHz needs 55,000


class Resampler:
    """Streaming converter of mono audio from one rate to another; frames of any size, the delay is constant.

    A polyphase filter as one matrix product a frame: `_step` input samples become `_phases` output samples, so what
    it holds back is the filter's reach and less than one step. Soxr's streams hold 20 to 118 ms back and give it in
    bursts, which a barge-in would wait for.

    Raises:
        ValueError: The ratio of the rates is not one of small whole numbers.
    """

    def __init__(self, source: int, target: int) -> None:
        common = gcd(source, target)
        self._step, self._phases = source // common, target // common
        self._filter = _filter(self._step, self._phases)
        self._reach = _reach(self._step, self._phases)
        # Silence before the first sample, so that the first output is at the first input's time.
        self._held: Samples = np.zeros(self._reach - 1, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """Return what these samples complete."""
        if self._step == self._phases:
            return samples
        held = np.concatenate([self._held, samples], dtype=np.float32)
        width = len(self._filter)
        count = max(0, (len(held) - width) // self._step + 1)
        stride = held.itemsize
        # Overlapping windows of `held`; a copy of them lets BLAS take the product (2 to 5 times as fast).
        windows = np.ndarray((count, width), np.float32, held, 0, (self._step * stride, stride)).copy()
        self._held = held[count * self._step :]
        out: Samples = (windows @ self._filter).reshape(-1)
        return out


def resample(samples: Samples, source: int, target: int) -> Samples:
    """Return a whole piece of audio at another rate, any rate, as long as it was to a sample."""
    import soxr  # here and not above: no call needs it, and it takes 10 ms

    return samples if source == target else np.asarray(soxr.resample(samples, source, target), np.float32)


def _reach(step: int, phases: int) -> int:
    """Return how many input samples the filter sees on each side."""
    return ceil(_CROSSINGS * max(1.0, step / phases))


@cache
def _filter(step: int, phases: int) -> Samples:
    """Return the filter of each output sample of one step, a column each: window x phases."""
    reach = _reach(step, phases)
    # Whole input samples before each output sample of a step, and the rest of the way to the next one.
    whole, part = np.divmod(np.arange(phases) * step, phases)
    width = 2 * reach + int(whole[-1])
    if width * phases > _MAX_FILTER:
        raise ValueError(f"no filter for {step}:{phases}: the ratio of the two rates has no small whole numbers")
    cutoff = min(1.0, phases / step) * _PASS
    place = part[:, None] / phases - np.arange(-reach + 1, reach + 1)[None, :]
    window = np.i0(_BETA * np.sqrt(np.clip(1 - (place / reach) ** 2, 0, 1))) / np.i0(_BETA)
    taps = np.sinc(place * cutoff) * window
    taps /= taps.sum(axis=1, keepdims=True)  # a constant keeps its level in every phase
    columns = np.zeros((width, phases), np.float32)
    for phase, start in enumerate(whole):
        columns[start : start + 2 * reach, phase] = taps[phase]
    return columns


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
