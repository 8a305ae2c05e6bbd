"""What the fake says, and how it fails."""

from dataclasses import dataclass
from typing import Any, Literal

MS_PER_WORD = 100
RATE = 24_000


@dataclass(frozen=True)
class NovaTurn:
    """One turn of the caller, and what Nova makes of it.

    Attributes:
        hears: What the caller is understood to have said.
        says: The reply, piece by piece; 100 ms of audio a word.
        tool: Name and arguments of a tool to call after `says`; `then` is said after its result ("{}" is the result).
        interrupted_by: The form in which a barge-in is told: how a TEXT block ends, how an AUDIO block ends, or the
            literal marker.
        stage: Whether text blocks tell their stage.
        details: Whether usage events have details.
    """

    hears: str
    says: tuple[str, ...] = ()
    tool: tuple[str, dict[str, Any]] | None = None
    then: tuple[str, ...] = ()
    interrupted_by: Literal["text", "audio", "marker"] = "text"
    stage: bool = True
    details: bool = True


@dataclass(frozen=True)
class NovaFault:
    """What goes wrong with one connection.

    Attributes:
        refuse: HTTP status and error type instead of a stream.
        slow_s: How long the stream takes to answer.
        at: When the rest happens: before the first event, after so many caller turns were answered, or in the middle
            of the answer to one.
        after_turns: See `at`.
        end: End the stream cleanly, by an exception (name, message), or by cutting the connection.
        deaf: Read nothing more.
    """

    refuse: tuple[int, str] | None = None
    slow_s: float = 0.0
    at: Literal["start", "turns", "answer"] = "start"
    after_turns: int = 0
    end: Literal["", "clean", "cut"] | tuple[str, str] = ""
    deaf: bool = False


FINE = NovaFault()


def tone(text: str) -> bytes:
    """Every sample 1000, 100 ms a word."""
    return b"\xe8\x03" * (RATE * MS_PER_WORD // 1000 * max(1, len(text.split())))
