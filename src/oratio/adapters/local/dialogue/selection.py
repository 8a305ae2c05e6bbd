"""Which sentences of the best passage are said: the best place, what it hangs on, and what belongs to it."""

import re
from collections.abc import Sequence

from oratio.adapters.local.dialogue.evidence import Evidence
from oratio.adapters.local.dialogue.question import ParsedQuestion
from oratio.adapters.local.dialogue.text import coverage, match, stems
from oratio.adapters.local.dialogue.units import AnswerUnit, cut

MAX_CHARS = 420
MAX_LIST_ITEMS = 7
GROWTH_COVERAGE = 0.5
LEAD_COVERAGE = 0.35
_PRICED = re.compile(r"price|cost|fee|rate|[$\u20ac\u00a3]|\b(?:eur|usd|gbp|euros?|dollars?)\b", re.IGNORECASE)
_DANGLING = re.compile(
    r"^(?:if |once |when |after )?(?:it|this|that|these|those|they|them|he|she|its|their|such)\b"
    r"|^(?:to do so|however|otherwise|after that|then|also|in this case|in that case|instead)\b",
    re.IGNORECASE,
)


def chosen(asked: ParsedQuestion, evidence: Evidence, limit: int) -> tuple[AnswerUnit, ...]:
    """The units to say, in reading order.

    Args:
        asked: The question.
        evidence: The best place.
        limit: How many sentences at most, a list's items aside.
    """
    units = cut(evidence.passage.text)
    first, last = evidence.first, evidence.last
    if units[first].kind == "row":
        return _rows(asked, units, first, limit)
    while last > first and units[last].kind == "lead" and _end_of_list(units, last) == last:
        last -= 1
    while first > 0 and last - first + 1 < limit and _hangs(units, first):
        first -= 1
    if lists := [index for index in range(first, last + 1) if _announces(units[index])]:
        return units[first : max(last, *(_end_of_list(units, index) for index in lists)) + 1]
    if (
        units[first].kind == "item"
        and first > 0
        and (lead := _lead_of(units, first)) is not None
        and asked.kind in ("list", "cause")
    ):
        return units[lead : _end_of_list(units, lead) + 1]
    if units[first].kind == "item" and (lead := _lead_of(units, first)) is not None and _conditional(units[lead]):
        first = lead
    while last + 1 < len(units) and last - first + 1 < limit and _belongs(asked, units, first, last):
        last += 1
    if _announces(units[last]):
        last = _end_of_list(units, last)
    return units[first : last + 1]


def _rows(asked: ParsedQuestion, units: Sequence[AnswerUnit], best: int, limit: int) -> tuple[AnswerUnit, ...]:
    """The best row; for "which ..." also the others that meet the question as well. Of each only what was asked."""
    if asked.kind not in ("list", "other"):
        return (_trimmed(asked, units[best]),)
    mark = coverage(asked.terms, units[best].stems)
    alike = [unit for unit in units if unit.kind == "row" and coverage(asked.terms, unit.stems) >= mark - 1e-6]
    rows = alike[: limit + 1] if units[best] in alike[: limit + 1] else [units[best]]
    return tuple(_trimmed(asked, unit) for unit in rows)


def _trimmed(asked: ParsedQuestion, unit: AnswerUnit) -> AnswerUnit:
    """A row's first cell and the cells asked for, verbatim; all of it when none is asked for by name."""
    first, *cells = unit.text.split("; ")
    if not cells or not all(": " in cell for cell in (first, *cells)):
        return unit
    naming = [cell for cell in cells if coverage(asked.terms, frozenset(stems(cell))) > 0]
    plain = [cell for cell in naming if any(match(term.stem, stems(cell.split(": ")[0])) for term in asked.terms)]
    priced = [cell for cell in cells if asked.kind == "cost" and _PRICED.search(cell)]
    kept = plain or priced or naming
    return unit._replace(text="; ".join([first, *kept])) if kept else unit


def _hangs(units: Sequence[AnswerUnit], index: int) -> bool:
    """Whether a unit needs the one before it: it opens with a pronoun, or goes on within a list item."""
    unit, before = units[index], units[index - 1]
    if before.kind in ("heading", "row") or before.section != unit.section:
        return False
    if unit.kind == "item" and not unit.marker:
        return True
    return bool(_DANGLING.match(unit.text)) and unit.block == before.block


def _announces(unit: AnswerUnit) -> bool:
    return unit.kind == "lead" or (unit.kind == "item" and unit.text.endswith(":"))


def _conditional(unit: AnswerUnit) -> bool:
    """Whether a lead is the condition under which its items hold."""
    return bool(re.match(r"(?:if|when|once|unless|after|before)\b", unit.text, re.IGNORECASE))


def _lead_of(units: Sequence[AnswerUnit], item: int) -> int | None:
    """The lead that announces the list an item is in."""
    depth = units[item].depth
    for index in range(item - 1, max(-1, item - 12), -1):
        unit = units[index]
        if unit.section != units[item].section or unit.kind in ("heading", "sentence", "row"):
            return None
        if unit.kind == "lead" or (unit.kind == "item" and unit.depth < depth and unit.text.endswith(":")):
            return index
    return None


def _end_of_list(units: Sequence[AnswerUnit], lead: int) -> int:
    """The last item of the list that a lead announces; items deeper than the lead when it is an item itself."""
    depth = units[lead].depth if units[lead].kind == "item" else -1
    last, items = lead, 0
    for index in range(lead + 1, len(units)):
        unit = units[index]
        if unit.kind not in ("item", "row") or unit.depth <= depth or unit.section != units[lead].section:
            break
        items += bool(unit.marker)
        if items > MAX_LIST_ITEMS:
            break
        last = index
    return last


def _belongs(asked: ParsedQuestion, units: Sequence[AnswerUnit], first: int, last: int) -> bool:
    """Whether the next unit goes on with the answer: same paragraph, and about the question or about "it"."""
    unit, before = units[last + 1], units[last]
    if unit.section != before.section or unit.kind in ("heading", "row") or unit.block != before.block:
        return False
    if sum(len(said.text) for said in units[first : last + 2]) > MAX_CHARS:
        return False
    if unit.kind == "item" and unit.marker:
        return False
    if asked.kind in ("cost", "amount", "time", "duration", "place"):
        return False
    if unit.kind == "item" or _DANGLING.match(unit.text):
        return True
    return coverage(asked.terms, unit.stems) >= (LEAD_COVERAGE if _conditional(unit) else GROWTH_COVERAGE)
