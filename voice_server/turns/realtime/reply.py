"""One reply of a speech-to-speech model, or a line it says by order: its words, its audio, and what became of it."""

from dataclasses import dataclass, field

from oratio.domain.conversations.conversation import Role
from voice_server.audio.playout import Playout


@dataclass(slots=True)
class RealtimeReply:
    """Attributes:
    number: The model's own; None for a line.
    utterance: The line's; None for a reply.
    ended: The model has given out all of its audio.
    """

    response_id: str
    item_id: str
    playout: Playout
    number: int | None = None
    utterance: int | None = None
    role: Role = "assistant"
    # What is about to be said, by pieces, and of each the words really said as far as the model reported them.
    pieces: list[str] = field(default_factory=list)
    finals: list[str] = field(default_factory=list)
    # Words whose audio has not started.
    unvoiced: str = ""
    ended: bool = False
    begun: bool = False
    audio_on: bool = False
    audio_done: bool = False
    first_out_ms: float | None = None

    def add(self, text: str) -> None:
        self.pieces.append(text)
        self.unvoiced += text

    def voice(self, pcm: bytes) -> None:
        if self.unvoiced:
            self.playout.segment(self.unvoiced)
            self.unvoiced = ""
        self.playout.push(pcm)

    def end(self) -> None:
        self.ended = True
        self.playout.close_segment()

    @property
    def planned(self) -> str:
        return "".join(self.pieces)

    @property
    def said(self) -> str:
        """All of it: the final words where the model reported them, else the planned ones."""
        rest = self.pieces[len(self.finals) :]
        return " ".join(text.strip() for text in (*self.finals, "".join(rest)) if text.strip())
