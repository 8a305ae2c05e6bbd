"""Do these passages answer this question, and where?

Evidence is absolute (0 to 1 and a little above, comparable across questions): how much of the question's weight the
best one to three neighbouring sentences meet, with their headings. It falls when a key word of the question (a name,
a number, the thing to be done) is nowhere near, or when the kind of answer asked for (a price, a time, a count) is not
there; it rises when the heading asks the same or the sentence defines what is asked about, and with the engine's own
similarity.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from oratio.adapters.local.dialogue.question import Kind, ParsedQuestion
from oratio.adapters.local.dialogue.text import content_stems, match, stems
from oratio.adapters.local.dialogue.units import AnswerUnit, cut

HEADING_SHARE = 0.8
CONTEXT_SHARE = 0.4
WIDTH_PENALTY = 0.06
KEY_PENALTY = 0.25
GAP_PENALTY = 0.06
SIMILARITY_SHARE = 0.6
RANK_PENALTY = 0.03
MAX_UNITS = 3
DEFAULT_THRESHOLD = 0.58


class EvidencePassage(NamedTuple):
    """A search result as the rules need it; `similarity` is None where the engine gives none."""

    id: str
    path: str
    text: str
    page: int | None = None
    heading: str = ""
    similarity: float | None = None


class Evidence(NamedTuple):
    """The best place of one passage: its units `first` to `last`, inclusive. `score` is absolute."""

    passage: EvidencePassage
    score: float
    first: int
    last: int


_ANSWERS: dict[Kind, re.Pattern[str]] = {
    "cost": re.compile(
        r"[$\u20ac\u00a3\u00a5]|\b\d+(?:[.,]\d+)?\s*(?:usd|eur|gbp|dollars?|euros?|pounds?|cents?|%|percent)\b|\bfree\b"
        r"|\bno (?:\w+ )?(?:cost|charge|fee)|\bat (?:a|no) (?:price|cost)|\bincluded\b|\b(?:price|cost|fee)s?\b[^.]*\d",
        re.I,
    ),
    "duration": re.compile(
        r"\d|\b(?:second|minute|hour|day|week|month|year|daily|weekly|monthly|yearly|immediately|always|never|once|twice"
        r"|every|any ?time)s?\b",
        re.I,
    ),
    "time": re.compile(
        r"\d|\b(?:second|minute|hour|day|week|month|year|daily|weekly|monthly|yearly|noon|midnight|immediately|always|never"
        r"|every|once|twice|before|after|until|when|only if|within|any ?time|(?:mon|tues|wednes|thurs|fri|satur"
        r"|sun)day)s?\b",
        re.I,
    ),
    "amount": re.compile(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|single|once|twice|both|no|none|unlimited"
        r"|at least"
        r"|at most|only|any)\b",
        re.I,
    ),
}
_HELPS: dict[Kind, re.Pattern[str]] = {
    "howto": re.compile(
        r"\b(?:guide|ask|use|select|choose|open|press|go to|turn|reset|check|you can|must|should|need to"
        r"|please|instruct"
        r"|call|send|follow|change|contact|visit|write|bring|add|confirm|reply|click|tap)\b",
        re.I,
    ),
    "cause": re.compile(
        r"\b(?:because|due to|reasons?|causes?|caused|so that|as a result|helps?|lead|leads|means|since|relies)\b", re.I
    ),
    "list": re.compile(r":.*[,;].*[,;]|\bthere are (?:\w+) |\b(?:and|or) [\w*' ]+[.:]?$|:$", re.I),
    "allowed": re.compile(
        r"\b(?:can|cannot|can't|may|must|only|allowed|not|welcome|possible|permitted|free|available|accept\w*|forbidden|if)\b",
        re.I,
    ),
    "place": re.compile(
        r"\b(?:at|in|on|near|behind|next to|from|to|opposite|street|road|floor|building|reception)\b", re.I
    ),
}
_POINTER = re.compile(
    r"^(?:(?:please )?refer to|see (?:the|also|section)|proceed to|follow path|note:|this (?:section|document|guide"
    r"|chapter|manual|path)\b"
    r"|the main sections|for more information)",
    re.I,
)
_ENUMERATES = re.compile(r"\b(?:can be|includes?|is either|either)\b|(?<!there) are\b", re.IGNORECASE)
_BRANCHES = re.compile(r"\?|Then:")
_CONDITION = re.compile(r"(?:if|when|once|in case|should|unless)\b", re.IGNORECASE)
_CAUSES = frozenset(("caus", "reason", "why"))
_DEFINES = re.compile(
    r"\s+(?:[-\u2013\u2014]|is|are|means?|stands for|refers to|allows?|enables?|lets|shows?|contains?|turns?"
    r"|disables?)\s+|:\s"
)


def passages_of(result: Any) -> list[EvidencePassage]:
    """The passages in a search result; whatever is malformed is left out."""
    found: list[EvidencePassage] = []
    entries = result.get("passages") if isinstance(result, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            continue
        page, similarity = entry.get("page"), entry.get("similarity")
        found.append(
            EvidencePassage(
                id=str(entry.get("id", "")),
                path=str(entry.get("path", "")),
                text=entry["text"],
                page=page if isinstance(page, int) else None,
                heading=str(entry.get("heading") or ""),
                similarity=float(similarity) if isinstance(similarity, int | float) else None,
            )
        )
    return found


def best(asked: ParsedQuestion, passages: Sequence[EvidencePassage]) -> Evidence | None:
    """The passage and sentences that answer best, however weakly; None when there is nothing to say."""
    found = [evidence for rank, passage in enumerate(passages) if (evidence := weigh(asked, passage, rank))]
    return max(found, key=lambda evidence: evidence.score, default=None)


def weigh(asked: ParsedQuestion, passage: EvidencePassage, rank: int = 0) -> Evidence | None:
    """The best window of one passage and its evidence; `rank` (0 first) counts a little."""
    units = cut(passage.text)
    if not asked.terms or not units:
        return None
    scale = _Scale(asked, passage, units)
    top: Evidence | None = None
    for first, last in _windows(units):
        score = scale.score(first, last) - RANK_PENALTY * rank
        if top is None or score > top.score + 1e-9:
            top = Evidence(passage, score, first, last)
    return top


def _windows(units: Sequence[AnswerUnit]) -> list[tuple[int, int]]:
    """Runs of up to MAX_UNITS neighbouring units under one heading; rows and headings stand alone."""
    spans = []
    for first, unit in enumerate(units):
        if unit.kind == "heading":
            continue
        for last in range(first, min(first + MAX_UNITS, len(units))):
            here = units[last]
            if (
                here.kind == "heading"
                or here.section != unit.section
                or (last > first and "row" in (here.kind, unit.kind))
            ):
                break
            spans.append((first, last))
    return spans


class _Scale:
    """Weighs the windows of one passage against one question."""

    def __init__(self, asked: ParsedQuestion, passage: EvidencePassage, units: Sequence[AnswerUnit]) -> None:
        self.asked = asked
        self.passage = passage
        self.units = units
        self.met = [[match(term.stem, unit.stems) for term in asked.terms] for unit in units]
        self.everywhere = [max(row[i] for row in self.met) for i in range(len(asked.terms))]
        self.total = sum(term.weight for term in asked.terms)
        self.above: dict[str, tuple[list[float], float]] = {}

    def score(self, first: int, last: int) -> float:
        units = self.units[first : last + 1]
        above_all, bonus = self.heading(units[0].section)
        got = missing = gaps = 0.0
        for index, term in enumerate(self.asked.terms):
            own = max(self.met[row][index] for row in range(first, last + 1))
            above = HEADING_SHARE * above_all[index]
            got += term.weight * max(own, above, CONTEXT_SHARE * self.everywhere[index])
            if term.stem in self.asked.keys and max(own, above) < 0.5:
                missing += term.weight
            elif term.weight >= 1 and max(own, above) == 0.0:
                gaps += 1
        score = got / self.total - WIDTH_PENALTY * (last - first)
        score -= KEY_PENALTY * min(missing, 1.6) + GAP_PENALTY * min(gaps, 3.0)
        score += self.fit(units) + bonus
        if self.passage.similarity is not None:
            score += SIMILARITY_SHARE * (self.passage.similarity - 0.45)
        return score

    def fit(self, units: Sequence[AnswerUnit]) -> float:
        """Whether the sentences are of the kind asked for: a small bonus, or a penalty."""
        kind = self.asked.kind
        text = " ".join(unit.text for unit in units)
        score = 0.0
        if pattern := _ANSWERS.get(kind):
            score += 0.05 if pattern.search(text) else -0.35
        if helps := _HELPS.get(kind):
            score += 0.07 if helps.search(text) else -0.2 if kind == "howto" else 0.0
        if self.asked.attribute:
            opening = _stems(f"{units[0].section} {_opening(text)}")
            there = sum(match(word, opening) > 0 for word in self.asked.attribute) / len(self.asked.attribute)
            score += 0.12 if there > 0.6 else -0.1
        if kind in ("howto", "definition") and _CONDITION.match(text):
            score += 0.12 if kind == "howto" else -0.1
        if kind == "definition":
            score += _defines(self.asked, units[0])
        if self.asked.relations:
            said = frozenset().union(*(unit.stems for unit in units))
            score += 0.15 * len(self.asked.relations & said) / len(self.asked.relations)
        return score + self.form(units, text)

    def form(self, units: Sequence[AnswerUnit], text: str) -> float:
        """What speaks against saying these units: pointers elsewhere, fragments, chart boxes, leads without a list."""
        score = 0.0
        if units[0].kind == "row":
            score -= 0.06 * (self.asked.kind in ("allowed", "howto", "definition")) + 0.06 * bool(
                _BRANCHES.search(text)
            )
        if units[-1].kind == "lead" and units[-1] is self.units[-1]:
            score -= 0.15
        if _POINTER.match(units[0].text):
            score -= 0.25
        if len(units) == 1 and (units[0].text.endswith("?") or len(units[0].text.split()) < 4):
            score -= 0.15
        return score

    def heading(self, section: str) -> tuple[list[float], float]:
        """How far the headings above a section meet each term, and the bonus for the nearest."""
        if section not in self.above:
            heading = f"{self.passage.heading} > {section}".strip(" >")
            bag = _stems(heading)
            self.above[section] = [match(term.stem, bag) for term in self.asked.terms], self.same_heading(heading)
        return self.above[section]

    def same_heading(self, heading: str) -> float:
        """How far the nearest heading asks the very question: a bonus up to 0.12."""
        nearest = content_stems(heading.rsplit(" > ", 1)[-1])
        if not nearest or not heading:
            return 0.0
        bag = frozenset(nearest)
        extra = 0.1 if self.asked.kind == "cause" and not _CAUSES.isdisjoint(bag) else 0.0
        there = sum(term.weight * match(term.stem, bag) for term in self.asked.terms) / self.total
        wanted = frozenset(term.stem for term in self.asked.terms)
        back = sum(match(word, wanted) > 0 for word in nearest) / len(nearest)
        return 0.12 * there * back + extra


def _opening(text: str) -> str:
    """The part of a sentence that says what it lists."""
    head, colon, _ = text.partition(":")
    return head if colon else _ENUMERATES.split(text, maxsplit=1)[0]


def _defines(asked: ParsedQuestion, unit: AnswerUnit) -> float:
    """A bonus for a unit that opens with just what is asked about: `MMS is ...`, `check_sim_status - Checks ...`."""
    subject = [term.stem for term in asked.terms if term.weight > 0.5] or [term.stem for term in asked.terms]
    if len(subject) == 1 and any(content_stems(found) == subject for found in re.findall(r"\((\w{2,8})\)", unit.text)):
        return 0.2
    head = _DEFINES.split(re.sub(r"\s*\([^)]*\)", "", unit.text), maxsplit=1)
    opening = content_stems(head[0])
    if len(head) < 2 or len(opening) > len(subject) + 1:
        return 0.0
    if not all(match(word, opening) > 0.7 for word in subject):
        return 0.0
    return 0.2 if len(opening) <= len(subject) else 0.1


@lru_cache(maxsize=2048)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stems(text))
