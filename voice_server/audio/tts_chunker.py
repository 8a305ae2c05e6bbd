"""Cuts an answer, as it streams in, into pieces to synthesise: a short first one, so that the voice begins early."""

import re

from oratio.text.sentences import ends

_FIRST_WORDS = 6
_SECOND_WORDS = 12
_LATER_WORDS = 24
_LINE = re.compile(r"\n+")
_SPACE = re.compile(r"\s*")
_CLAUSE = re.compile(r"(?<=[,;:\u2013\u2014])\s+")


class TtsChunker:
    """Feed text, get pieces; their concatenation, spaces aside, is the text."""

    def __init__(self) -> None:
        self._rest = ""
        self._given = 0

    def feed(self, text: str) -> list[str]:
        """Pieces that are whole now: a sentence, or enough of a long one."""
        self._rest += text
        pieces: list[str] = []
        while (cut := self._cut()) is not None:
            self._emit(self._rest[:cut], pieces)
            self._rest = self._rest[cut:]
        return pieces

    def finish(self) -> list[str]:
        """The pieces left when no more text comes."""
        pieces = self.feed("\n")
        self._emit(self._rest, pieces)
        self._rest = ""
        return pieces

    def _emit(self, piece: str, pieces: list[str]) -> None:
        if re.search(r"\w", piece):
            pieces.append(piece.strip())
            self._given += 1
        elif pieces and piece.strip():
            pieces[-1] += piece.strip()

    def _cut(self) -> int | None:
        """Where the first piece of the rest ends, None while it is not certain."""
        limit = (_FIRST_WORDS, _SECOND_WORDS)[self._given] if self._given < 2 else _LATER_WORDS
        end = _sentence_end(self._rest)
        sentence = self._rest[:end]
        if len(sentence.split()) <= limit:
            return end
        clause = self._clause(sentence, limit)
        if clause is not None:
            return clause
        return _word_end(sentence, limit) if len(sentence.split()) > limit + 2 else end

    def _clause(self, sentence: str, limit: int) -> int | None:
        ends = [found.end() for found in _CLAUSE.finditer(sentence)]
        fitting = [end for end in ends if 2 <= len(sentence[:end].split()) <= limit]
        return fitting[-1] if fitting else None


def _sentence_end(text: str) -> int | None:
    """Return the position after the first sentence or line and the space behind it, None while neither is whole."""
    line = _LINE.search(text)
    head = text[: line.start()] if line else text
    for end in ends(head):
        if end < len(head):  # a mark at the very end may be the point of a number
            return _space_end(text, end)
    return line.end() if line else None


def _space_end(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _word_end(text: str, words: int) -> int:
    """The position after so many words and the space behind them."""
    found = list(re.finditer(r"\S+\s+", text))
    return found[min(words, len(found)) - 1].end() if found else len(text)
