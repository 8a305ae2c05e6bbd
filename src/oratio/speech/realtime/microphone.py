"""Caller audio on its way to the model: sent in chunks, and kept for 3 s in case it must be sent again."""

from oratio.ports.speech import INPUT_RATE, CallerSpeechStarted, CallerSpeechStopped
from oratio.speech.realtime.levels import Levels

BYTES_PER_MS = INPUT_RATE // 1000 * 2
RING_MS = 3_000
_HELD_MS = 15_000
_LEAD_IN_MS = 300
_STILL_MS = 200


class Microphone:
    """One caller's audio.

    Invariant: `base <= sent <= end`, in bytes of the model's time line, which has the silence we put in where the
    client sent nothing; the ring is `base` to `sent`, what waits to be sent is `sent` to `end`.

    Args:
        chunk_ms: Audio goes out in pieces of this size; the cost of a live connection is per message.
    """

    def __init__(self, *, chunk_ms: int, now_ms: float) -> None:
        self.levels = Levels()
        self._chunk = chunk_ms * BYTES_PER_MS
        self._audio = bytearray()
        self._base = 0
        self._sent = 0
        self._came_ms = now_ms
        # Where speech that no transcript has come of yet begins; None when all was understood.
        self._unanswered: int | None = None
        # How far all was understood.
        self._understood = 0

    @property
    def _end(self) -> int:
        return self._base + len(self._audio)

    @property
    def ready(self) -> bool:
        """Whether a whole chunk waits."""
        return self._end - self._sent >= self._chunk

    @property
    def waiting_ms(self) -> float:
        return (self._end - self._sent) / BYTES_PER_MS

    @property
    def owed(self) -> bool:
        """Whether the caller has spoken and no words have come of it yet."""
        return self._unanswered is not None

    def feed(self, pcm: bytes, now_ms: float) -> list[CallerSpeechStarted | CallerSpeechStopped]:
        self._came_ms = now_ms
        self._add(pcm)
        return self._mark(self.levels.feed(pcm))

    def still(self, now_ms: float) -> list[CallerSpeechStarted | CallerSpeechStopped]:
        """Fill in what the client did not send: a model that hears nothing ends no turn, and hangs up in 3 minutes."""
        ms = int(now_ms - self._came_ms)
        if ms < _STILL_MS:
            return []
        self._came_ms += ms
        self._add(bytes(ms * BYTES_PER_MS))
        return self._mark(self.levels.still(ms))

    def _mark(
        self, events: list[CallerSpeechStarted | CallerSpeechStopped]
    ) -> list[CallerSpeechStarted | CallerSpeechStopped]:
        if self._unanswered is None and any(isinstance(event, CallerSpeechStarted) for event in events):
            self._unanswered = max(self._base, self._end - _LEAD_IN_MS * BYTES_PER_MS)
        return events

    def _add(self, pcm: bytes) -> None:
        self._audio += pcm
        if (over := self._end - self._sent - _HELD_MS * BYTES_PER_MS) > 0:
            self._sent += over
        self._trim()

    def take(self) -> bytes:
        """All whole chunks that wait, as one."""
        size = (self._end - self._sent) // self._chunk * self._chunk
        begin = self._sent - self._base
        self._sent += size
        taken = bytes(self._audio[begin : begin + size])
        self._trim()
        return taken

    def _trim(self) -> None:
        old = self._sent - RING_MS * BYTES_PER_MS - self._base
        # In steps: moving 96 kB for every chunk would cost more than the chunk.
        if old > RING_MS * BYTES_PER_MS:
            del self._audio[:old]
            self._base += old

    def understood(self) -> None:
        """Words came of what was heard so far."""
        self._unanswered = None
        self._understood = self._end

    def rewind(self) -> bool:
        """Send speech that no words came of once more, to another model.

        The last moments are sent again in any case: speech is only known for speech after a while.

        Returns:
            Whether the whole of it is still here: it began no more than 3 s ago.
        """
        oldest = max(self._base, self._sent - RING_MS * BYTES_PER_MS)
        begun = self._unanswered
        if begun is None:
            begun = max(self._understood, self._end - _LEAD_IN_MS * BYTES_PER_MS)
        self._sent = min(self._sent, max(oldest, begun))
        return self._unanswered is None or self._unanswered >= oldest
