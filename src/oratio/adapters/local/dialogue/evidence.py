"""Do these passages answer this question, and with which sentences?

Evidence is absolute (0 to 1, comparable across questions): how much of the question's weight the best few
neighbouring sentences meet, with their headings; less when a name or number of the question is missing or the kind of
answer asked for (a price, a time, a count) is not there; a little more for the engine's own similarity.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from oratio.adapters.local.dialogue.text import Term, match, stems, terms
from oratio.adapters.local.dialogue.units import Unit, cut

type Kind = Literal["cost", "amount", "time", "place", "definition", "howto", "cause", "list", "other"]

HEADING_SHARE = 0.7
CONTEXT_SHARE = 0.45
WIDTH_PENALTY = 0.05
MAX_UNITS = 3
DEFAULT_THRESHOLD = 0.6


class Passage(NamedTuple):
    """A search result as the rules need it; `similarity` is None where the engine gives none."""

    id: str
    path: str
    text: str
    page: int | None = None
    heading: str = ""
    similarity: float | None = None


class Question(NamedTuple):
    """What is asked: its words, its weighted terms, and the kind of answer it wants."""

    text: str
    terms: tuple[Term, ...]
    kind: Kind


class Evidence(NamedTuple):
    """The best place of one passage. `score` is absolute; `units` are in reading order."""

    passage: Passage
    score: float
    units: tuple[Unit, ...]
    first: int
    last: int


_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "cost",
        re.compile(
            r"\b(how much (?:is|are|does|do|would|will|for|to)\b|how expensive|cost|costs|price|prices|fee|fees|charge for|charged?)\b"
        ),
    ),
    (
        "time",
        re.compile(
            r"\b(when\b|how (?:long|soon|quickly|often)|what time|which day|what days|until when|opening hours|how late|how early|deadline)"
        ),
    ),
    (
        "amount",
        re.compile(
            r"\b(how (?:many|much|far|big|large|old|fast)|what (?:is|'s|are) the (?:max|maximum|min|minimum|limit)|maximum|minimum)\b"
        ),
    ),
    ("place", re.compile(r"^\W*(?:\w+\W+){0,3}?where\b")),
    (
        "cause",
        re.compile(r"^\W*(?:\w+\W+){0,3}?why\b|\bwhat (?:is |are )?(?:\w+ ){0,2}(?:cause|causes|reason|reasons)\b"),
    ),
    (
        "list",
        re.compile(
            r"\b(?:which|what)\b.{0,40}\b(?:reasons|causes|options|ways|methods|types|kinds|statuses|levels|values|permissions|requirements|prerequisites)\b"
        ),
    ),
    (
        "howto",
        re.compile(
            r"\b(how (?:do|can|should|to|would|could|must)\b|what (?:should|do|can|must) (?:i|we|you|the|a) |steps? to|what (?:to do|now)|what happens if)"
        ),
    ),
    (
        "definition",
        re.compile(
            r"^\W*(?:(?:and|so|ok|okay|please|tell me)\W+)*(?:what(?:'s| is| are| does| do)|who (?:is|are)|define|meaning of|explain)\b"
        ),
    ),
)
_ANSWERS: dict[Kind, re.Pattern[str]] = {
    "cost": re.compile(
        r"[$\u20ac\u00a3\u00a5]|\b\d+(?:[.,]\d+)?\s*(?:usd|eur|gbp|dollars?|euros?|pounds?|cents?|%|percent)\b|\bfree\b|\bno (?:\w+ )?(?:cost|charge|fee)|\bat (?:a|no) (?:price|cost)|\bincluded\b|\bprice",
        re.I,
    ),
    "time": re.compile(
        r"\d|\b(?:second|minute|hour|day|week|month|year|daily|weekly|monthly|yearly|noon|midnight|immediately|always|never|every|once|twice|before|after|until|when|only if|within|any ?time|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?\b",
        re.I,
    ),
    "amount": re.compile(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|single|once|twice|both|no|none|unlimited|at least|at most|only|any)\b",
        re.I,
    ),
}
_HOWTO = re.compile(
    r"\b(?:guide|ask|use|using|select|choose|open|press|go to|turn|reset|check|you can|you must|must|should|need to|please|instruct|call|send|follow|change|contact|visit|write|bring|add|confirm|reply|click|tap)\b",
    re.I,
)
_DANGLING = re.compile(
    r"^(?:if )?(?:it|this|that|these|those|they|them|he|she|such|to do so|however|otherwise|after that|then|also|in this case|in that case|once (?:it|this)|its|their)\b",
    re.I,
)


def question(text: str, context: Iterable[Term] = ()) -> Question:
    """A question with the kind of answer it wants; `context` adds terms of the topic it follows up."""
    lowered = " ".join(text.lower().split())
    kind: Kind = next((kind for kind, pattern in _KINDS if pattern.search(lowered)), "other")
    own = terms(text)
    extra = [term for term in context if term.stem not in {known.stem for known in own}]
    return Question(text, tuple(own + extra), kind)


def passages_of(result: Any) -> list[Passage]:
    """The passages in a search result; whatever is malformed is left out."""
    found: list[Passage] = []
    entries = result.get("passages") if isinstance(result, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            continue
        page, similarity = entry.get("page"), entry.get("similarity")
        found.append(
            Passage(
                id=str(entry.get("id", "")),
                path=str(entry.get("path", "")),
                text=entry["text"],
                page=page if isinstance(page, int) else None,
                heading=str(entry.get("heading") or ""),
                similarity=float(similarity) if isinstance(similarity, int | float) else None,
            )
        )
    return found


def best(asked: Question, passages: Sequence[Passage]) -> Evidence | None:
    """The passage and sentences that answer best, however weakly; None when there is nothing to say."""
    found = [evidence for rank, passage in enumerate(passages) if (evidence := weigh(asked, passage, rank))]
    return max(found, key=lambda evidence: evidence.score, default=None)


def weigh(asked: Question, passage: Passage, rank: int = 0) -> Evidence | None:
    """The best window of one passage and its evidence; `rank` (0 first) only breaks ties."""
    units = cut(passage.text)
    if not asked.terms or not units:
        return None
    met = [[match(term.stem, unit.stems) for term in asked.terms] for unit in units]
    everywhere = [max(row[i] for row in met) for i in range(len(asked.terms))]
    top: Evidence | None = None
    for first, last in _windows(units):
        score = _score(asked, passage, units, met, everywhere, first, last) - 0.004 * rank
        if top is None or score > top.score + 1e-9:
            top = Evidence(passage, score, units[first : last + 1], first, last)
    return top


def _windows(units: Sequence[Unit]) -> list[tuple[int, int]]:
    """Runs of up to MAX_UNITS neighbouring units under one heading, headings left out."""
    spans = []
    for first, unit in enumerate(units):
        if unit.kind == "heading":
            continue
        for last in range(first, min(first + MAX_UNITS, len(units))):
            if units[last].kind == "heading" or units[last].section != unit.section:
                break
            spans.append((first, last))
    return spans


def _score(
    asked: Question,
    passage: Passage,
    units: Sequence[Unit],
    met: Sequence[Sequence[float]],
    everywhere: Sequence[float],
    first: int,
    last: int,
) -> float:
    headings = _stems(f"{passage.heading} {units[first].section}")
    total = got = missing = 0.0
    for index, term in enumerate(asked.terms):
        own = max(met[row][index] for row in range(first, last + 1))
        value = max(own, HEADING_SHARE * match(term.stem, headings), CONTEXT_SHARE * everywhere[index])
        total += term.weight
        got += term.weight * value
        if term.entity and value == 0.0:
            missing += 1
    score = got / total - WIDTH_PENALTY * (last - first)
    text = " ".join(unit.text for unit in units[first : last + 1])
    score += _fit(asked, units[first], text)
    if missing:
        score *= 0.7
    if passage.similarity is not None:
        score += 0.2 * (passage.similarity - 0.5)
    return score


def _fit(asked: Question, unit: Unit, text: str) -> float:
    """Whether the sentences are of the kind asked for: a small bonus, or a penalty."""
    if pattern := _ANSWERS.get(asked.kind):
        return 0.05 if pattern.search(text) else -0.25
    if asked.kind == "howto":
        return 0.06 if _HOWTO.search(text) else -0.05
    if asked.kind == "definition":
        return 0.08 if _defines(asked, unit) else 0.0
    return 0.0


def _defines(asked: Question, unit: Unit) -> bool:
    """Whether a unit opens with what is asked about: `MMS is ...`, `check_sim_status - Checks ...`."""
    opening = set(
        stems(" ".join(re.split(r"\s+(?:-|is|are|means|allows|shows)\s+|:", unit.text, maxsplit=1)[0].split()[:8]))
    )
    subject = [term for term in asked.terms if term.weight > 0.5] or list(asked.terms)
    return all(match(term.stem, opening) for term in subject)


def extend(asked: Question, evidence: Evidence, limit: int) -> tuple[Unit, ...]:
    """The units to say: the best window, with what it hangs on (what "it" means, a list's items), in reading order."""
    units = cut(evidence.passage.text)
    first, last = evidence.first, evidence.last
    while first > 0 and last - first + 1 < limit and _hangs(units, first):
        first -= 1
    if units[first].kind == "lead" or (units[first].kind == "item" and units[first].text.endswith(":")):
        last = max(last, _end_of_list(units, first))
    elif asked.kind in ("howto", "list", "cause") and units[first].kind == "item" and units[first].marker[:1].isdigit():
        last = max(last, first)
    return units[first : last + 1]


def _hangs(units: Sequence[Unit], index: int) -> bool:
    unit, before = units[index], units[index - 1]
    if before.kind == "heading" or before.section != unit.section:
        return False
    if unit.kind == "item" and not unit.marker:
        return True
    return bool(_DANGLING.match(unit.text)) and before.kind != "row"


def _end_of_list(units: Sequence[Unit], lead: int) -> int:
    """The last item of the list that a lead announces; items deeper than the lead when it is an item itself."""
    depth = units[lead].depth if units[lead].kind == "item" else -1
    last = lead
    for index in range(lead + 1, len(units)):
        unit = units[index]
        if unit.kind not in ("item", "row") or unit.depth <= depth or unit.section != units[lead].section:
            break
        last = index
    return last


@lru_cache(maxsize=2048)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stems(text))
