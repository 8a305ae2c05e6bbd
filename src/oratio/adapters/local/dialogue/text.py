"""Words, stems and terms: how the rules compare one wording with another."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

from oratio.adapters.local.dialogue.lexicon import EVERYDAY, IRREGULAR, STOPWORDS, SYNONYMS
from oratio.text.stemming import stemmer

EXACT = 1.0
TYPO = 0.8
SYNONYM = 0.75

_TOKEN = re.compile(r"\d+(?:\.\d+)+|[a-z0-9]+(?:'[a-z]+)?")
_UNIFY = (
    (re.compile(r"wi[\s-]?fi\b"), "wifi"),
    (re.compile(r"\be[\s-]mail"), "email"),
    (re.compile(r"\bsign[\s-]up\b"), "signup"),
    (re.compile(r"\btop[\s-]up\b"), "topup"),
    (re.compile(r"\bsend(?:ing)? back\b"), "return"),
    (re.compile(r"\bmoney back\b"), "refund"),
    (re.compile(r"\bre-"), "re"),
    (re.compile(r"\be-?bike"), "electric bike"),
    (re.compile(r"\be-sim\b"), "esim"),
    (re.compile(r"\bstands? for\b"), "mean"),
    (re.compile(r"\bcheck(?:ing|ed)?[\s-]?in\b"), "checkin"),
    (re.compile(r"\bcheck(?:ing|ed)?[\s-]?out\b"), "checkout"),
    (re.compile(r"(?<=\d)(?=(?:gb|mb|kb|km|kg|am|pm)\b)"), " "),
)


class Term(NamedTuple):
    """One content word of a question.

    Attributes:
        stem: What it is compared by.
        weight: 0.5 for everyday words, 1 for content words, 1.3 for names, numbers and acronyms.
        entity: A name, number or acronym; an answer that lacks it is most likely about something else.
    """

    stem: str
    weight: float
    entity: bool


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Lower-case words in order; `check_status_bar` is three of them, `Wi-Fi` is one."""
    lowered = text.lower().replace("\u2019", "'").replace("_", " ")
    for pattern, replacement in _UNIFY:
        lowered = pattern.sub(replacement, lowered)
    return tuple(match.group().removesuffix("'s").replace("'", "") for match in _TOKEN.finditer(lowered))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem a word is compared by; numbers and very short words are their own."""
    base = IRREGULAR.get(word, word)
    if len(base) <= 3 or not base.isalpha() or (base == word and word in IRREGULAR):
        return base
    return stemmer().stem(base)


def stems(text: str) -> list[str]:
    """Stems of all words in order, function words included."""
    return [stem(word) for word in words(text)]


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry content, in order, without repeats."""
    return list(dict.fromkeys(stem(word) for word in words(text) if word not in STOPWORDS))


_EVERYDAY_STEMS = frozenset(stem(word) for word in EVERYDAY)


def is_everyday(word: str) -> bool:
    """Whether a word is too common to tell one subject from another."""
    return stem(word) in _EVERYDAY_STEMS


def _synonym_table() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for group in SYNONYMS:
        members = frozenset(stem(word) for word in group)
        for member in members:
            table[member] = table.get(member, frozenset()) | members
    return table


_SYNONYM_STEMS = _synonym_table()


def terms(question: str) -> list[Term]:
    """The content words of a question, weighted, in order."""
    names = _names(question)
    found: dict[str, Term] = {}
    for word in words(question):
        if (word in STOPWORDS and word not in names) or (len(word) == 1 and not word.isdigit()):
            continue
        key = stem(word)
        entity = word in names or word.replace(".", "").isdigit()
        weight = 1.3 if entity else 0.5 if key in _EVERYDAY_STEMS else 1.0
        if key not in found or entity:
            found[key] = Term(key, weight, entity)
    return list(found.values())


def _names(question: str) -> set[str]:
    """Words written as a name or acronym: capitals that do not merely open a sentence."""
    names: set[str] = set()
    for match in re.finditer(r"(?<![.!?]\s)(?<!^)\b(?:[A-Z][\w'-]*|\w*\d\w*)", question.strip()):
        if match.group().lower() not in {"i", "i'm", "i've", "i'd", "i'll", "ok"}:
            names.update(words(match.group()))
    return names


def match(term: str, bag: Collection[str]) -> float:
    """How well one stem is met by a set of stems: 1 exact, less for a synonym or a slip of the pen."""
    if term in bag:
        return EXACT
    if not _SYNONYM_STEMS.get(term, frozenset()).isdisjoint(bag):
        return SYNONYM
    return TYPO if len(term) >= 6 and any(_one_edit(term, other) for other in bag) else 0.0


def _one_edit(left: str, right: str) -> bool:
    """Whether one letter added, dropped, changed or swapped with its neighbour turns one into the other."""
    if left[0] != right[:1] or not -2 < len(left) - len(right) < 2:
        return False
    start = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    if len(left) == len(right):
        return left[start + 1 :] == right[start + 1 :] or (
            left[start : start + 2] == right[start : start + 2][::-1] and left[start + 2 :] == right[start + 2 :]
        )
    short, long = sorted((left, right), key=len)
    return short[start:] == long[start + 1 :]


def coverage(wanted: Iterable[Term], bag: Collection[str]) -> float:
    """The weight of the terms that a set of stems meets, over the weight of all; 0 for no terms."""
    total = met = 0.0
    for term in wanted:
        total += term.weight
        met += term.weight * match(term.stem, bag)
    return met / total if total else 0.0
