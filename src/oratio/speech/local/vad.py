"""Where speech and turns begin and end: probabilities of voice in, marks out. Pure.

A frame is 32 ms (512 samples at 16 kHz), as Silero VAD takes it.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

FRAME = 512
RATE = 16_000
_ON, _OFF = 0.5, 0.35
_START_FRAMES = 3
_PAUSE_FRAMES = 7
_UNSURE_FRAMES = 25
# Words after which a sentence goes on.
_HANGING = re.compile(
    r"a|about|an|and|at|because|but|er|for|from|her|his|i|if|in|is|like|my|of|on|or|our|so|that|the|their|to|uh|um|was|we"
    r"|when|which|with|you|your"
)


def frame_ms(frames: int) -> int:
    return frames * FRAME * 1000 // RATE


class Mark(Enum):
    STARTED = auto()
    # Silence long enough to look what was said so far, too short to end the turn.
    PAUSED = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """A mark and the frame it is at: the first frame of speech, or the first after it."""

    mark: Mark
    frame: int


class SpeechDetector:
    """Speech begins with three voiced frames and pauses after seven unvoiced ones (224 ms)."""

    def __init__(self) -> None:
        self._frame = 0
        self._voiced = 0
        self._unvoiced = 0
        self.speaking = False

    @property
    def frame(self) -> int:
        """How many frames have been seen."""
        return self._frame

    def feed(self, probability: float) -> Found | None:
        self._frame += 1
        if not self.speaking:
            self._voiced = self._voiced + 1 if probability > _ON else 0
            if self._voiced < _START_FRAMES:
                return None
            self.speaking, self._unvoiced = True, 0
            return Found(Mark.STARTED, self._frame - self._voiced)
        self._unvoiced = self._unvoiced + 1 if probability < _OFF else 0
        if self._unvoiced < _PAUSE_FRAMES:
            return None
        self.speaking, self._voiced = False, 0
        return Found(Mark.PAUSED, self._frame - self._unvoiced)


def silence_frames(text: str, silence_ms: int) -> int:
    """How many silent frames end a turn in which `text` was said.

    A finished sentence needs three quarters of the silence, one that hangs in the air needs more.
    """
    words = text.lower().split()
    frames = silence_ms * RATE // (FRAME * 1000)
    if not words:
        return frames
    last = words[-1].rstrip(".,!?\u2026")
    if _HANGING.fullmatch(last) or text.rstrip().endswith((",", "\u2026", "...")):
        return max(frames, min(2 * frames, frames + _UNSURE_FRAMES))
    return frames * 3 // 4 if len(words) > 2 and text.rstrip().endswith((".", "?", "!")) else frames
