"""What a model may change about a draft plan, and how each change is held against the draft.

A model sends changes, not a plan: every step, its text, its lines, every guardrail and every trigger stay the draft's,
so no span can be lost and no policy invented. It may word titles and questions, name the facts a step asks for, say
when a procedure is needed, add phrases that recognise a trigger, and add rehearsals.
"""

import re
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from oratio.authoring.text import identifier, one_line
from oratio.domain.plan.agent_plan import (
    AgentPlan,
    HandoffTrigger,
    PlanFact,
    PlanFactType,
    PlanProcedure,
    PlanStep,
    Scenario,
)

MAX_ADDED_SCENARIOS = 20
_WORD = re.compile(r"[^\W\d_]{4,}")


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FactChange(_Change):
    """A fact that a step asks for; `question` is said aloud to the caller."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    type: PlanFactType
    question: str = Field(min_length=5, max_length=240)


class StepChange(_Change):
    """A better title or better facts for one step; what is None stays."""

    step_id: str
    title: str | None = Field(None, min_length=3, max_length=80)
    facts: list[FactChange] | None = Field(None, max_length=6)


class ProcedureChange(_Change):
    """One sentence on when the procedure of this name is needed."""

    name: str
    when: str = Field(min_length=10, max_length=240)


class TriggerChange(_Change):
    """More phrases by which the trigger at this place (from 0) is recognised in what a caller says."""

    index: int = Field(ge=0)
    phrases: list[str] = Field(max_length=8)


class ScenarioEdit(_Change):
    """One more rehearsal of one step: what a caller says, one to four messages."""

    step_id: str
    title: str = Field(min_length=3, max_length=100)
    prompts: list[str] = Field(min_length=1, max_length=4)


class Improvements(_Change):
    """Changes to a draft plan. Leave out whatever is good as it is."""

    steps: list[StepChange] = []
    procedures: list[ProcedureChange] = []
    triggers: list[TriggerChange] = []
    scenarios: list[ScenarioEdit] = Field([], max_length=MAX_ADDED_SCENARIOS)


def faults(draft: AgentPlan, changes: Improvements) -> list[str]:
    """Why these changes may not be made: one sentence each, for the model to fix; none when all may."""
    return list(_faults(draft, changes))


def _faults(draft: AgentPlan, changes: Improvements) -> Iterator[str]:
    steps = {step.step_id: step for step in draft.steps}
    procedures = {procedure.name for procedure in draft.procedures}
    for change in changes.steps:
        step = steps.get(change.step_id)
        if step is None:
            yield f"there is no step {change.step_id}"
            continue
        if change.title is not None and not _shares_words(change.title, step.text):
            yield f"the title of {change.step_id} shares no word with its text"
        for fact in change.facts or ():
            if not _shares_words(f"{fact.name.replace('_', ' ')} {fact.question}", step.text):
                yield f"the fact {fact.name} of {change.step_id} is not in that step's text"
        if step.facts and change.facts == []:
            yield f"{change.step_id} loses what it asks for"
    for wording in changes.procedures:
        if wording.name not in procedures:
            yield f"there is no procedure {wording.name}"
    for trigger in changes.triggers:
        if trigger.index >= len(draft.handoff.triggers):
            yield f"there is no trigger {trigger.index}"
        elif any(not 3 <= len(one_line(phrase)) <= 80 for phrase in trigger.phrases):
            yield f"a phrase of trigger {trigger.index} is not 3 to 80 characters long"
    for scenario in changes.scenarios:
        if scenario.step_id not in steps:
            yield f"the rehearsal {one_line(scenario.title)[:40]!r} names step {scenario.step_id}, which is not there"


def _shares_words(said: str, text: str) -> bool:
    """Whether two texts share a word of four letters or more, by its first five."""
    stems = {word.lower()[:5] for word in _WORD.findall(text)}
    return not stems or any(word.lower()[:5] in stems for word in _WORD.findall(said))


def improved(draft: AgentPlan, changes: Improvements, author: str) -> AgentPlan:
    """The draft with changes that have no faults."""
    by_step = {change.step_id: change for change in changes.steps}
    when = {change.name: one_line(change.when) for change in changes.procedures}
    phrases = {change.index: change.phrases for change in changes.triggers}
    triggers = (_trigger(trigger, phrases.get(index, ())) for index, trigger in enumerate(draft.handoff.triggers))
    return draft.model_copy(
        update={
            "steps": tuple(_step(step, by_step.get(step.step_id)) for step in draft.steps),
            "procedures": tuple(_procedure(procedure, when.get(procedure.name)) for procedure in draft.procedures),
            "handoff": draft.handoff.model_copy(update={"triggers": tuple(triggers)}),
            "scenarios": (*draft.scenarios, *_scenarios(draft, changes.scenarios)),
            "author": author,
        }
    )


def _step(step: PlanStep, change: StepChange | None) -> PlanStep:
    if change is None:
        return step
    facts = step.facts
    if change.facts is not None:
        facts = tuple(
            PlanFact(
                name=identifier(fact.name, fallback="answer"),
                question=one_line(fact.question),
                type=fact.type,
                source=step.source,
            )
            for fact in change.facts
        )
    return step.model_copy(update={"title": one_line(change.title or step.title), "facts": facts})


def _procedure(procedure: PlanProcedure, when: str | None) -> PlanProcedure:
    return procedure if when is None else procedure.model_copy(update={"when": when})


def _trigger(trigger: HandoffTrigger, phrases: Sequence[str]) -> HandoffTrigger:
    added = [one_line(phrase).lower() for phrase in phrases]
    return trigger.model_copy(update={"phrases": tuple(dict.fromkeys((*trigger.phrases, *added)))})


def _scenarios(draft: AgentPlan, added: Sequence[ScenarioEdit]) -> Iterator[Scenario]:
    sources = {step.step_id: step.source for step in draft.steps}
    for number, scenario in enumerate(added, len(draft.scenarios) + 1):
        yield Scenario(
            scenario_id=f"r{number:03d}",
            title=one_line(scenario.title),
            prompts=tuple(one_line(prompt)[:500] for prompt in scenario.prompts),
            expect="reply",
            source=sources[scenario.step_id],
            kind="step",
        )
