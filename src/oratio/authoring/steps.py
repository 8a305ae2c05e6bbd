"""From the items of an SOP to the steps, guardrails and procedures of a plan."""

import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from oratio.authoring.sop import ItemKind, Sop, SopItem
from oratio.authoring.text import identifier, shorten
from oratio.domain.plan.agent_plan import (
    Guardrail,
    PlanCondition,
    PlanFact,
    PlanProcedure,
    PlanStep,
    Source,
    SourceDocument,
)

MAX_TITLE_CHARS = 80
MAX_MERGED_CHARS = 1_200
MAX_PARENT_STEPS = 8
OUTSIDE_SECTIONS = "In every conversation"
RESERVED_NAMES = frozenset(
    {"search_knowledge_base", "hand_off_to_human", "build_agent", "tool", "tools", "agent", "ctx", "self", "cls"}
    | {"context", "tool_context", *dir(builtins)}
)

_RULES_HEADING = re.compile(
    r"\b(?:rules?|guidelines?|polic(?:y|ies)|guardrails?|never|always|compliance|prohibit\w*|do(?:s|n[o']t)|"
    r"restrictions?|regeln|verbote)\b",
    re.IGNORECASE,
)
_STANDING_RULES = re.compile(r"\b(?:rules?|guidelines?|restrictions?|regeln)\b", re.IGNORECASE)
_ROLE = re.compile(
    r"(?:as an? |you are |you're |your (?:role|job|task) |we are |purpose\b|this (?:procedure|document|sop) |sie "
    r"sind |du bist |"
    r"als |vous êtes |usted es |eres |sei )",
    re.IGNORECASE,
)

_STEP_KINDS: dict[ItemKind, Literal["action", "ask", "say", "inform", "closing"]] = {
    ItemKind.ACTION: "action",
    ItemKind.ASK: "ask",
    ItemKind.SAY: "say",
    ItemKind.CLOSING: "closing",
    ItemKind.HANDOFF: "action",
    ItemKind.PROHIBITION: "inform",
    ItemKind.INFORM: "inform",
}


def sop_source(first: int, last: int) -> Source:
    return Source(document=SourceDocument.SOP, line_start=first, line_end=last)


@dataclass(slots=True)
class Steps:
    """What the items became; `used` are the indexes of items that have a place in it."""

    steps: list[PlanStep] = field(default_factory=list)
    guardrails: list[Guardrail] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    role: str = ""
    role_source: Source | None = None


def compile_steps(sop: Sop) -> Steps:
    """Steps in the SOP's order, guardrails, and the role the SOP gives."""
    merged = _merged(sop.items)
    out = Steps()
    _take_role(sop.items, merged, out)
    step_of: dict[int, str] = {}
    for index, item in enumerate(sop.items):
        if item.kind is ItemKind.HEADING or index in out.used or index in merged.absorbed:
            continue
        text, first, last = merged.texts.get(index, (item.text, item.line_start, item.line_end))
        source = sop_source(first, last)
        general = _is_general(item, sop)
        if item.kind is ItemKind.PROHIBITION:
            out.guardrails.append(Guardrail(kind="must_not", text=text, source=source))
        elif item.obliges and item.kind in (ItemKind.ACTION, ItemKind.INFORM) and _rules(item, general):
            out.guardrails.append(Guardrail(kind="must", text=text, source=source))
        out.used.add(index)
        if general and item.kind in (ItemKind.PROHIBITION, ItemKind.HANDOFF):
            continue
        step_id = f"s{len(out.steps) + 1:03d}"
        step_of[index] = step_id
        out.steps.append(
            PlanStep(
                step_id=step_id,
                title=shorten(text.rstrip(" .:;"), MAX_TITLE_CHARS),
                text=text,
                section=" > ".join(item.section),
                kind=_STEP_KINDS[item.kind],
                source=source,
                parent_id=_ancestor(index, sop.items, step_of),
                conditions=tuple(PlanCondition(kind=c.kind, text=c.text, source=source) for c in item.conditions),
                facts=tuple(PlanFact(name=f.name, question=f.question, type=f.type, source=source) for f in item.facts),
            )
        )
    out.used.update(merged.absorbed)
    return out


def _ancestor(index: int, items: Sequence[SopItem], step_of: dict[int, str]) -> str | None:
    parent = items[index].parent
    while parent is not None:
        if parent in step_of:
            return step_of[parent]
        parent = items[parent].parent
    return None


def _is_general(item: SopItem, sop: Sop) -> bool:
    """Whether an item is above all procedures: below no heading, or below the title of a text with more."""
    return not item.section or (len(item.section) == 1 and _has_sections_below(sop, item.section[0]))


def _has_sections_below(sop: Sop, title: str) -> bool:
    return sop.titled and sop.title == title


def _rules(item: SopItem, general: bool) -> bool:
    return general or any(_RULES_HEADING.search(title) for title in item.section[-1:])


def _take_role(items: Sequence[SopItem], merged: "_Merged", out: Steps) -> None:
    """The first sentences of the SOP that say what the agent is, if it does."""
    for index, item in enumerate(items[:12]):
        if item.kind is ItemKind.HEADING or index in merged.absorbed:
            continue
        if item.kind in (ItemKind.ACTION, ItemKind.INFORM) and not item.conditions and _ROLE.match(item.text):
            out.role, first, last = merged.texts.get(index, (item.text, item.line_start, item.line_end))
            below = [at for at, child in enumerate(items) if item.leads_in and child.parent == index]
            if below and index not in merged.texts:
                out.role = f"{item.text} {'; '.join(items[at].text.rstrip(';,.') for at in below)}."
                last = items[below[-1]].line_end
                out.used.update(below)
            out.role_source = sop_source(first, last)
            out.used.add(index)
            return


@dataclass(slots=True)
class _Merged:
    """Texts that stand for several items, by the index of the first, with their lines; the rest is absorbed."""

    texts: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    absorbed: set[int] = field(default_factory=set)


def _merged(items: Sequence[SopItem]) -> _Merged:
    """Lists of bare facts join their lead-in, and guidance sentences of one paragraph join one another."""
    out = _Merged()
    children: dict[int, list[int]] = {}
    for index, item in enumerate(items):
        if item.parent is not None:
            children.setdefault(item.parent, []).append(index)
    for index, below in children.items():
        head = items[index]
        informs = all(items[child].kind is ItemKind.INFORM and child not in children for child in below)
        lists = all(items[child].level > 0 for child in below)
        opens = head.leads_in or head.kind is ItemKind.INFORM
        alike = items[below[0]].kind is head.kind and head.kind is ItemKind.PROHIBITION
        whole = head.text + " " + "; ".join(items[child].text.rstrip(";,.") for child in below)
        if lists and opens and (informs or (alike and head.leads_in)) and len(whole) <= MAX_MERGED_CHARS:
            out.texts[index] = (whole, head.line_start, items[below[-1]].line_end)
            out.absorbed.update(below)
    _join_sentences(items, children, out)
    _drop_lead_ins(items, children, out)
    return out


def _join_sentences(items: Sequence[SopItem], children: dict[int, list[int]], out: _Merged) -> None:
    first: int | None = None
    for index, item in enumerate(items):
        joins = item.kind is ItemKind.INFORM and index not in children and index not in out.absorbed
        if not joins:
            first = None
            continue
        if first is not None and items[first].block == item.block:
            text, start, _ = out.texts.get(first, (items[first].text, items[first].line_start, 0))
            if len(text) + len(item.text) < MAX_MERGED_CHARS // 2:
                out.texts[first] = (f"{text} {item.text}", start, item.line_end)
                out.absorbed.add(index)
                continue
        first = index


def _drop_lead_ins(items: Sequence[SopItem], children: dict[int, list[int]], out: _Merged) -> None:
    """`To do so, follow these steps:` says nothing itself: it is spent once its list is used."""
    for index, item in enumerate(items):
        bare = (item.kind is ItemKind.INFORM and item.leads_in) or re.search(r"\bsteps\W*$", item.text, re.IGNORECASE)
        if bare and index in children and index not in out.texts and index not in out.absorbed and not item.conditions:
            out.absorbed.add(index)


def compile_procedures(steps: Sequence[PlanStep], sop: Sop) -> list[PlanProcedure]:
    """One procedure for each heading under which the agent asks, acts or says required words."""
    sections: dict[str, list[PlanStep]] = {}
    for step in steps:
        sections.setdefault(step.section, []).append(step)
    names: set[str] = set(RESERVED_NAMES)
    found = []
    for section, own in sections.items():
        if not any(step.kind in ("ask", "action", "say", "closing") for step in own):
            continue
        title = section.rsplit(" > ", 1)[-1]
        above_all = len(sections) > 1 and (not section or _has_sections_below(sop, section))
        if above_all and not any(step.kind in ("ask", "say", "closing") for step in own):
            continue
        if _STANDING_RULES.search(title) and not any(step.kind in ("ask", "say") for step in own):
            continue
        if not title or (" > " not in section and _has_sections_below(sop, title)):
            title = OUTSIDE_SECTIONS if len(sections) > 1 else title or "Procedure"
        above = _above(section, sections, sop)
        listed = [*above, *own]
        found.append(
            PlanProcedure(
                name=_unused(identifier(title, fallback="procedure"), names),
                title=title,
                when=_when(title, own),
                step_ids=tuple(step.step_id for step in listed),
                source=sop_source(own[0].source.line_start, max(step.source.line_end for step in own)),
            )
        )
    return found


def _above(section: str, sections: dict[str, list[PlanStep]], sop: Sop) -> list[PlanStep]:
    """The steps of the heading above that hold here too; those above all procedures are left to the prompt."""
    parent = section.rpartition(" > ")[0]
    if " > " not in parent or parent not in sections:
        return []
    return sections[parent] if len(sections[parent]) <= MAX_PARENT_STEPS else []


def _unused(name: str, names: set[str]) -> str:
    candidate, number = name, 2
    while candidate in names:
        candidate, number = f"{name}_{number}", number + 1
    names.add(candidate)
    return candidate


def _when(title: str, steps: Sequence[PlanStep]) -> str:
    if title == OUTSIDE_SECTIONS:
        return "Use it at the start of every conversation, whatever the caller wants."
    return f"Use it when the conversation is about: {title.rstrip('?.!:')}."


def uncovered_lines(sop: Sop, parts: Iterable[Source], used: set[int]) -> tuple[tuple[int, int], ...]:
    """Lines with words that no part and no used item or heading speaks for, as (first, last) pairs."""
    covered: set[int] = set()
    for source in parts:
        if source.document is SourceDocument.SOP:
            covered.update(range(source.line_start, source.line_end + 1))
    sections_in_use: set[tuple[str, ...]] = set()
    for index in used:
        item = sop.items[index]
        covered.update(range(item.line_start, item.line_end + 1))
        sections_in_use.update(item.section[: depth + 1] for depth in range(len(item.section)))
    for item in sop.items:
        if item.kind is ItemKind.HEADING and item.section in sections_in_use:
            covered.update(range(item.line_start, item.line_end + 1))
    pairs: list[tuple[int, int]] = []
    for line in sorted(sop.content_lines - covered):
        if pairs and pairs[-1][1] == line - 1:
            pairs[-1] = (pairs[-1][0], line)
        else:
            pairs.append((line, line))
    return tuple(pairs)
