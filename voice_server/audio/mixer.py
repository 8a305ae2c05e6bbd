"""What an operator hears: caller and agent on one time line, in one channel."""

import numpy as np

from oratio.audio import Resampler, to_pcm
from oratio.ports.speech import INPUT_RATE, OUTPUT_RATE
from voice_server.recording.wav_recorder import AudioChannel

TICK_MS = 40
_BYTES_PER_MS = OUTPUT_RATE // 1000 * 2
# How far the mix lags: the caller's audio comes in bursts, and must be there when its moment is mixed.
_LAG_MS = 120


class Mixer:
    """Takes both sides as they come; gives 24 kHz PCM of the time that has passed, nothing for silence."""

    def __init__(self) -> None:
        self._caller, self._agent = AudioChannel(_BYTES_PER_MS), AudioChannel(_BYTES_PER_MS)
        self._widen = Resampler(INPUT_RATE, OUTPUT_RATE)
        self._begun_ms: float | None = None

    def caller(self, pcm: bytes, now_ms: float) -> None:
        """Caller audio, 16 kHz, that has just arrived."""
        wide = to_pcm(self._widen.feed(np.frombuffer(pcm, "<i2").astype(np.float32)))
        self._caller.add(wide, self._place(now_ms, len(wide)))

    def agent(self, pcm: bytes, now_ms: float) -> None:
        """Audio to the caller, 24 kHz, that is sent now."""
        self._agent.add(pcm, self._place(now_ms, 0))

    def interrupted(self, now_ms: float) -> None:
        """What the caller was sent and has not heard is not played."""
        self._agent.drop(self._place(now_ms, 0))

    def take(self, now_ms: float) -> bytes:
        until = self._place(now_ms - _LAG_MS, 0)
        if max(self._caller.end, self._agent.end) <= self._caller.begin:
            self._caller.cut(until)
            self._agent.cut(until)
            return b""
        left = np.frombuffer(self._caller.cut(until), "<i2").astype(np.int32)
        right = np.frombuffer(self._agent.cut(until), "<i2").astype(np.int32)
        mixed: bytes = np.clip(left + right, -32768, 32767).astype("<i2").tobytes()
        return mixed

    def _place(self, now_ms: float, size: int) -> int:
        if self._begun_ms is None:
            self._begun_ms = now_ms
        return max(0, int(now_ms - self._begun_ms) * _BYTES_PER_MS - size) & ~1
