"""The sentences of a chunk that answer a question best, verbatim."""

from collections.abc import Callable, Collection, Mapping, Sequence

from oratio.text.sentences import spans

type HeldIn = Callable[[Sequence[str], Collection[str]], list[set[str]]]

MAX_EXCERPT_CHARS = 400
LONG_LINE = 120  # characters; a shorter line is one piece
SPAN_COST = 0.02  # a longer run must add a wanted word


def excerpt(text: str, wanted: Mapping[str, float], held_in: HeldIn) -> str:
    """A run of sentences or lines of `text`, at most 400 characters, with the most weight of wanted words.

    Args:
        wanted: The question's stems with their weights.
        held_in: Says which of some stems each of some texts holds.
    """
    if len(text) <= MAX_EXCERPT_CHARS:
        return text.strip()
    pieces = _pieces(text)
    held = held_in([text[start:end] for start, end in pieces], wanted)
    best, window = -1.0, (0, 0)
    for first in range(len(pieces)):
        present: set[str] = set()
        for last in range(first, len(pieces)):
            if pieces[last][1] - pieces[first][0] > MAX_EXCERPT_CHARS and last > first:
                break
            present |= held[last]
            worth = sum(wanted[stem] for stem in present) - SPAN_COST * (last - first)
            if worth > best:
                best, window = worth, (first, last)
    first, last = _widened(pieces, *window)
    return _fitted(text, (pieces[first][0], pieces[last][1]))


def _widened(pieces: Sequence[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """The window with what follows it, then what leads to it, as long as there is room."""
    while last + 1 < len(pieces) and pieces[last + 1][1] - pieces[first][0] <= MAX_EXCERPT_CHARS:
        last += 1
    while first > 0 and pieces[last][1] - pieces[first - 1][0] <= MAX_EXCERPT_CHARS:
        first -= 1
    return first, last


def _pieces(text: str) -> list[tuple[int, int]]:
    """Return where each sentence or line starts and ends."""
    pieces: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        inner = spans(line) if len(line) > LONG_LINE else [(0, len(line))] if line.strip() else []
        pieces += [(at + start, at + end) for start, end in inner]
        at += len(line) + 1
    return pieces or [(0, len(text))]


def _fitted(text: str, span: tuple[int, int]) -> str:
    piece = text[span[0] : span[1]].strip()
    if len(piece) <= MAX_EXCERPT_CHARS:
        return piece
    cut = piece[:MAX_EXCERPT_CHARS]
    return cut[: cut.rfind(" ")] if " " in cut else cut
