"""Content words of phrases, and how far two phrases speak of the same thing."""

# ruff: noqa: RUF001 - it reads typographic apostrophes

import re
from functools import lru_cache

from oratio.authoring.procedures.grammar import grammar_of

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return a word without its commonest endings; only to compare words of one SOP with one another."""
    word = re.sub(r"['’]\w*$", "", word)
    for ending in ("ies", "ungen", "ing", "ed", "es", "en", "er", "s", "e", "n", "o", "a"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)].rstrip("i") + ("i" if ending == "ies" else "")
    return word


@lru_cache(maxsize=8192)
def content(text: str, tag: str) -> tuple[str, ...]:
    """Return the stems of the words that carry meaning, without repetition; opposites (`on`, `off`) are kept."""
    grammar = grammar_of(tag)
    kept = _opposites(tag)
    words = (word for word in tokens(text) if word in kept or word not in grammar.stop)
    return tuple(dict.fromkeys(word if word in kept else stem(word) for word in words))


@lru_cache
def _opposites(tag: str) -> frozenset[str]:
    return frozenset(word for pair in grammar_of(tag).opposites for word in pair)


@lru_cache(maxsize=1024)
def opposite(word: str, tag: str) -> frozenset[str]:
    """Return the words that mean the opposite."""
    return frozenset(
        other for pair in grammar_of(tag).opposites for word_, other in (pair, pair[::-1]) if word_ == word
    )


def share(part: tuple[str, ...], whole: tuple[str, ...]) -> float:
    """Return the share of `part`'s words that occur in `whole`; 0 for no words."""
    return sum(word in whole for word in part) / len(part) if part else 0.0
