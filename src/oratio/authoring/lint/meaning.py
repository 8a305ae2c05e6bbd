"""Faults of what a flow says: facts, boundaries, contradictions, triggers, actions."""

# ruff: noqa: E501 - a message or pattern is one line

from collections.abc import Collection, Iterator
from itertools import combinations

from oratio.authoring.procedures.layout.words import content, share
from oratio.authoring.procedures.readback import open_boundaries, with_unit
from oratio.authoring.procedures.state import facts_in
from oratio.domain.procedures.check import LintFinding
from oratio.domain.procedures.conditions import Compare, Condition
from oratio.domain.procedures.facts import Lines, Origin
from oratio.domain.procedures.flow import Flow, Procedure, bodies, walk
from oratio.domain.procedures.rules import Rule
from oratio.domain.procedures.steps import Ask, Branch, Decide, Do, GoTo, HandOff, Step, Tell


def meaning_findings(flow: Flow, operations: Collection[str] | None) -> Iterator[LintFinding]:
    """Return the faults of what a flow says; `operations` are those of the tool sources, None without any."""
    for procedure in flow.procedures:
        yield from _unasked(flow, procedure)
        yield from _boundaries(procedure)
        yield from _overlaps(procedure)
    yield from _contradictions(flow)
    yield from _triggers(flow)
    yield from _actions(flow, operations)


def _unasked(flow: Flow, procedure: Procedure) -> Iterator[LintFinding]:
    """Facts that a decision needs before a step asks for them."""
    facts = {fact.name: fact for fact in flow.facts}
    opening = {s.fact for p in flow.procedures if p.role == "opening" for s in walk(p.body) if isinstance(s, Ask)}
    known, reported = set(opening), set[str]()
    for step in walk(procedure.body):
        if isinstance(step, Ask):
            known |= {step.fact, *step.alternatives}
        if isinstance(step, Do) and step.result:
            known.add(step.result)
        if not isinstance(step, Decide):
            continue
        for branch in step.branches:
            for name in sorted(facts_in(branch.condition) - known - reported):
                reported.add(name)
                if facts[name].origin is Origin.CALLER:
                    yield LintFinding(
                        code="fact_before_asked", severity="warning", lines=branch.lines or step.lines,
                        message=f"“{facts[name].label}” is needed here but no step before asks for it: the agent will ask for it at this point; add the question where you want it",
                    )  # fmt: skip


def _decisions(steps: tuple[Step, ...]) -> Iterator[list[Decide]]:
    yield [step for step in steps if isinstance(step, Decide)]
    for step in steps:
        for body in bodies(step):
            yield from _decisions(body)


def _boundaries(procedure: Procedure) -> Iterator[LintFinding]:
    for group in _decisions(procedure.body):
        for fact, value, unit in open_boundaries(group):
            lines = [
                branch.lines or step.lines
                for step in group
                for branch in step.branches
                if fact in facts_in(branch.condition)
            ]
            yield LintFinding(
                code="missing_boundary", severity="warning", lines=_joined(*lines),
                message=f"above and below {with_unit(value, unit)} are covered, exactly {with_unit(value, unit)} is not: write “at least” or “at most” in one of them",
            )  # fmt: skip


def _overlaps(procedure: Procedure) -> Iterator[LintFinding]:
    """Conditions on one number that are true together and lead elsewhere."""
    for group in _decisions(procedure.body):
        branches = [branch for step in group for branch in step.branches if isinstance(branch.condition, Compare)]
        reported: set[int] = set()
        for first, second in combinations(branches, 2):
            one, two = first.condition, second.condition
            if id(second) in reported:
                continue
            assert isinstance(one, Compare)
            assert isinstance(two, Compare)
            if one.fact != two.fact or not _conflict(first, second):
                continue
            same = one == two
            if same or (
                _is_number(one) and _is_number(two) and one.op == two.op and one.op != "eq" and _spans_overlap(one, two)
            ):
                reported.add(id(second))
                yield LintFinding(
                    code="overlapping_branches", severity="warning", lines=_joined(first.lines, second.lines),
                    message="both conditions are true for some values and lead to different ends: narrow one of them; as it is, the one that is written first counts",
                )  # fmt: skip
            elif (
                _is_number(one)
                and _is_number(two)
                and {one.op, two.op} <= {"le", "ge"}
                and one.op != two.op
                and one.value == two.value
            ):
                reported.add(id(second))
                yield LintFinding(
                    code="overlapping_branches", severity="warning", lines=_joined(first.lines, second.lines),
                    message=f"exactly {with_unit(float(one.value), one.unit)} meets both conditions: make one of them exclude it; as it is, the one that is written first counts",
                )  # fmt: skip


def _is_number(condition: Compare) -> bool:
    return isinstance(condition.value, float) and not isinstance(condition.value, bool)


def _spans_overlap(one: Compare, two: Compare) -> bool:
    return one.op in ("gt", "ge", "lt", "le")


def _conflict(first: Branch, second: Branch) -> bool:
    """Return True if two branches end differently in the same way: two hand-offs, two jumps, two refusals or offers."""
    if not first.steps or not second.steps:
        return False
    a, b = first.steps[-1], second.steps[-1]
    if isinstance(a, HandOff) and isinstance(b, HandOff):
        return a.to != b.to
    if isinstance(a, GoTo) and isinstance(b, GoTo):
        return (a.target, a.procedure) != (b.target, b.procedure)
    return isinstance(a, Tell) and isinstance(b, Tell) and a.text != b.text


def _contradictions(flow: Flow) -> Iterator[LintFinding]:
    kinds = [rule for rule in flow.rules if rule.kind in ("never", "always", "at_most")]
    for first, second in combinations(kinds, 2):
        if first.kind == second.kind != "at_most":
            continue
        opposed = {first.kind, second.kind} == {"never", "always"}
        counts = first.kind == second.kind == "at_most" and first.limit != second.limit
        if (
            (opposed or counts)
            and _same_action(first.action, second.action, flow.language)
            and first.condition == second.condition
        ):
            yield LintFinding(
                code="contradicting_rules", severity="error", lines=_joined(first.lines, second.lines),
                message=f"these rules contradict one another on “{first.action}”: keep one of them or say when each applies",
            )  # fmt: skip
    nevers = [rule for rule in flow.rules if rule.kind == "never" and rule.condition is None]
    said = [(step, text) for p in flow.procedures for step in walk(p.body) if (text := _action_of(step))]
    for rule in nevers:
        yield from (_against(rule, step.lines) for step, text in said if _same_action(rule.action, text, flow.language))


def _against(rule: Rule, lines: Lines) -> LintFinding:
    return LintFinding(
        code="contradicting_rules", severity="warning", lines=_joined(lines, rule.lines),
        message=f"this step does what line {rule.lines[0]} forbids (“{rule.action}”): the rule counts; change the step or say when the rule applies",
    )  # fmt: skip


def _action_of(step: Step) -> str:
    if isinstance(step, Do):
        return step.action
    return step.text if isinstance(step, Tell) and step.form == "speech_act" else ""


def _same_action(one: str, two: str, tag: str) -> bool:
    a, b = content(one.lower(), tag), content(two.lower(), tag)
    return len(a) > 1 and len(b) > 1 and share(a, b) == 1.0 and share(b, a) >= 0.75


def _triggers(flow: Flow) -> Iterator[LintFinding]:
    asked = {n for p in flow.procedures for s in walk(p.body) if isinstance(s, Ask) for n in (s.fact, *s.alternatives)}
    facts = {fact.name: fact for fact in flow.facts}
    decided = {
        name
        for p in flow.procedures
        for s in walk(p.body)
        if isinstance(s, Decide)
        for b in s.branches
        for name in facts_in(b.condition)
    }
    for trigger in flow.triggers:
        needed = facts_in(trigger.condition) if trigger.condition is not None else set()
        unknown = sorted(name for name in needed - asked - decided if facts[name].origin is Origin.CALLER)
        if trigger.by == "data" and unknown:
            yield LintFinding(
                code="trigger_cannot_fire", severity="warning", lines=trigger.lines,
                message=f"nothing asks for “{facts[unknown[0]].label}”: this hand-over happens only if a caller says it unasked; add the question",
            )  # fmt: skip
        elif trigger.condition is not None and _impossible(trigger.condition):
            yield LintFinding(
                code="trigger_cannot_fire",
                severity="warning",
                lines=trigger.lines,
                message="this condition is never true: check its numbers",
            )


def _impossible(condition: Condition) -> bool:
    """Return True if the parts of a conjunction exclude one another."""
    parts = (
        [p for p in getattr(condition, "of", ()) if isinstance(p, Compare) and _is_number(p)]
        if condition.kind == "all"
        else []
    )
    for one, two in combinations(parts, 2):
        low, high = (one, two) if one.op in ("gt", "ge") else (two, one)
        if (
            one.fact == two.fact
            and low.op in ("gt", "ge")
            and high.op in ("lt", "le")
            and float(low.value) >= float(high.value)
        ):
            return True
    return False


def _actions(flow: Flow, operations: Collection[str] | None) -> Iterator[LintFinding]:
    for body in (*(p.body for p in flow.procedures), *(t.before for t in flow.triggers)):
        for step in walk(body):
            if not isinstance(step, Do) or step.by != "system":
                continue
            if step.operation is not None and step.operation not in (operations or ()):
                yield LintFinding(
                    code="unknown_function", severity="warning", lines=step.lines,
                    message=f"there is no function {step.operation}: connect a tool source that has it, or write what a human does instead",
                )  # fmt: skip
            elif step.operation is None:
                yield LintFinding(
                    code="action_without_operation", severity="warning" if operations else "note", lines=step.lines,
                    message=f"no operation does “{step.action}”: connect a tool source for it, or it is noted for a human to do",
                )  # fmt: skip


def _joined(*lines: Lines) -> Lines:
    return tuple(dict.fromkeys(line for part in lines for line in part))
