"""Replies inside a procedure: what the SOP has one say, the next fact to ask for, what a person must do."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from oratio.adapters.local.dialogue import phrasing
from oratio.adapters.local.dialogue.handoff import OFFER
from oratio.adapters.local.dialogue.perspective import in_order, is_imperative
from oratio.adapters.local.dialogue.procedures import Known, SopProcedure, known_facts, needed, preliminaries
from oratio.adapters.local.dialogue.replies import BuiltinReply
from oratio.adapters.local.dialogue.stages import DialogueStage, stage_of, wanted_facts
from oratio.adapters.local.dialogue.transcript import ChatHistory
from oratio.domain.plan.agent_plan import AgentPlan, PlanStep

SENTENCES = {"text": 3, "voice": 2}
ACTS = {"text": 6, "voice": 3}
ELSE = "Is there anything else I can help you with?"


def known_in(plan: AgentPlan, procedure: SopProcedure, transcript: ChatHistory) -> list[Known]:
    """The facts of a procedure that the caller has given so far."""
    return known_facts(needed(plan, procedure), transcript.past, transcript.prompt)


def _types(schema: Mapping[str, Any]) -> set[str]:
    """The JSON types that a parameter's schema takes."""
    kinds = {str(schema["type"])} if "type" in schema else set()
    return kinds.union(*(_types(choice) for choice in schema.get("anyOf", ())))


def arguments(known: Sequence[Known], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Known facts as arguments of a tool, in the types its schema wants; what does not fit is left out."""
    found: dict[str, Any] = {}
    for entry in known:
        schema = parameters.get(entry.fact.name)
        if schema is None:
            continue
        wanted = _types(schema)
        number = re.search(r"-?\d+(?:\.\d+)?", entry.value.replace(",", ""))
        if "number" in wanted or "integer" in wanted:
            if number:
                found[entry.fact.name] = float(number.group()) if "number" in wanted else int(float(number.group()))
        elif "boolean" in wanted:
            found[entry.fact.name] = entry.value == "yes"
        else:
            found[entry.fact.name] = entry.value
    return found


def reply(plan: AgentPlan, procedure: SopProcedure, transcript: ChatHistory) -> BuiltinReply:
    """The next thing to say in a procedure."""
    groups = needed(plan, procedure)
    known = known_facts(groups, transcript.past, transcript.prompt)
    names = {entry.fact.name for entry in known}
    first = stage_of(preliminaries(plan), groups, names)
    stage = stage_of(procedure.steps, groups, names)
    if first.ask:
        stage = stage._replace(ask=first.ask, asked_by=first.asked_by, acts=())
    limit = SENTENCES[plan.agent_type]
    before = " ".join(turn.assistant for turn in transcript.past[-2:])
    fresh = [(text, by) for text, by in zip(stage.say, stage.said_by, strict=True) if text not in before]
    said = fresh[:limit] if stage.ask or stage.acts else fresh[: limit + 1]
    parts = [_opening(procedure, known, stage, transcript), *(text for text, _ in said)]
    ids = [by for _, by in said]
    if stage.ask and stage.asked_by:
        parts.append(stage.ask.question)
        ids.append(stage.asked_by)
    elif stage.acts:
        acts = _acts(stage.acts, ACTS[plan.agent_type])
        parts += [
            _noted(known),
            in_order([step.text for step in acts], whole=len(acts) == len(_acts(stage.acts, len(stage.acts)))),
            f"I can't do this myself from here. {OFFER}",
        ]
        ids += [step.step_id for step in acts]
    elif known:
        parts += [_noted(known), f"I can't carry this out myself from here. {OFFER}"]
        ids += [step.step_id for step in procedure.steps if any(entry.fact in wanted_facts(step) for entry in known)]
    elif said:
        parts.append(ELSE)
    else:
        parts.append(f"That is all I can settle here. {OFFER}")
        ids += procedure.step_ids[-1:]
    text = " ".join(part for part in parts if part)
    return BuiltinReply(
        phrasing.for_voice(text) if plan.agent_type == "voice" else text, step_ids=tuple(dict.fromkeys(ids))
    )


def _opening(procedure: SopProcedure, known: Sequence[Known], stage: DialogueStage, transcript: ChatHistory) -> str:
    last = transcript.last_reply
    if stage.ask and stage.ask.question in last:
        return "Sorry, I did not get that."
    if any(entry.fact.question in last for entry in known):
        return "Thank you."
    return "" if stage.say and not stage.ask else "I can help with that."


def _acts(steps: Sequence[PlanStep], limit: int) -> list[PlanStep]:
    """The steps of a procedure that are worth telling: what is done, without remarks and repetitions."""
    kept: list[PlanStep] = []
    for step in steps:
        if step.parent_id in {other.step_id for other in steps} or not is_imperative(step.text):
            continue
        if step.text not in [other.text for other in kept]:
            kept.append(step)
    return kept[:limit] or list(steps[:limit])


def _noted(known: Sequence[Known]) -> str:
    if not known:
        return ""
    return f"I have noted: {'; '.join(entry.value for entry in known)}."
