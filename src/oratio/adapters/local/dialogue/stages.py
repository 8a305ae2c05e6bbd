"""How far a conversation is in a procedure: what can be said now, what to ask next, what somebody else must do.

The model acts on nothing: steps that tell, ask or explain it performs by talking; the first step that acts (check the
bill, send a request) ends what it can do, and from there on it says what the procedure is.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from oratio.adapters.local.dialogue.perspective import is_imperative, to_caller
from oratio.adapters.local.dialogue.phrasing import closed
from oratio.domain.plan.agent_plan import PlanFact, PlanFactType, PlanStep
from oratio.text.sentences import sentences

_TELL = re.compile(
    r"^(?:always |then |please |also |in particular, )?(?:remember to )?(?:tell|inform|advise|explain to|let|remind"
    r"|notify)\s+"
    r"(?:the |your |an? )?(?:user|customer|caller|client|guest|member|patient"
    r"|them)s?(?: know)?\s+(?:that\s+)?(?P<what>.+)$",
    re.IGNORECASE,
)
_ASK_FOR = re.compile(
    r"^(?:then |first |please )?ask (?:(?:the |your )?\w+ )?for (?:the|their|his|her"
    r"|an?) (?P<what>[\w '-]{3,60}?)(?:[.,;]|$)",
    re.IGNORECASE,
)
_FACT_TYPES = (
    ("date", PlanFactType.DATE),
    ("email", PlanFactType.EMAIL),
    ("e-mail", PlanFactType.EMAIL),
    ("phone", PlanFactType.PHONE),
    ("number", PlanFactType.ORDER_NUMBER),
    (" id", PlanFactType.ORDER_NUMBER),
    ("amount", PlanFactType.AMOUNT),
)
_SAY = re.compile(r"[\"\u201c]([^\"\u201d]{3,})[\"\u201d]|(?<!\w)'((?:[^']|(?<=\w)'(?=\w)){12,})'(?!\w)")
_HANDS_OVER = re.compile(
    r"\b(?:hand(?:ed)? over|transfer|escalate|pass on)\b.*\b(?:human|person|agent|colleague|support|manager)", re.I
)
_DETAILED = re.compile(r"\(|\beither\b|\bonly\b")
_PERMISSION = re.compile(
    r"\b(?:can|could|may|must|should|shall|will|are|is|has|have|need|needs|cannot)\b", re.IGNORECASE
)
_BOILERPLATE = re.compile(
    r"^you can help\b|\b(?:hand(?:ed)? over|transfer|escalate)\b|\btools?\b|\bdatabase\b|^(?:they|it|this) should\b"
    r"|^you (?:should|must) (?:always|first|deny|try)\b",
    re.IGNORECASE,
)
_FOR_THE_AGENT = re.compile(
    r",?\s*(?:and|but) you (?:should|must|have to|need to) (?:check|verify|confirm|make sure|ask|be|note)[^.]*",
    re.IGNORECASE,
)


_EXPLAIN = re.compile(
    r"^(?:then |also )?(?:explain|mention|point out|state|make clear|say) that (?P<what>.+)$", re.IGNORECASE
)


class DialogueStage(NamedTuple):
    """Where a procedure is.

    Attributes:
        say: Sentences for the caller, in the SOP's order; required wording exactly as the SOP has it.
        said_by: Ids of the steps they came from.
        ask: The fact to ask for next, None when there is none (left).
        asked_by: Id of the step that wants it.
        acts: The steps from the first act on, which the model cannot perform.
    """

    say: tuple[str, ...]
    said_by: tuple[str, ...]
    ask: PlanFact | None
    asked_by: str | None
    acts: tuple[PlanStep, ...]


def quoted(text: str) -> str | None:
    """The wording between quotation marks that an SOP prescribes, exactly."""
    found = _SAY.search(text)
    return (found[1] or found[2]) if found else None


def wanted_facts(step: PlanStep) -> list[PlanFact]:
    """The facts a step has one ask for; for "Ask for the room number." also where the plan names none.

    The caller's yes to something that somebody must first have put to them is not one of them.
    """
    if re.search(r"\bask\b.*\bto confirm\b", step.text, re.IGNORECASE):
        return []
    if not step.facts and (found := _ASK_FOR.match(step.text)):
        what = found["what"].rstrip(" .").lower()
        kind = next((kind for mark, kind in _FACT_TYPES if mark in what), PlanFactType.TEXT)
        name = re.sub(r"\W+", "_", what)
        return [PlanFact(name=name, question=f"Could you tell me the {what}?", type=kind, source=step.source)]
    return [fact for fact in step.facts if not (fact.type is PlanFactType.YES_NO and "confirm" in fact.name)]


def stage_of(steps: Sequence[PlanStep], wanted: Sequence[Sequence[PlanFact]], known: Collection[str]) -> DialogueStage:
    """Walk the steps to the first thing that is not settled.

    Args:
        steps: The procedure's, in order.
        wanted: The facts it needs, in groups of which one is enough.
        known: Names of the facts given.
    """
    settled = {fact.name for group in wanted for fact in group if any(other.name in known for other in group)}
    asked = {fact.name for group in wanted for fact in group[:1]}
    say: list[str] = []
    said_by: list[str] = []
    for index, step in enumerate(steps):
        facts = wanted_facts(step)
        open_facts = [fact for fact in facts if fact.name not in settled and fact.name in asked]
        if open_facts:
            if _DETAILED.search(step.text) and (spoken := wording(step)):
                say.append(spoken)
                said_by.append(step.step_id)
            return DialogueStage(tuple(say), tuple(said_by), open_facts[0], step.step_id, ())
        if facts:
            say, said_by = [], []
        elif step.facts or is_act(step):
            return DialogueStage(tuple(say), tuple(said_by), None, None, tuple(steps[index:]))
        elif spoken := wording(step):
            say.append(spoken)
            said_by.append(step.step_id)
    return DialogueStage(tuple(say), tuple(said_by), None, None, ())


def is_act(step: PlanStep) -> bool:
    """Whether a step has somebody do something other than talk to the caller."""
    if (
        step.kind not in ("action", "ask")
        or _HANDS_OVER.search(step.text)
        or _TELL.match(step.text)
        or _EXPLAIN.match(step.text)
        or quoted_say(step)
    ):
        return False
    return is_imperative(step.text)


def quoted_say(step: PlanStep) -> str | None:
    """The required wording of a step that has the agent say, greet or close with it."""
    if step.kind in ("say", "closing") or re.match(
        r"(?:always )?(?:say|greet|answer|reply|close|open|end)\b", step.text, re.I
    ):
        return quoted(step.text)
    return None


def wording(step: PlanStep) -> str | None:
    """What a step has one say to the caller; None when it is for the agent alone."""
    if exact := quoted_say(step):
        return exact
    if told := _TELL.match(step.text) or _EXPLAIN.match(step.text):
        what = told["what"]
        if what.lower().startswith("to "):
            return closed(to_caller(f"Please {what[3:]}").replace("they ", "you "))
        return closed(to_caller(what[:1].upper() + what[1:]))
    kept = [_FOR_THE_AGENT.sub("", sentence) for sentence in sentences(step.text) if not _BOILERPLATE.search(sentence)]
    if not kept or step.text.endswith(":") or is_imperative(kept[0]) or not _PERMISSION.search(kept[0]):
        return None
    return " ".join(closed(to_caller(sentence.rstrip(" ,"))) for sentence in kept)
