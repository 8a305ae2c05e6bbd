"""Faults of the paths through a procedure: unreachable steps, jumps to nowhere, loops, dead ends."""

# ruff: noqa: E501 - a message or pattern is one line

from collections.abc import Iterator, Sequence

from oratio.domain.procedures.check import LintFinding
from oratio.domain.procedures.conditions import AllOf, AnyOf, Compare, Condition, Count, Not
from oratio.domain.procedures.facts import FactType
from oratio.domain.procedures.flow import Flow, Procedure, bodies, walk
from oratio.domain.procedures.steps import Ask, Decide, End, GoTo, HandOff, Step

_EXIT = "exit"


def path_findings(flow: Flow) -> Iterator[LintFinding]:
    """Return the faults of every procedure's paths."""
    for procedure in flow.procedures:
        graph = _Graph(procedure)
        yield from _jumps(flow, procedure)
        yield from graph.unreachable()
        yield from _loops(procedure, graph)
        yield from _dead_ends(flow, procedure)


class _Graph:
    """Which step may follow which: an over-approximation in which every condition may be true or false."""

    def __init__(self, procedure: Procedure) -> None:
        self._procedure = procedure
        self._labels = {step.label: step.id for step in procedure.body if step.label}
        self.next: dict[str, set[str]] = {}
        self._sequence(procedure.body, _EXIT)

    def _sequence(self, steps: Sequence[Step], after: str) -> str:
        """Record a body and return the id of its first step."""
        for index, step in enumerate(steps):
            follow = steps[index + 1].id if index + 1 < len(steps) else after
            self.next[step.id] = self._following(step, follow)
        return steps[0].id if steps else after

    def _following(self, step: Step, follow: str) -> set[str]:
        passed = {follow} if step.condition is not None else set()
        if isinstance(step, HandOff | End):
            return {_EXIT} | passed
        if isinstance(step, GoTo):
            target = (
                _EXIT
                if step.procedure and step.procedure != self._procedure.id
                else self._labels.get(step.target or "", self._procedure.body[0].id if step.target is None else _EXIT)
            )
            spent = {self._sequence(step.then, follow)} if step.at_most is not None else set()
            return {target} | spent | passed
        if isinstance(step, Decide):
            found = {self._sequence(branch.steps, follow) for branch in step.branches}
            rest = follow if step.otherwise is None else self._sequence(step.otherwise, follow)
            return found | passed | (set() if step.otherwise is None and _exhaustive(step) else {rest})
        for body in bodies(step):
            passed.add(self._sequence(body, follow))
        return passed | {follow}

    def reached(self, start: str) -> set[str]:
        """Return every step that may follow a step, itself included."""
        seen, waiting = {start}, [start]
        while waiting:
            for step in self.next.get(waiting.pop(), ()):
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
        return seen

    def unreachable(self) -> Iterator[LintFinding]:
        """Return the first step of each stretch that no path reaches."""
        seen = self.reached(self._procedure.body[0].id) if self._procedure.body else set()
        known: set[str] = set()
        for step in walk(self._procedure.body):
            if step.id not in seen and step.id not in known:
                known |= self.reached(step.id)
                yield LintFinding(
                    code="unreachable_step", severity="warning", lines=step.lines,
                    message="no path leads to this step: every way before it jumps elsewhere or ends; add a jump to it or delete it",
                )  # fmt: skip


def _exhaustive(step: Decide) -> bool:
    """Return True if a yes-or-no fact has both its branches."""
    values = {
        (branch.condition.fact, branch.condition.value)
        for branch in step.branches
        if isinstance(branch.condition, Compare) and isinstance(branch.condition.value, bool)
    }
    return any((fact, not value) in values for fact, value in values)


def _jumps(flow: Flow, procedure: Procedure) -> Iterator[LintFinding]:
    labels = {(p.id, step.label) for p in flow.procedures for step in p.body if step.label}
    for step in walk(procedure.body):
        if (
            isinstance(step, GoTo)
            and step.target is not None
            and (step.procedure or procedure.id, step.target) not in labels
        ):
            name = step.target.removeprefix("step_").replace("_", ".")
            yield LintFinding(
                code="jump_to_nowhere", severity="error", lines=step.lines,
                message=f"there is no step {name}: number the step it should lead to, or change the jump",
            )  # fmt: skip


def _loops(procedure: Procedure, graph: _Graph) -> Iterator[LintFinding]:
    index = {step.id: number for number, top in enumerate(procedure.body) for step in walk((top,))}
    at = {step.label: number for number, step in enumerate(procedure.body) if step.label}
    for top in procedure.body:
        for step, counted in _with_counts((top,), counted=False):
            if not isinstance(step, GoTo) or step.procedure not in (None, procedure.id) or step.target not in at:
                continue
            target = procedure.body[at[step.target]].id
            if step.id not in graph.reached(target):
                continue
            if _EXIT not in graph.reached(target):
                yield LintFinding(
                    code="loop_without_exit", severity="error", lines=step.lines,
                    message="this jump goes round for ever: no answer leads out of the loop; say when it ends and what follows",
                )  # fmt: skip
            elif (
                at[step.target] <= index[step.id]
                and step.at_most is None
                and not counted
                and not _counts(procedure, at[step.target], index[step.id])
            ):
                yield LintFinding(
                    code="loop_without_limit", severity="warning", lines=step.lines,
                    message="this jump back has no limit: a caller whose answer never changes is never let out; add “at most twice” and what follows then",
                )  # fmt: skip


def _with_counts(steps: Sequence[Step], *, counted: bool) -> Iterator[tuple[Step, bool]]:
    """Every step, with True where a condition above it counts."""
    for step in steps:
        yield step, counted
        if isinstance(step, Decide):
            for branch in step.branches:
                yield from _with_counts(branch.steps, counted=counted or _has_count(branch.condition))
            yield from _with_counts(step.otherwise or (), counted=counted)
        else:
            for body in bodies(step):
                yield from _with_counts(body, counted=counted)


def _counts(procedure: Procedure, first: int, last: int) -> bool:
    """Return True if a decision inside the loop counts."""
    return any(
        isinstance(step, Decide) and any(_has_count(branch.condition) for branch in step.branches)
        for step in walk(procedure.body[first : last + 1])
    )


def _has_count(condition: Condition) -> bool:
    if isinstance(condition, AllOf | AnyOf):
        return any(_has_count(part) for part in condition.of)
    return isinstance(condition, Count) or (isinstance(condition, Not) and _has_count(condition.of))


def _dead_ends(flow: Flow, procedure: Procedure) -> Iterator[LintFinding]:
    facts = {fact.name: fact for fact in flow.facts}
    for before, step in _neighbours(procedure.body):
        if not isinstance(step, Decide):
            continue
        for branch in step.branches:
            if not branch.steps:
                yield LintFinding(
                    code="dead_end", severity="warning", lines=branch.lines or step.lines,
                    message="nothing follows from this condition: say what the agent does then",
                )  # fmt: skip
        asked = before.fact if isinstance(before, Ask) else None
        if asked is None or step.otherwise is not None or facts[asked].type is not FactType.BOOLEAN:
            continue
        values = {
            b.condition.value for b in step.branches if isinstance(b.condition, Compare) and b.condition.fact == asked
        }
        jumps = all(b.steps and isinstance(b.steps[-1], GoTo | HandOff | End) for b in step.branches)
        if len(values) == 1 and jumps and facts[asked].question:
            missing = "no" if True in values else "yes"
            yield LintFinding(
                code="dead_end", severity="warning", lines=step.lines,
                message=f"for the answer {missing} nothing is said: the agent goes on with the next step; say where {missing} leads",
            )  # fmt: skip


def _neighbours(steps: Sequence[Step]) -> Iterator[tuple[Step | None, Step]]:
    before: Step | None = None
    for step in steps:
        yield before, step
        for body in bodies(step):
            yield from _neighbours(body)
        before = step
