"""Reads an SOP: every sentence, list item and table row as an item with its line span and what it asks for.

Deterministic and total: any text gives a `Sop`; what cannot be classified is guidance (`inform`).
"""

# ruff: noqa: RUF001 - it reads the quotation and end marks of several languages

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import Literal, cast

from oratio.authoring import lexicon
from oratio.authoring.blocks import LayoutUnit, layout, split_lines
from oratio.authoring.facts import Wanted, facts_of, noun_fact, type_of
from oratio.authoring.language import guess_language
from oratio.domain.plan.agent_plan import PlanFactType

type ConditionKind = Literal["if", "when", "unless", "only_if"]


MAX_CONDITION_WORDS = 8

_OPENS_LIST = re.compile(r"(?:steps|as follows|these)\W*$", re.IGNORECASE)
_ONLY_LEADS_IN = re.compile(
    r"\b(?:steps|as follows|(?:you|agents?) (?:should|must|need to|have to)\W*$)", re.IGNORECASE
)
_GREETS = re.compile(r"(?:greet|welcome|open with|begrüß\w+|salude|saluez)\b", re.IGNORECASE)
_CLOSES = re.compile(r"\b(?:clos\w+|end\w*|wrap\w*|farewell|goodbye|abschluss|verabschied\w+)\b", re.IGNORECASE)
_ASKED_ALOUD = re.compile(r"\byou(?:r|rs)?\b|\b(?:sie|ihr\w*|vous|votre|usted|su)\b", re.IGNORECASE)
_CALLER_DOES = re.compile(
    r"(?:they|the (?:user|customer|caller|client)s?) (?:should|must|can|needs?|will|may)\b", re.IGNORECASE
)
_CALLERS_QUESTION = re.compile(
    r"^(?:q|frage|question)\d*\s*[:.)]|^(?!.*\byour?\b).*\b(?:I|my|we|our|ich|mein\w*)\b", re.IGNORECASE
)
_ASKS_FOR_LIST = re.compile(
    r"(?<!\w)(?:ask|collect|gather|obtain|request|capture|record|verify|confirm|take down|fragen|erfassen|"
    r"notieren)(?!\w)"
    r"|(?<!\w)(?:look up|identif\w+|locate|find|authenticate)(?!\w).{0,80}(?<!\w)(?:using|by|with|via)\W*$",
    re.IGNORECASE,
)


class ItemKind(StrEnum):
    HEADING = "heading"
    ACTION = "action"
    ASK = "ask"
    SAY = "say"
    PROHIBITION = "prohibition"
    HANDOFF = "handoff"
    CLOSING = "closing"
    INFORM = "inform"


@dataclass(frozen=True, slots=True)
class SopCondition:
    """When an item holds; `text` is the SOP's clause without its conjunction."""

    kind: ConditionKind
    text: str


@dataclass(frozen=True, slots=True)
class SopItem:
    """One piece of an SOP.

    Attributes:
        text: The operator's words on one line, without markdown marks.
        line_start, line_end: 1-based, inclusive.
        section: The headings above it, outermost first (a heading's own text included for a heading).
        level: Of a heading 1 to 6; else the depth of list nesting.
        parent: Index of the item this is a sub-item of.
        block: Items of one paragraph share it.
        quotes: Required wording found in the text.
        obliges: It says must, always, only or the like.
        leads_in: It ends in a colon and speaks for what follows.
    """

    kind: ItemKind
    text: str
    line_start: int
    line_end: int
    section: tuple[str, ...] = ()
    level: int = 0
    parent: int | None = None
    ordered: bool = False
    block: int = 0
    conditions: tuple[SopCondition, ...] = ()
    facts: tuple[Wanted, ...] = ()
    quotes: tuple[str, ...] = ()
    obliges: bool = False
    leads_in: bool = False


@dataclass(frozen=True, slots=True)
class Sop:
    """A whole SOP.

    Attributes:
        lines: How many lines it has.
        title: Its first heading.
        titled: Other headings stand below the title, so what is right below it holds for all of them.
        content_lines: Numbers of the lines that hold a letter or digit.
    """

    items: tuple[SopItem, ...]
    lines: int
    language: str
    title: str = ""
    titled: bool = False
    content_lines: frozenset[int] = field(default_factory=frozenset)


def parse_sop(text: str) -> Sop:
    """Read an SOP.

    Args:
        text: Markdown or plain text, of any content.

    Returns:
        Its items in order; every line that holds a letter or digit lies in the span of one.
    """
    language = guess_language(text)
    items: list[SopItem] = []
    headings: list[tuple[int, str]] = []
    open_items: list[tuple[int, int]] = []  # (level, index) of list items that may have children
    lead_in: int | None = None
    for unit in layout(text):
        if unit.kind == "heading":
            while headings and headings[-1][0] >= unit.level:
                headings.pop()
            headings.append((unit.level, unit.text))
            open_items, lead_in = [], None
        while open_items and unit.kind != "heading" and open_items[-1][0] >= _depth(unit, items, open_items):
            open_items.pop()
        parent = open_items[-1][1] if open_items else lead_in if unit.kind in ("item", "row") else None
        item = _classified(unit, tuple(title for _, title in headings), parent, items, language)
        items.append(item)
        if unit.kind == "item":
            open_items.append((unit.level, len(items) - 1))
        elif unit.kind == "sentence" and unit.level == 0:
            lead_in = (
                len(items) - 1 if unit.leads_in or (item.kind is ItemKind.INFORM and _opens_list(unit.text)) else None
            )
    title = next((item.text for item in items if item.kind is ItemKind.HEADING), "")
    lines = split_lines(text)
    content = frozenset(number for number, line in enumerate(lines, 1) if any(map(str.isalnum, line)))
    titled = any(item.kind is ItemKind.HEADING and len(item.section) > 1 for item in items)
    return Sop(tuple(_with_list_facts(items)), len(lines), language, title, titled, content)


def _depth(unit: LayoutUnit, items: list[SopItem], open_items: list[tuple[int, int]]) -> int:
    """A unit's own list depth; later sentences of one list item count as inside it."""
    if unit.kind in ("item", "sentence") and open_items and items[open_items[-1][1]].block == unit.block:
        return unit.level + (0 if unit.kind == "item" else 1)
    return unit.level if unit.kind == "item" else unit.level + 1


def _opens_list(text: str) -> bool:
    return _OPENS_LIST.search(text) is not None


def _classified(
    unit: LayoutUnit, section: tuple[str, ...], parent: int | None, items: list[SopItem], language: str
) -> SopItem:
    common = SopItem(
        kind=ItemKind.INFORM, text=unit.text, line_start=unit.start, line_end=unit.end, section=section,
        level=unit.level, parent=parent, ordered=unit.ordered, block=unit.block, leads_in=unit.leads_in,
    )  # fmt: skip
    if unit.kind == "heading":
        return replace(common, kind=ItemKind.HEADING)
    conditions = _row_condition(unit) or conditions_of(unit.text, language)
    quotes = tuple(" ".join(next(filter(None, match)).split()) for match in lexicon.QUOTED.findall(unit.text))
    item = replace(
        common, conditions=conditions, quotes=quotes, obliges=lexicon.OBLIGATION.search(unit.text) is not None
    )
    under_heading = items[parent] if parent is not None else None
    kind, facts = _kind_and_facts(item, under_heading, language)
    return replace(item, kind=kind, facts=facts)


def _kind_and_facts(item: SopItem, above: SopItem | None, language: str) -> tuple[ItemKind, tuple[Wanted, ...]]:
    text = item.text
    heading = item.section[-1] if item.section else ""
    instruct = is_instruction(text)
    if lexicon.HANDOFF.search(text) and not lexicon.NOT_A_HANDOFF.search(text) and not text.endswith("?"):
        return ItemKind.HANDOFF, ()
    if above is not None and above.kind is ItemKind.HANDOFF and above.leads_in and not item.quotes:
        return ItemKind.HANDOFF, ()
    if lexicon.HANDOFF.search(heading) and item.level and not item.quotes and not lexicon.PROHIBITION.search(text):
        return ItemKind.HANDOFF, ()
    forbidden_above = above is not None and above.leads_in and above.kind is ItemKind.PROHIBITION
    if lexicon.PROHIBITION.search(text) or forbidden_above:
        return ItemKind.PROHIBITION, ()
    if above is not None and above.leads_in and _CALLER_DOES.match(above.text):
        return ItemKind.INFORM, ()
    if (_opens_list(text) or item.leads_in) and _ONLY_LEADS_IN.search(text):
        return ItemKind.INFORM, ()
    if item.quotes and (_GREETS.match(text) or _GREETS.match(_main_clause(text))):
        return ItemKind.SAY, ()
    closes = lexicon.CLOSING.search(text) is not None or (
        lexicon.THANKS_FOR_CALLING.search(text) is not None and (not item.quotes or _CLOSES.search(heading) is not None)
    )
    if text.endswith("?") and _CALLERS_QUESTION.search(text):
        return ItemKind.INFORM, ()
    if closes:
        return ItemKind.CLOSING, ()
    if item.quotes and lexicon.SAY.search(text) and not item.quotes[-1].endswith("?"):
        return ItemKind.SAY, ()
    facts = facts_of(text, language) if not item.leads_in or instruct else ()
    if text.endswith("?") and not (instruct or _ASKED_ALOUD.search(text) or (item.level and len(text.split()) > 2)):
        return ItemKind.INFORM, ()
    if facts and (instruct or text.endswith(("?", '?"', "?”", "?'")) or _obliges_caller(text)):
        return ItemKind.ASK, facts
    told_to_caller = heading.endswith("?") and not is_imperative(text)
    return (ItemKind.ACTION, ()) if instruct and not told_to_caller else (ItemKind.INFORM, ())


def is_instruction(text: str) -> bool:
    """Whether a sentence tells the agent to do something."""
    return is_imperative(text) or lexicon.AGENT_ACTS.search(text) is not None


def is_imperative(text: str) -> bool:
    """Whether a sentence's main clause starts with a verb of acting."""
    clause = _main_clause(text)
    first = re.match(r"[\w-]+", lexicon.LEADING.sub("", clause, count=1))
    word = first[0].lower() if first else ""
    noun_like = re.match(r"\w+\s+(?:is|are|was|were|has|have|of|number|id|status|types?|date)\b", clause, re.IGNORECASE)
    return word in lexicon.ACTION_VERBS and not noun_like and len(clause.split()) > 1


def _obliges_caller(text: str) -> bool:
    return re.search(r"\b(?:must|needs? to|ha(?:s|ve) to|required|should)\b", text, re.IGNORECASE) is not None


def _main_clause(text: str) -> str:
    """The sentence without a leading condition or label: `If it rains, check X` gives `check X`."""
    label = re.match(r"[^.:,;]{1,40}:\s+(?=\S)", text)
    if label and not label[0].lower().startswith(("http", "e.g")):
        text = text[label.end() :]
    lowered = text.lower()
    for pattern in (*(pattern for _, pattern in lexicon.CONDITIONS), lexicon.LEADING_PHRASE):
        match = pattern.match(lowered)
        if match:
            _, comma, rest = text.partition(",")
            if comma and rest.strip():
                return _main_clause(rest.strip()) if len(rest) < len(text) else rest
            _, then, rest = text.partition(" then ")
            return rest if then else text
    return text


def conditions_of(text: str, language: str = "en") -> tuple[SopCondition, ...]:
    """The conditions in one sentence, in order of their place, at most three."""
    found: list[tuple[int, int, ConditionKind]] = []
    for kind, pattern in lexicon.CONDITIONS:
        for match in islice(pattern.finditer(text), MAX_CONDITION_WORDS):
            word = match[0].lower()
            languages = lexicon.CONDITION_LANGUAGES.get(word)
            if languages and language not in languages:
                continue
            if any(start <= match.start() < end for start, end, _ in found):
                continue
            before = text[max(0, match.start() - 24) : match.start()].rstrip().lower()
            last_words = " ".join(before.split()[-2:])
            if kind in ("if", "when") and lexicon.INDIRECT.search(last_words) and not before.endswith((",", ";", ".")):
                continue
            found.append((match.start(), match.end(), cast(ConditionKind, kind)))
    found.sort()
    conditions = []
    for start, end, kind in found:
        clause = re.split(r"[,;:.!?](?:\s|$)| then | dann ", text[end:], maxsplit=1)[0].strip()
        if sum(map(str.isalpha, clause)) > 2 and not (start and kind == "when" and len(clause.split()) < 2):
            conditions.append(SopCondition(kind, clause[:300]))
    return tuple(conditions[:3])


def _row_condition(unit: LayoutUnit) -> tuple[SopCondition, ...]:
    """A table whose first column is headed `If`, `Situation` or the like gives each row its condition."""
    if unit.kind != "row" or not unit.header:
        return ()
    heads = re.match(
        r"(?:if|when|situation|case|condition|trigger|issue|problem|wenn|fall|caller says)\b", unit.header[0], re.I
    )
    first = unit.text.split(": ", 1)[0]
    return (SopCondition("if", first[:300]),) if heads and first else ()


def _with_list_facts(items: list[SopItem]) -> list[SopItem]:
    """Bare entries below `Ask for:` or `Collect:` each become a fact to ask for."""
    done = []
    for item in items:
        above = items[item.parent] if item.parent is not None else None
        if item.kind is ItemKind.INFORM and above is not None and above.leads_in and _ASKS_FOR_LIST.search(above.text):
            fact = noun_fact(re.split(r"\s[-–—(]|:", item.text, maxsplit=1)[0])
            if fact is not None and len(item.text.split()) <= 12:
                item = replace(item, kind=ItemKind.ASK, facts=(fact,))
        done.append(item)
    return done


__all__ = ["ItemKind", "PlanFactType", "Sop", "SopCondition", "SopItem", "conditions_of", "parse_sop", "type_of"]
