"""Short outlines of flows, so that a test says by content what an SOP became."""

from pathlib import Path

from oratio.authoring.procedures.compiler import compile_sop
from oratio.domain.procedures.conditions import (
    AllOf,
    Among,
    AnyOf,
    Compare,
    Condition,
    Count,
    Elapsed,
    Exists,
    Judgement,
    Not,
    TimeOfDay,
)
from oratio.domain.procedures.flow import Flow, walk
from oratio.domain.procedures.steps import Ask, Decide, Do, End, GoTo, HandOff, Search, Step, Tell

DATA = Path(__file__).parents[2] / "data"
SOPS = DATA / "procedures"


def compiled(name: str) -> Flow:
    """Compile a sample SOP."""
    return compile_sop((SOPS / name).read_text(encoding="utf-8"))


def clause(condition: Condition, flow: Flow) -> str:
    """Return a condition in one line."""
    if isinstance(condition, AllOf | AnyOf):
        return f" {condition.kind} ".join(clause(part, flow) for part in condition.of)
    if isinstance(condition, Not):
        return f"not {clause(condition.of, flow)}"
    if isinstance(condition, Compare):
        value = condition.value if isinstance(condition.value, bool | str) else f"{condition.value:g}"
        return f"{condition.fact} {condition.op} {value}{' ' + condition.unit if condition.unit else ''}"
    if isinstance(condition, Among):
        return f"{condition.fact} in {'/'.join(condition.values)}"
    if isinstance(condition, Elapsed):
        unit = f"{condition.amount:g} {condition.unit}"
        return f"{condition.fact} {condition.direction} {condition.op} {unit}"
    if isinstance(condition, Exists):
        return f"has {condition.fact}"
    if isinstance(condition, TimeOfDay):
        return f"{condition.start}-{condition.end}"
    if isinstance(condition, Judgement):
        return f"~{condition.text}"
    assert isinstance(condition, Count)
    steps = {step.id: step for procedure in flow.procedures for step in walk(procedure.body)}
    target = steps.get(condition.target or "")
    return f"{condition.of} {line(target) if target else condition.text} {condition.op} {condition.value}"


def line(step: Step) -> str:
    """Return a step without its branches in one line."""
    if isinstance(step, Ask):
        return f"ask {step.fact}" + "".join(f"|{other}" for other in step.alternatives)
    if isinstance(step, Tell):
        return f"{'words' if step.verbatim else step.form} {step.text}"
    if isinstance(step, Do):
        return f"do {step.operation or step.action}"
    if isinstance(step, HandOff):
        return f"hand off {step.to}"
    if isinstance(step, GoTo):
        return f"go to {step.target or step.procedure}"
    if isinstance(step, Search):
        return f"search {step.about}"
    return "end" if isinstance(step, End) else "decide"


def outline(flow: Flow, procedure: int = 0) -> list[str]:
    """Return a procedure's steps, one a line, branches indented."""
    return _outline(flow.procedures[procedure].body, flow, 0)


def _outline(steps: tuple[Step, ...], flow: Flow, depth: int) -> list[str]:
    rows = []
    for step in steps:
        mark = "  " * depth + (f"{step.label}: " if step.label else "")
        if not isinstance(step, Decide):
            rows.append(mark + line(step))
            continue
        for number, branch in enumerate(step.branches):
            rows.append((mark if not number else "  " * depth) + f"if {clause(branch.condition, flow)}")
            rows += _outline(branch.steps, flow, depth + 1)
        if step.otherwise is not None:
            rows.append("  " * depth + "else")
            rows += _outline(step.otherwise, flow, depth + 1)
    return rows


def triggers(flow: Flow) -> list[tuple[str, str, str | None]]:
    """Return kind, situation and recipient of each trigger."""
    return [(trigger.by, trigger.text, trigger.to) for trigger in flow.triggers]


def rules(flow: Flow) -> list[tuple[str, str]]:
    """Return kind and action of each rule."""
    return [(rule.kind, rule.action) for rule in flow.rules]
