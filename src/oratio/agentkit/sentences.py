"""Sentences of a text, by their end marks: the one place that decides where one ends.

An end mark does not end a sentence inside a quotation, after an abbreviation or an initial, after a number that opens
a list item, or (a full stop) before a small letter. Total and linear: each pattern repeats over a bounded count or
over disjoint classes.
"""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import re
from collections.abc import Iterator

# Chinese and Japanese end marks need no space after them.
_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*(?=\s|$)|[。！？]+")
_QUOTATION = re.compile(
    r"\"[^\"]{1,300}\"|“[^”]{1,300}”|„[^“”]{1,300}[“”]|«[^»]{1,300}»|(?<!\w)'(?:[^']|(?<=\w)'(?=\w)){2,200}'(?!\w)"
)
# No sentence ends in these.
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|mr|mrs|ms|dr|prof|st|approx|incl|resp|ca|bzw|ggf|evtl|z\.\s?b|d\.\s?h|u\.\s?a)"
    r"|(?:^|[\s(])[^\W\d_])\.$",
    re.IGNORECASE,
)
# These stand before a number; "The answer is no." ends a sentence.
_BEFORE_NUMBER = re.compile(r"\b(?:no|nr|fig|sec|art|tel|ext|max|min|vol|pp?)\.$", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"\d{1,3}\.")
_LOOK_BACK = 12  # characters, more than the longest abbreviation


def sentences(text: str) -> list[str]:
    """Return the sentences of one paragraph, verbatim, without the space between them."""
    return [text[start:end] for start, end in spans(text)]


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence starts and ends; the space between two is in neither."""
    start = _skip_space(text, 0)
    for end in ends(text):
        if end > start:
            yield start, end
            start = _skip_space(text, end)
    if rest := text[start:].rstrip():
        yield start, start + len(rest)


def ends(text: str) -> Iterator[int]:
    """Yield the position after each end mark that ends a sentence, and after the closing marks that follow it."""
    quoted = [match.span() for match in _QUOTATION.finditer(text)]
    start = at_quote = 0
    for mark in _END.finditer(text):
        while at_quote < len(quoted) and quoted[at_quote][1] < mark.end():
            at_quote += 1
        inside = at_quote < len(quoted) and quoted[at_quote][0] < mark.start() and mark.end() < quoted[at_quote][1]
        if not inside and not _goes_on(text, start, mark):
            yield mark.end()
            start = mark.end()


def _goes_on(text: str, start: int, mark: re.Match[str]) -> bool:
    """Return True if the sentence that starts at `start` goes on behind an end mark."""
    if not mark[0].startswith("."):
        return False
    after = text[mark.end() : mark.end() + 3].lstrip()[:1]
    before = text[max(start, mark.start() + 1 - _LOOK_BACK) : mark.start() + 1]
    return (
        after.islower()
        or _ABBREVIATION.search(before) is not None
        or (after.isdigit() and _BEFORE_NUMBER.search(before) is not None)
        or (after != "" and _LIST_NUMBER.fullmatch(text[start : mark.start() + 1].strip()) is not None)
    )


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
