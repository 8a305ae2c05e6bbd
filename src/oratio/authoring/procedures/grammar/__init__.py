"""Grammar words of the languages that the compiler reads: one table a language, no domain words."""

import re
from functools import cache

from oratio.authoring.procedures.grammar.base import Grammar
from oratio.authoring.procedures.grammar.de import GERMAN
from oratio.authoring.procedures.grammar.en import ENGLISH
from oratio.authoring.procedures.grammar.es import SPANISH
from oratio.authoring.procedures.grammar.fr import FRENCH

_GRAMMARS = {grammar.tag: grammar for grammar in (ENGLISH, GERMAN, SPANISH, FRENCH)}
_WORD = re.compile(r"[^\W\d_]+")

LANGUAGES = tuple(_GRAMMARS)


def grammar_of(tag: str) -> Grammar:
    """Return the grammar of a language, the English one for a language that is not read."""
    return _GRAMMARS.get(tag, ENGLISH)


@cache
def _common() -> dict[str, frozenset[str]]:
    return {tag: grammar.common for tag, grammar in _GRAMMARS.items()}


def language_of(text: str, usual: str) -> str:
    """Return the language of a sentence: the usual one unless another fits clearly better."""
    words = _WORD.findall(text.lower())
    scores = {tag: sum(word in common for word in words) for tag, common in _common().items()}
    best = max(scores, key=lambda tag: scores[tag])
    return best if scores[best] >= scores.get(usual, 0) + 2 else usual
