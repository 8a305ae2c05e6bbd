"""Resolution: jumps to labels, questions to repeat, and ids in the order of the flow."""

from collections.abc import Sequence

from oratio.authoring.procedures.assemble import Assembler, mapped
from oratio.authoring.procedures.state import CompilerState, facts_in
from oratio.domain.procedures.conditions import AllOf, AnyOf, Condition, Count, Not
from oratio.domain.procedures.flow import Procedure, walk
from oratio.domain.procedures.rules import Rule
from oratio.domain.procedures.steps import Ask, Branch, Decide, GoTo, Step, Tell
from oratio.domain.procedures.triggers import Trigger


def resolved(
    assembler: Assembler, state: CompilerState
) -> tuple[tuple[Procedure, ...], tuple[Trigger, ...], tuple[Rule, ...], dict[str, str]]:
    """Return procedures, triggers and rules with final ids and jumps, and the map of provisional to final ids."""
    procedures = _with_roles(assembler.procedures)
    places = {
        step.label: (procedure.id, index)
        for procedure in reversed(procedures)
        for index, step in reversed(list(enumerate(procedure.body)))
        if step.label
    }
    procedures = [_jumps(procedure, places, assembler.aliases) for procedure in procedures]
    procedures = [_repeats(procedure) for procedure in procedures]
    procedures = [_unasked_last(_pruned(procedure, procedures)) for procedure in procedures]
    names: dict[str, str] = {}
    for body in (*(p.body for p in procedures), *(t.before for t in state.triggers)):
        for step in walk(body):
            names.setdefault(step.id, f"s{len(names) + 1}")
    final = tuple(p.model_copy(update={"body": mapped(p.body, lambda step: _renamed(step, names))}) for p in procedures)
    triggers = tuple(
        t.model_copy(
            update={
                "before": mapped(t.before, lambda step: _renamed(step, names)),
                "condition": t.condition and _named(t.condition, names),
            }
        )
        for t in state.triggers
    )
    rules = tuple(r.model_copy(update={"condition": r.condition and _named(r.condition, names)}) for r in state.rules)
    return final, triggers, rules, names


def _with_roles(procedures: Sequence[Procedure]) -> list[Procedure]:
    topics = [p for p in procedures if p.role == "topic"]
    if len(procedures) == 1 or (not topics and len(procedures) == 1):
        return [procedures[0].model_copy(update={"role": "only"})]
    return list(procedures)


def _jumps(procedure: Procedure, places: dict[str, tuple[str, int]], aliases: dict[str, str]) -> Procedure:
    own = {step.label for step in procedure.body if step.label}
    body = procedure.body
    if any(isinstance(step, GoTo) and step.target == "start" for step in walk(body)) and body[0].label is None:
        body = (body[0].model_copy(update={"label": "start"}), *body[1:])
    first = body[0].label

    def change(step: Step) -> Step:
        if not isinstance(step, GoTo) or step.target is None or step.target in own:
            return step
        if step.target == "start":
            return step.model_copy(update={"target": first})
        key = step.target.removeprefix("step_").replace("_", ".")
        if step.target in places and places[step.target][0] != procedure.id:
            return step.model_copy(update={"procedure": places[step.target][0]})
        if key in aliases and aliases[key] != procedure.id:
            return step.model_copy(update={"procedure": aliases[key], "target": None})
        if key in aliases:
            return step.model_copy(update={"target": None, "procedure": procedure.id})
        return step

    return procedure.model_copy(update={"body": mapped(body, change)})


def _repeats(procedure: Procedure) -> Procedure:
    """Questions at the target of a jump back are asked again: the answer may have changed."""
    body = list(procedure.body)
    at = {step.label: index for index, step in enumerate(body) if step.label}
    for index, step in enumerate(body):
        for jump in walk((step,)):
            if isinstance(jump, GoTo) and jump.procedure is None and jump.target in at and at[jump.target] <= index:
                start = at[jump.target]
                stop = next((i for i in range(start + 1, len(body)) if body[i].label), len(body))
                for i in range(start, min(stop, index + 1)):
                    body[i] = mapped((body[i],), _repeated)[0]
    return procedure.model_copy(update={"body": tuple(body)})


def _repeated(step: Step) -> Step:
    return step.model_copy(update={"repeat": True}) if isinstance(step, Ask) else step


def _unasked_last(procedure: Procedure) -> Procedure:
    """In a run of independent decisions those come last that need a fact which no step asks for."""
    asked = {step.fact for step in walk(procedure.body) if isinstance(step, Ask)}
    body: list[Step] = []
    run: list[Decide] = []

    def flush() -> None:
        ordered: list[Decide] = sorted(run, key=lambda decision: bool(facts_of(decision) - asked))
        body.extend(ordered)
        run.clear()

    for step in procedure.body:
        if isinstance(step, Decide) and _independent(step):
            run.append(step)
        else:
            flush()
            body.append(step)
    flush()
    return procedure.model_copy(update={"body": tuple(body)})


def facts_of(step: Decide) -> set[str]:
    """Return the facts that a decision reads."""
    return set().union(*(facts_in(branch.condition) for branch in step.branches))


def _independent(step: Decide) -> bool:
    return (
        step.label is None
        and step.otherwise is None
        and all(isinstance(s, Tell | Ask) for s in walk((step,)) if s is not step)
    )


def _pruned(procedure: Procedure, procedures: Sequence[Procedure]) -> Procedure:
    """Labels that no jump leads to are left out."""
    wanted = {
        step.target
        for other in procedures
        for step in walk(other.body)
        if isinstance(step, GoTo) and (step.procedure or other.id) == procedure.id
    }
    body = tuple(step if step.label in wanted else step.model_copy(update={"label": None}) for step in procedure.body)
    return procedure.model_copy(update={"body": body})


def _renamed(step: Step, names: dict[str, str]) -> Step:
    updates: dict[str, object] = {"id": names.get(step.id, step.id)}
    if step.condition is not None:
        updates["condition"] = _named(step.condition, names)
    if isinstance(step, Decide):
        updates["branches"] = tuple(
            Branch(condition=_named(b.condition, names), steps=b.steps, lines=b.lines) for b in step.branches
        )
    return step.model_copy(update=updates)


def _named(condition: Condition, names: dict[str, str]) -> Condition:
    if isinstance(condition, AllOf | AnyOf):
        return condition.model_copy(update={"of": tuple(_named(part, names) for part in condition.of)})
    if isinstance(condition, Not):
        return Not(of=_named(condition.of, names))
    if isinstance(condition, Count) and condition.target in names:
        return condition.model_copy(update={"target": names[condition.target]})
    return condition
