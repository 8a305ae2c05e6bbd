"""The sentences of a chunk that answer a question best, verbatim."""

from collections.abc import Callable, Collection, Mapping, Sequence

from oratio.retrieval.chunking import sentences

type HeldIn = Callable[[Sequence[str], Collection[str]], list[set[str]]]

MAX_EXCERPT_CHARS = 400
SPAN_COST = 0.02  # a longer run must add a wanted word


def excerpt(text: str, wanted: Mapping[str, float], held_in: HeldIn) -> str:
    """A run of sentences or lines of `text`, at most 400 characters, with the most weight of wanted words.

    Args:
        wanted: The question's stems with their weights.
        held_in: Tells which of some stems each of some texts holds.
    """
    if len(text) <= MAX_EXCERPT_CHARS:
        return text.strip()
    spans = _spans(text)
    held = held_in([text[start:end] for start, end in spans], wanted)
    best, window = -1.0, (0, 0)
    for first in range(len(spans)):
        present: set[str] = set()
        for last in range(first, len(spans)):
            if spans[last][1] - spans[first][0] > MAX_EXCERPT_CHARS and last > first:
                break
            present |= held[last]
            worth = sum(wanted[stem] for stem in present) - SPAN_COST * (last - first)
            if worth > best:
                best, window = worth, (first, last)
    first, last = _widened(spans, *window)
    return _fitted(text, (spans[first][0], spans[last][1]))


def _widened(spans: Sequence[tuple[int, int]], first: int, last: int) -> tuple[int, int]:
    """The window with what follows it, then what leads to it, as long as there is room."""
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= MAX_EXCERPT_CHARS:
        last += 1
    while first > 0 and spans[last][1] - spans[first - 1][0] <= MAX_EXCERPT_CHARS:
        first -= 1
    return first, last


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence or line begins and ends."""
    spans = []
    at = 0
    for line in text.split("\n"):
        for sentence in sentences(line) if len(line) > 120 else [line]:
            start = text.index(sentence, at)
            at = start + len(sentence)
            if sentence.strip():
                spans.append((start, at))
    return spans or [(0, len(text))]


def _fitted(text: str, span: tuple[int, int]) -> str:
    piece = text[span[0] : span[1]].strip()
    if len(piece) <= MAX_EXCERPT_CHARS:
        return piece
    cut = piece[:MAX_EXCERPT_CHARS]
    return cut[: cut.rfind(" ")] if " " in cut else cut
