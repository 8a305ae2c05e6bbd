"""Where the caller's speech begins and ends, by loudness.

A hint for latency, hand-over and the client's display; the model itself decides when a turn is over.
"""

import numpy as np

from oratio.ports.speech import INPUT_RATE, CallerSpeechStarted, CallerSpeechStopped

_FRAME_MS = 20
_FRAME = INPUT_RATE * _FRAME_MS // 1000
_FRAME_BYTES = _FRAME * 2
_ONSET_MS = 60
_RELEASE_MS = 300
_LEAST = 250.0
_OVER_FLOOR = 3.0
_FLOOR_RISE = 1.002
_STILLEST, _NOISIEST = 80.0, 600.0


class Levels:
    """Feed audio, get events; positions are ms into the audio fed."""

    def __init__(self) -> None:
        self.speaking = False
        # When the newest speech began and ended.
        self.began_ms = 0
        self.ended_ms = 0
        self._rest = b""
        self._at_ms = 0
        self._floor: float | None = None
        self._loud_ms = 0
        self._quiet_ms = 0

    @property
    def voiced_until_ms(self) -> int:
        """Where the newest speech ended, or has fallen silent for the time being."""
        return max(self.began_ms, self._at_ms - self._quiet_ms) if self.speaking else self.ended_ms

    def feed(self, pcm: bytes) -> list[CallerSpeechStarted | CallerSpeechStopped]:
        data = self._rest + pcm
        whole = len(data) - len(data) % _FRAME_BYTES
        self._rest = data[whole:]
        if not whole:
            return []
        samples = np.frombuffer(data[:whole], "<i2").reshape(-1, _FRAME).astype(np.float32)
        events: list[CallerSpeechStarted | CallerSpeechStopped] = []
        for level in np.sqrt(np.mean(samples * samples, axis=1)).tolist():
            self._at_ms += _FRAME_MS
            events += self._frame(level)
        return events

    def still(self, ms: float) -> list[CallerSpeechStarted | CallerSpeechStopped]:
        """Nothing was sent for so long: silence that has no place in the audio."""
        self._quiet_ms += int(ms)
        self._loud_ms = 0
        return self._released()

    def _frame(self, level: float) -> list[CallerSpeechStarted | CallerSpeechStopped]:
        # The floor falls at once and rises slowly, so that speech does not become the floor.
        floor = _NOISIEST if self._floor is None else self._floor * _FLOOR_RISE
        self._floor = floor = max(_STILLEST, min(level, floor))
        if level > max(_LEAST, floor * _OVER_FLOOR):
            self._loud_ms += _FRAME_MS
            self._quiet_ms = 0
        else:
            self._loud_ms = 0
            self._quiet_ms += _FRAME_MS
        if not self.speaking and self._loud_ms >= _ONSET_MS:
            self.speaking = True
            self.began_ms = self._at_ms - self._loud_ms
            return [CallerSpeechStarted(self.began_ms)]
        return self._released()

    def _released(self) -> list[CallerSpeechStarted | CallerSpeechStopped]:
        if not self.speaking or self._quiet_ms < _RELEASE_MS:
            return []
        self.speaking = False
        self.ended_ms = max(self.began_ms, self._at_ms - min(self._quiet_ms, _RELEASE_MS))
        return [CallerSpeechStopped(self.ended_ms)]
