"""What a turn is made of: a prompt, and the response that is being given."""

import re
from dataclasses import dataclass, field

from oratio.domain.conversations.conversation import Role, TurnResult
from voice_server.audio.playout import Playout
from voice_server.audio.tts_chunker import TtsChunker

_BACK_CHANNEL = re.compile(
    r"(?:(?:uh|um|mm+|hm+|aha|ah|oh|mhm|uh-?huh|mm-?hm+|okay|ok|yeah|yep|(?:al|all )?right|sure|i see|got it)"
    r"[\s.,!-]*)+",
    re.IGNORECASE,
)


def is_back_channel(text: str) -> bool:
    """Whether words over the agent's speech only mean "go on"."""
    return not re.search(r"\w", text) or bool(_BACK_CHANNEL.fullmatch(text.strip()))


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    # When the caller ended speaking, or sent the text.
    ended_ms: float


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """Words that are not the agent's answer, said in its voice."""

    text: str
    role: Role = "assistant"


@dataclass(slots=True)
class Response:
    response_id: str
    item_id: str
    prompt: Prompt
    playout: Playout
    # The agent's turn behind it; None for a line of our own.
    turn: int | None
    role: Role = "assistant"
    clauses: TtsChunker = field(default_factory=TtsChunker)
    text: str = ""
    # No more text will come.
    complete: bool = False
    failed: bool = False
    result: TurnResult | None = None
    # Utterances asked for and not whole yet, in order, with the text each stands for ("" for a holding line).
    waiting: dict[int, str] = field(default_factory=dict)
    # The utterance whose audio is coming in.
    open_utterance: int | None = None
    audio_on: bool = False
    audio_done: bool = False
    # ms heard when the caller broke in; set between `interrupt` and the decision to give up or go on.
    cut_ms: int | None = None
    first_out_ms: float | None = None

    @property
    def all_queued(self) -> bool:
        return self.complete and not self.waiting
