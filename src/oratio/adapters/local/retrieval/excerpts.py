"""The sentences of a chunk that answer a question best, verbatim."""

from collections.abc import Callable, Mapping, Sequence

from oratio.adapters.local.retrieval.chunking import sentences

MAX_EXCERPT_CHARS = 400


def excerpt(text: str, wanted: Mapping[str, float], stems: Callable[[str], list[str]]) -> str:
    """A run of sentences or lines of `text`, at most 400 characters, with the most weight of wanted words.

    Args:
        wanted: The question's stems with their weights.
        stems: Turns a text into stems.
    """
    if len(text) <= MAX_EXCERPT_CHARS:
        return text.strip()
    spans = _spans(text)
    held = [{stem for stem in stems(text[start:end]) if stem in wanted} for start, end in spans]
    best, span = -1.0, spans[0]
    for first in range(len(spans)):
        present: set[str] = set()
        for last in range(first, len(spans)):
            start, end = spans[first][0], spans[last][1]
            if end - start > MAX_EXCERPT_CHARS and last > first:
                break
            gain = held[last] - present
            present |= held[last]
            if last > first and not gain and not _leads(text, spans[last - 1]):
                continue
            worth = sum(wanted[stem] for stem in present) - 0.02 * (last - first)
            if worth > best:
                best, span = worth, (start, end)
    return _fitted(text, span)


def _leads(text: str, span: tuple[int, int]) -> bool:
    return text[span[0] : span[1]].rstrip().endswith((":", "?"))


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


def wanted_words(stems: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    return dict(zip(stems, weights, strict=True))
