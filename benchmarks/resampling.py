"""Resampling of live frames: ours, the kernel it replaced, and soxr's stream, in one run."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from math import gcd

import numpy as np
import soxr

from benchmarks import Row
from oratio.audio import Resampler, Samples

RATES = ((24_000, 16_000), (24_000, 8_000), (8_000, 16_000), (48_000, 16_000))
FRAME_MS = 20
FRAMES = 1_000
ROUNDS = 5

type Feed = Callable[[Samples], Samples]


class Former:
    """The kernel of before: one gathered window an output sample, a Hann window of 16 crossings."""

    def __init__(self, source: int, target: int) -> None:
        common = gcd(source, target)
        self._source, self._target = source // common, target // common
        self._kernels = _kernels(self._source, self._target)
        self._reach = self._kernels.shape[1] // 2
        self._offsets = np.arange(-self._reach + 1, self._reach + 1)
        self._held: Samples = np.zeros(self._reach, np.float32)
        self._at = self._reach * self._target

    def feed(self, samples: Samples) -> Samples:
        held = np.concatenate([self._held, samples])
        last = (len(held) - self._reach - 1) * self._target
        count = max(0, (last - self._at) // self._source + 1)
        positions = self._at + self._source * np.arange(count)
        whole, phases = positions // self._target, positions % self._target
        windows = held[whole[:, None] + self._offsets]
        out: Samples = np.einsum("ij,ij->i", windows, self._kernels[phases], dtype=np.float32)
        self._at += self._source * count
        past = max(0, self._at // self._target - self._reach)
        self._held, self._at = held[past:], self._at - past * self._target
        return out


@cache
def _kernels(source: int, target: int) -> Samples:
    cutoff = min(1.0, target / source)
    reach = int(np.ceil(16 / cutoff))
    phase = np.arange(target)[:, None] / target - np.arange(-reach + 1, reach + 1)[None, :]
    window = 0.5 + 0.5 * np.cos(np.pi * np.clip(phase / reach, -1, 1))
    kernels: Samples = (np.sinc(phase * cutoff) * window * cutoff).astype(np.float32)
    return kernels


def _soxr(source: int, target: int) -> Feed:
    stream = soxr.ResampleStream(source, target, 1, dtype="float32", quality="HQ")
    return lambda samples: np.asarray(stream.resample_chunk(samples), np.float32)


def _kinds(source: int, target: int) -> dict[str, Feed]:
    return {
        "before": Former(source, target).feed,
        "ours": Resampler(source, target).feed,
        "soxr stream": _soxr(source, target),
    }


def _frames(source: int) -> list[Samples]:
    size = source * FRAME_MS // 1_000
    noise = np.random.default_rng(1).standard_normal((FRAMES, size)) * 3_000
    return list(noise.astype(np.float32))


def _cost_us(feed: Feed, frames: list[Samples]) -> float:
    started = time.thread_time()
    for frame in frames:
        feed(frame)
    return (time.thread_time() - started) / len(frames) * 1e6


def _behind_ms(feed: Feed, target: int, frames: list[Samples]) -> float:
    """Return the most audio that is held back after a frame."""
    given, most = 0, 0.0
    for number, frame in enumerate(frames, 1):
        given += len(feed(frame))
        most = max(most, number * FRAME_MS - given / target * 1_000)
    return most


def _alias_db(feed: Feed, source: int, target: int) -> float:
    """Return how loud a tone comes through that the lower rate cannot hold, 12 % above its half."""
    tone = (10_000 * np.sin(2 * np.pi * target * 0.56 * np.arange(source) / source)).astype(np.float32)
    out = np.concatenate([feed(part) for part in np.array_split(tone, 50)])
    inner = out[len(out) // 4 : -len(out) // 4]
    return float(20 * np.log10(np.sqrt(np.mean(inner**2)) / (10_000 / np.sqrt(2))))


def run() -> Iterator[Row]:
    for source, target in RATES:
        frames = _frames(source)
        name = f"{source // 1000} to {target // 1000} kHz"
        costs: dict[str, float] = {}
        for _ in range(ROUNDS):  # alternating, so that a noisy moment does not count for one kind only
            for kind, feed in _kinds(source, target).items():
                costs[kind] = min(costs.get(kind, np.inf), _cost_us(feed, frames))
        behind = {kind: _behind_ms(feed, target, frames) for kind, feed in _kinds(source, target).items()}
        for kind, cost in costs.items():
            note = f"holds back up to {behind[kind]:.1f} ms"
            if source > target:
                note += f", aliases at {_alias_db(_kinds(source, target)[kind], source, target):.0f} dB"
            yield Row(f"{name}, {kind}, one frame of {FRAME_MS} ms", cost, "us", note=note)
        yield Row(f"{name}, ours to before", costs["ours"] / costs["before"], "", 1.0, "CPU time, same frames")
        yield Row(f"{name}, ours, held back", behind["ours"], "ms", 4.0, "most after any frame")
