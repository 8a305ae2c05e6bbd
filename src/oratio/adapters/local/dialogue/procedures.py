"""The SOP's procedures: which one a message is about, what it still needs to know, what it says."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from oratio.adapters.local.dialogue import facts as given
from oratio.adapters.local.dialogue.intents import Intent, classify
from oratio.adapters.local.dialogue.pleas import spoken
from oratio.adapters.local.dialogue.question import is_trouble
from oratio.adapters.local.dialogue.stages import quoted_say, wanted_facts
from oratio.adapters.local.dialogue.text import Term, content_stems, coverage, match, stem, stems, terms
from oratio.adapters.local.dialogue.transcript import PastTurn
from oratio.domain.plan.agent_plan import AgentPlan, Guardrail, PlanFact, PlanStep

_ALTERNATIVES = re.compile(r"\b(?:or|either|using|one of|any of)\b", re.I)
_VAGUE = frozenset(
    map(
        stem,
        [
            "generic",
            "rule",
            "policy",
            "procedure",
            "step",
            "basic",
            "general",
            "domain",
            "overview",
            "introduction",
            "delivered",
            "pending",
            "handle",
        ],
    )
)
_REQUEST = re.compile(
    r"^(?:(?:so|and|ok|well|also|but|please|just|hi|hello) )*(?:i (?:\w+ )?(?:want|need|like|wish|have to|must|love"
    r"|am trying|would like)|id like|i d like|im trying|im looking|can (?:you|i|we)|could (?:you|i|we)|would you"
    r"|will you"
    r"|may i|help me|please|let me|lets|how (?:do|can|could|should|would) (?:i|we|you)|is it possible"
    r"|what do i (?:need|have) to do|my |the |there|i |we )"
)
_OUTRIGHT = re.compile(
    r"\b(?:i (?:also |really |just |now )?(?:want|need|wish|must|have to|would like)|id like|can (?:you|i|we)"
    r"|could (?:you|i|we)|please|help me)\b"
)
_PROHIBITION = re.compile(
    r"\b(?:never|not allowed to|must not|mustn't|should not|shouldn't|shall not|may not|do not|don't|cannot|can not"
    r"|can't|not)\s+(.*)",
    re.IGNORECASE,
)
_FACTUAL = re.compile(
    r"^(?:(?:so|and|ok|well|also|but|please) )*(?:what|which|when|why|who|where|whose|how (?:much|many|long|often"
    r"|soon|far|big|fast|old)|will (?:my|the|it|i)|would (?:my|the|it|i)|should (?:my|the|it)|can (?:my|the|it)|is"
    r"|are|does|do|did|was|were|has|have|tell me (?:about|what|how|which)|explain|define)\b"
)


LEAST = 0.55
"""How surely a message must be about a procedure."""


class SopProcedure(NamedTuple):
    """The steps under one heading of the SOP that the agent acts by."""

    title: str
    section: str
    steps: tuple[PlanStep, ...]

    @property
    def step_ids(self) -> list[str]:
        return [step.step_id for step in self.steps]


class Match(NamedTuple):
    """The procedure a message is about and how surely, 0 to 1."""

    procedure: SopProcedure
    score: float


class Known(NamedTuple):
    """A fact and what the caller gave for it."""

    fact: PlanFact
    value: str


def is_request(text: str) -> bool:
    """Whether a message wants something done or settled, rather than to know something."""
    said = spoken(text)
    return bool(_REQUEST.match(said)) or not _FACTUAL.match(said)


def asks_outright(text: str) -> bool:
    """Whether a message says in so many words that something is wanted: I want, I need, can you, please."""
    return bool(_OUTRIGHT.search(spoken(text)))


def is_factual(text: str) -> bool:
    """Whether a message asks to know something: what, when, how much, is it, does it."""
    return bool(_FACTUAL.match(spoken(text)))


def wants_procedure(text: str, hit: Match) -> bool:
    """Whether a message that matches a procedure wants to be led through it, rather than a fact looked up.

    Troubles ("roaming does not work") go to the documents first: the SOP takes over where they say nothing.
    """
    said = spoken(text)
    if is_trouble(text):
        return False
    if re.match(r"^(?:\w+ ){0,2}how\b", said) or text.rstrip().endswith("?"):
        known = frozenset(stems(" ".join([hit.procedure.section, *(step.text for step in hit.procedure.steps)])))
        strange = any(term.entity and not match(term.stem, known) for term in terms(text))
        return is_request(text) and not is_factual(text) and hit.score >= 0.75 and not strange
    return is_request(text)


def tool_for(procedure: SopProcedure, names: Iterable[str]) -> str | None:
    """The tool that stands for a procedure: the one whose name says its title."""
    title = set(content_stems(procedure.title))
    best, most = None, 0.6
    for name in names:
        own = set(content_stems(name))
        share = len(title & own) / max(1, len(title | own))
        if share > most:
            best, most = name, share
    return best


@lru_cache(maxsize=64)
def procedures(plan: AgentPlan) -> tuple[SopProcedure, ...]:
    """The plan's steps by heading, in order, where at least one of them is an act, a question or a required wording."""
    sections: dict[str, list[PlanStep]] = {}
    for step in plan.steps:
        sections.setdefault(step.section, []).append(step)
    found = []
    for section, steps in sections.items():
        if _is_general(section, sections) or not any(step.kind in ("action", "ask", "say") for step in steps):
            continue
        found.append(SopProcedure(section.rsplit(" > ", 1)[-1], section, tuple(steps)))
    return tuple(found)


def _is_general(section: str, sections: Collection[str]) -> bool:
    """Whether a section is above all others: its steps hold for every procedure."""
    others = [other for other in sections if other != section]
    return not section or (
        bool(others) and " > " not in section and all(other.startswith(f"{section} > ") for other in others)
    )


@lru_cache(maxsize=64)
def preliminaries(plan: AgentPlan) -> tuple[PlanStep, ...]:
    """Steps above all procedures that need facts first, such as establishing who is calling."""
    sections = {step.section: [step] for step in plan.steps}
    inside = {step.step_id for step in plan.steps if not _is_general(step.section, sections)}
    return tuple(
        step for step in plan.steps if step.step_id not in inside and wanted_facts(step) and not quoted_say(step)
    )


def find(plan: AgentPlan, text: str) -> Match | None:
    """The procedure a message is about; None when it is about none surely enough."""
    asked = terms(text)
    if not asked:
        return None
    best: Match | None = None
    for procedure in procedures(plan):
        score = _score(procedure, asked, frozenset(stems(text)))
        if score >= LEAST and (best is None or score > best.score):
            best = Match(procedure, score)
    return best


def _score(procedure: SopProcedure, asked: Sequence[Term], said: frozenset[str]) -> float:
    title = [term for term in terms(procedure.title.lower()) if term.stem not in _VAGUE]
    if not title:
        return 0.0
    own = sum(term.weight * match(term.stem, said) for term in title) / sum(term.weight for term in title)
    texts = frozenset(stems(" ".join([procedure.title, *(step.text for step in procedure.steps)])))
    return 0.65 * own + 0.35 * coverage(asked, texts) if own >= 0.5 else 0.0


def needed(plan: AgentPlan, procedure: SopProcedure) -> list[tuple[PlanFact, ...]]:
    """The facts a procedure needs, in order; a group of several is satisfied by any one of them."""
    groups: list[tuple[PlanFact, ...]] = []
    seen: set[str] = set()
    steps = (*preliminaries(plan), *procedure.steps)
    by_id = {step.step_id: step for step in plan.steps}
    siblings: dict[str, list[PlanFact]] = {}
    for step in steps:
        fresh = [fact for fact in wanted_facts(step) if fact.name not in seen]
        seen.update(fact.name for fact in fresh)
        parent = by_id.get(step.parent_id) if step.parent_id else None
        if parent and fresh and _ALTERNATIVES.search(parent.text):
            siblings.setdefault(parent.step_id, []).extend(fresh)
        elif len(fresh) > 1 and _ALTERNATIVES.search(re.sub(r"\([^)]*\)|'[^']*'|\"[^\"]*\"", "", step.text)):
            groups.append(tuple(fresh))
        else:
            groups.extend((fact,) for fact in fresh)
    return [*(tuple(group) for group in siblings.values()), *groups]


def known_facts(groups: Sequence[Sequence[PlanFact]], past: Sequence[PastTurn], prompt: str) -> list[Known]:
    """What the caller has given so far: answers to a fact's own question, and unmistakable facts at any time."""
    values: dict[str, Known] = {}
    said_before = ""
    for user, assistant in [*((turn.user, turn.assistant) for turn in past), (prompt, "")]:
        taken: set[str] = set()
        for fact in (fact for group in groups for fact in group):
            asked = bool(fact.question) and fact.question in said_before
            value = given.answered(fact, user) if asked else given.volunteered(fact, user)
            if value and (asked or (fact.name not in values and value not in taken)):
                values[fact.name] = Known(fact, value)
                taken.add(value)
        said_before = assistant
    return list(values.values())


def pending(plan: AgentPlan, last_reply: str) -> PlanFact | None:
    """The fact that was asked for last."""
    asked = [
        fact for step in plan.steps for fact in wanted_facts(step) if fact.question and fact.question in last_reply
    ]
    return max(asked, key=lambda fact: last_reply.rfind(fact.question), default=None)


def active(plan: AgentPlan, past: Sequence[PastTurn]) -> SopProcedure | None:
    """The procedure the conversation is in: the last one that a caller's message was about."""
    for turn in reversed(past):
        if classify(turn.user) is Intent.OTHER and is_request(turn.user) and (hit := find(plan, turn.user)):
            return hit.procedure
    return None


def prohibition(plan: AgentPlan, text: str) -> Guardrail | None:
    """The guardrail that forbids what a message asks for."""
    asked = terms(text)
    said = frozenset(stems(text))
    if not asked or re.match(r"(?:what|why|how|when)\b", spoken(text)):
        return None
    outright = is_request(text) or asks_outright(text)
    best: tuple[float, Guardrail] | None = None
    for rail in plan.guardrails:
        if rail.kind != "must_not":
            continue
        bag = frozenset(stems(rail.text))
        if not all(match(word, said) > 0 for word in _forbidden(rail.text)):
            continue
        share = coverage(asked, bag)
        back = coverage([term for term in terms(rail.text) if term.weight > 0.5], said)
        met = sum(match(term.stem, bag) > 0 for term in asked)
        score = 0.6 * share + 0.4 * back
        if (
            met >= min(2, len(asked))
            and share >= 0.7
            and back >= (0.4 if outright else 0.9)
            and (best is None or score > best[0])
        ):
            best = score, rail
    return best[1] if best else None


def _forbidden(text: str) -> list[str]:
    """The first content words after the prohibition: what must not be done, to what."""
    found = _PROHIBITION.search(text)
    return content_stems(found[1])[:2] if found else content_stems(text)


def steps_of(plan: AgentPlan, rail: Guardrail) -> list[PlanStep]:
    """The plan's steps that stand on a guardrail's lines."""
    return [
        step
        for step in plan.steps
        if step.source.document == rail.source.document
        and step.source.line_start <= rail.source.line_end
        and rail.source.line_start <= step.source.line_end
    ]
