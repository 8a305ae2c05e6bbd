"""What one response's audio is to the caller: queued, sent, heard.

Pure: audio goes in as it is synthesised, frames come out when they are due, and a ledger maps played time to text.
Audio leaves at real time with a lead, so that a stalled loop or network does not make a hole, and a barge-in has at
most the lead to take back. What the caller has heard is let go, so that a long answer holds no more than a short one.
"""

from dataclasses import dataclass

BYTES_PER_MS = 48
"""24 kHz, 16 bit, mono: the form all agent audio has inside the server."""

FRAME_MS = 20
_FRAME = FRAME_MS * BYTES_PER_MS
# Heard audio kept: a client may say late that it is behind our clock.
_KEPT = 100 * BYTES_PER_MS
_LET_GO = 40 * BYTES_PER_MS


@dataclass(slots=True)
class _Segment:
    """A piece of text and the range of audio, in bytes, that speaks it; `end` is None until it is whole."""

    text: str
    start: int
    end: int | None = None


class Playout:
    """One response.

    Invariant: `gone <= heard <= sent <= queued`, all in bytes from the response's first sample.
    """

    def __init__(self, *, lead_ms: int = 200) -> None:
        self._lead_ms = lead_ms
        # From byte `_gone` of the response on.
        self._audio = bytearray()
        self._gone = 0
        self._sent = 0
        self._segments: list[_Segment] = []
        # The moment at which the caller hears sample 0, given that all sent so far plays without a hole; None: no
        # audio has been sent since the start, a hold or a cut.
        self._epoch_ms: float | None = None
        self._held = False
        # The next hole is the caller's doing.
        self._excused = False
        # How long the caller heard nothing between the first sample and the last, because nothing was there.
        self.dry_ms = 0.0
        self._reported: tuple[float, float] | None = None

    @property
    def sent_ms(self) -> int:
        return self._sent // BYTES_PER_MS

    @property
    def queued_ms(self) -> int:
        """Audio not sent yet."""
        return (self._queued - self._sent) // BYTES_PER_MS

    @property
    def _queued(self) -> int:
        return self._gone + len(self._audio)

    @property
    def held(self) -> bool:
        """While set nothing more is sent; what the client holds plays on."""
        return self._held

    @held.setter
    def held(self, held: bool) -> None:
        self._held = held
        self._excused = self._excused or held

    def segment(self, text: str) -> None:
        """Audio pushed from here on speaks `text`."""
        self.close_segment()
        self._segments.append(_Segment(text, self._queued))

    def close_segment(self) -> None:
        if self._segments and self._segments[-1].end is None:
            self._segments[-1].end = self._queued

    def drop_open_segment(self) -> None:
        """Forget a piece that is not whole yet, as far as none of it was sent."""
        if self._segments and self._segments[-1].end is None and self._segments[-1].start >= self._sent:
            del self._audio[self._segments.pop().start - self._gone :]

    def push(self, pcm: bytes) -> None:
        self._audio += pcm

    def take(self, now_ms: float, *, whole: bool = False) -> bytes:
        """The frames that are due now, empty when none is.

        Args:
            whole: No more audio will come, so a last short frame may go.
        """
        if self._held:
            return b""
        available = self._gone + len(self._audio) - self._sent
        if available == 0 or (available < _FRAME and not whole):
            return b""
        sent_ms = self._sent // BYTES_PER_MS
        if self._epoch_ms is None or now_ms - self._epoch_ms > sent_ms:
            # First audio, or the caller has run dry: the next sample is heard now.
            if self._epoch_ms is not None and not self._excused:
                self.dry_ms += now_ms - self.ends_ms()
            self._epoch_ms = now_ms - self._sent / BYTES_PER_MS
        self._excused = False
        allowed = int((now_ms - self._epoch_ms + self._lead_ms - sent_ms) // FRAME_MS) * _FRAME
        size = max(0, min(allowed, available))
        if not (whole and size == available):
            size -= size % _FRAME
        begin, self._sent = self._sent - self._gone, self._sent + size
        pcm = bytes(self._audio[begin : begin + size])
        if len(self._audio) > _KEPT + _LET_GO:
            self._forget(self.heard_ms(now_ms) * BYTES_PER_MS - _KEPT)
        return pcm

    def _forget(self, until: int) -> None:
        """Let go of the audio before a byte of the response; not for a few frames at a time."""
        if until - self._gone > _LET_GO:
            del self._audio[: until - self._gone]
            self._gone = until

    def due_ms(self, *, whole: bool = False) -> float | None:
        """When `take` may next give something; None while there is nothing to give."""
        available = self._queued - self._sent
        if self.held or available == 0 or (available < _FRAME and not whole):
            return None
        if self._epoch_ms is None:
            return 0
        return self._epoch_ms + self.sent_ms - self._lead_ms + FRAME_MS

    def report(self, played_ms: float, now_ms: float) -> None:
        """The client says how much it has played."""
        self._reported = (min(played_ms, self.sent_ms), now_ms)

    def heard_ms(self, now_ms: float) -> int:
        """How much the caller has heard: by the client's word, else by the clock."""
        if self._reported is not None:
            played, at = self._reported
            return int(min(self.sent_ms, played + now_ms - at))
        if self._epoch_ms is None:
            return self.sent_ms
        return int(max(0, min(self.sent_ms, now_ms - self._epoch_ms)))

    def ends_ms(self) -> float:
        """When the last sent sample will have been heard."""
        return 0 if self._epoch_ms is None else self._epoch_ms + self.sent_ms

    def rewind(self, to_ms: int) -> None:
        """Play again from `to_ms`: the client has dropped what it had not played."""
        self._sent = max(self._gone, min(self._sent, to_ms * BYTES_PER_MS))
        self._epoch_ms = None
        self._reported = None

    def text_until(self, heard_ms: int) -> str:
        """The text the caller has heard; of a piece cut in the middle, whole words in proportion."""
        heard = heard_ms * BYTES_PER_MS
        parts = []
        for segment in self._segments:
            end = self._queued if segment.end is None else segment.end
            if heard >= end and segment.end is not None:
                parts.append(segment.text)
            elif heard > segment.start and end > segment.start:
                words = segment.text.split()
                parts.append(" ".join(words[: round(len(words) * (heard - segment.start) / (end - segment.start))]))
        return " ".join(part.strip() for part in parts if part.strip())
