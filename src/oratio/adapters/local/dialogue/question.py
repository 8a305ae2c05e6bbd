"""What is asked: the weighted words of a question and the kind of answer it wants."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from oratio.adapters.local.dialogue.lexicon import STOPWORDS
from oratio.adapters.local.dialogue.pleas import spoken
from oratio.adapters.local.dialogue.text import Term, content_stems, is_everyday, stem, terms, words

type Kind = Literal[
    "cost", "amount", "time", "duration", "place", "definition", "howto", "cause", "list", "allowed", "other"
]

ASIDE_SHARE = 0.2


class ParsedQuestion(NamedTuple):
    """A question taken apart.

    Attributes:
        text: As asked.
        terms: Its content words with weights; those of asides ("I forgot my jacket, how long ...") weigh less.
        keys: Stems without which nothing can be an answer: names, numbers, what is to be done, whose value is asked.
        relations: Small words that turn the meaning: after, before, off, without.
        kind: The kind of answer wanted.
        attribute: What a list is wanted of: statuses, payment methods.
    """

    text: str
    terms: tuple[Term, ...]
    keys: frozenset[str]
    relations: frozenset[str]
    kind: Kind
    attribute: frozenset[str] = frozenset()


_LEAD = r"^\W*(?:\w+\W+){0,3}?"
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))  # type: ignore[misc]
    for kind, pattern in (
        (
            "cause",
            rf"{_LEAD}why\b|\b(?:the|a|common|possible|likely) (?:\w+ )?(?:cause|reason)s?\b"
            r"|\bwhat (?:\w+ )?(?:causes?|reasons?)\b",
        ),
        (
            "cost",
            r"\bhow (?:much|expensive) (?:is|are|does|do|would|will|for|to)\b(?!.*\b(?:data|time|space|luggage"
            r"|weight)\b)"
            r"|\b(?:cost|costs|price|prices|fee|fees|charged|charge for|charges? (?:for|to))\b",
        ),
        (
            "duration",
            r"\b(?:how (?:long|soon|quickly|often)|what days?)\b",
        ),
        (
            "time",
            r"^\W*(?:\w+\W+){0,2}?when\b(?! (?:my|the|i|a|an|it|we|you)\b.*,)|\b(?:how (?:late|early)|what time"
            r"|which day|until when|opening hours|deadline)\b",
        ),
        (
            "amount",
            r"\bhow (?:many|much|big|large|old|fast|far|tall|heavy|small)\b|\b(?:what|which)(?: is| are"
            r"|s)? the (?:max\w*|min\w*|limit)\b",
        ),
        ("place", rf"{_LEAD}where\b"),
        (
            "list",
            r"\b(?:which|what)\b.{0,40}\b(?:options|ways|methods|types|kinds|statuses|levels|values|permissions|requirements"
            r"|prerequisites|symptoms|features|benefits|steps|rooms|plans|products)\b|^\W*which \w+s\b",
        ),
        (
            "howto",
            r"\bhow (?:do|can|should|to|would|could|must)\b|\bwhat (?:should|do|can|must) (?:i|we|you|the|a|be)\b"
            r"|\bsteps? to\b"
            r"|\bwhat (?:to do|now|happens if|if)\b|\bwhat happens\b",
        ),
        (
            "definition",
            r"^\W*(?:(?:and|so|ok|okay|please|tell me|can you)\W+)*(?:what(?:'?s| is| are| does| do)|who (?:is|are)"
            r"|define|meaning of|explain"
            r"|describe)\b",
        ),
        (
            "allowed",
            r"^\W*(?:(?:and|so|ok|okay|please)\W+)*(?:can|may|could|am i allowed|are we allowed|is it (?:possible"
            r"|allowed|ok|okay|permitted)"
            r"|do you (?:allow|accept|permit|have|offer|take)|is|are)\b",
        ),
    )
)
_RELATIONS = frozenset(("after", "before", "without", "off", "during", "not", "instead", "first"))
_MEASURE = re.compile(
    r"\b\d+(?:[.,]\d+)?(?=[\s-]*(?:years?|yrs?|people|persons?|guests?|adults?|kids?|children|nights?|days?|weeks?|months?|hours?|minutes?|euros?|dollars?|%))"
)
_ACTION = re.compile(
    r"\b(?:how (?:do|can|could|should|would|to)(?: (?:i|we|you|one))?|can i|can we|could i|may i|is it possible to"
    r"|am i able to|do you|can you|will you|would you) (?:please |also |still )?(\w+(?: (?:up|off|on|out))?)"
)
_ATTRIBUTE = re.compile(
    r"\b(?:what(?:'s| is| are)|who(?:'s| is)) (?:the |your |my |a |an )((?:\w+ ){0,2}\w+)(?: (?:of|for|in|on|at)\b"
    r"|\W*$)"
)
_LISTED = re.compile(r"\b(?:which|what)(?: are| is)?(?: the| your| all)* ((?:\w+ ){0,2}?\w+s)\b")
_TROUBLE = re.compile(
    r"\b(?:not|doesnt|dont|isnt|wont|cant|cannot|never|no longer|stopped|broken|slow|fails?|failed|error|trouble"
    r"|unable|lost|stuck|keeps)\b"
)
_CLAUSE = re.compile(
    r"(?<=[.!?;])\s+|,\s+(?=(?:and |but |so )?(?:how|what|when|where|who|which|why|can|could|do|does|is|are|will"
    r"|should|may)\b)"
)
_ASKS = re.compile(
    r"\b(?:how|what|when|where|who|which|why|whose)\b|^(?:and |but |so )?(?:can|could|do|does|is|are|will|should"
    r"|may|did|has|have|am)\b"
)


def is_trouble(text: str) -> bool:
    """Whether a message states that something does not work."""
    return bool(_TROUBLE.search(spoken(text)))


def question(text: str, context: Iterable[Term] = ()) -> ParsedQuestion:
    """Take a question apart; `context` adds terms of the topic it follows up."""
    clauses = [clause for clause in _CLAUSE.split(text.strip()) if content_stems(clause)] or [text]
    asking = [clause for clause in clauses if _ASKS.search(clause.lower()) or clause.rstrip().endswith("?")]
    if not any(term.weight >= 1 for clause in asking for term in terms(clause)):
        asking = clauses
    main = " ".join(asking)
    lowered = " ".join(main.lower().replace("\u2019", "'").split())
    kind: Kind = next((kind for kind, pattern in _KINDS if pattern.search(lowered)), "other")
    if kind == "other" and is_trouble(text):
        kind = "howto"
    measures = {found.group() for found in _MEASURE.finditer(lowered)}
    weighted: dict[str, Term] = {}
    for term in terms(main):
        quantity = term.stem in measures or (kind == "cost" and term.stem in _PRICE)
        weighted[term.stem] = term._replace(weight=0.4, entity=False) if quantity else term
    for term in context:
        weighted.setdefault(term.stem, term._replace(entity=False))
    for term in (term for clause in clauses if clause not in asking for term in terms(clause)):
        weighted.setdefault(term.stem, term._replace(weight=term.weight * ASIDE_SHARE, entity=False))
    found = tuple(weighted.values())
    relations = _RELATIONS & set(words(main))
    listed = _LISTED.search(lowered) if kind == "list" else None
    attribute = frozenset(content_stems(listed[1])) if listed else frozenset()
    return ParsedQuestion(text, found, _keys(lowered, found, kind), frozenset(relations), kind, attribute)


_PRICE = frozenset(map(stem, ["price", "cost", "fee", "charge", "rate", "much"]))


def _keys(lowered: str, found: tuple[Term, ...], kind: Kind) -> frozenset[str]:
    by_stem = {term.stem: term for term in found}
    head = re.split(r"\b(?:if|when|while|because|although|once|after|before)\b", lowered)[0]
    if content_stems(head):
        lowered = head
    keys = {term.stem for term in found if term.entity}
    wanted: list[str] = []
    if action := _ACTION.search(lowered):
        wanted += words(action[1])[:1]
    if attribute := _ATTRIBUTE.search(lowered):
        wanted += words(attribute[1])
    if kind == "allowed" and (last := content_stems(lowered)[-1:]) and re.match(r"(?:is|are)\b", lowered):
        keys.update(word for word in last if word in by_stem and by_stem[word].weight >= 1)
    if kind in ("cost", "amount", "time", "duration", "place"):
        wanted += [word for word in words(lowered) if not is_everyday(word)]
    for word in wanted:
        if (
            word not in STOPWORDS
            and not is_everyday(word)
            and stem(word) in by_stem
            and by_stem[stem(word)].weight >= 1
        ):
            keys.add(stem(word))
    return frozenset(keys)
