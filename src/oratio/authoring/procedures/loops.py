"""Counted loops and exceptions: limits of jumps, and conditions that come after what they except."""

# ruff: noqa: RUF001 - it reads dashes and arrows

import re
from collections.abc import Sequence

from oratio.authoring.procedures.layout.words import content, share
from oratio.authoring.procedures.state import CompilerState, facts_in
from oratio.domain.procedures.conditions import AllOf, Condition, Count
from oratio.domain.procedures.flow import bodies
from oratio.domain.procedures.steps import Branch, Decide, Do, GoTo, HandOff, Step, Tell


def jumps_in(steps: Sequence[Step]) -> bool:
    """Return True if a step or a nested one jumps."""
    return any(isinstance(step, GoTo) or any(jumps_in(body) for body in bodies(step)) for step in steps)


def repeated_step(steps: Sequence[Step]) -> Step | None:
    """Return the step a loop repeats: the first act before its jump."""
    for step in steps:
        if isinstance(step, Tell | Do):
            return step
        for body in bodies(step):
            if (found := repeated_step(body)) is not None:
                return found
    return next((step for step in steps if not isinstance(step, GoTo | Decide)), None)


def limit_loop(
    steps: list[Step], at: int, limit: int, then: list[Step], state: CompilerState, lines: tuple[int, ...]
) -> bool:
    """Let the loop in `steps[at:]` run at most `limit` times, then do `then`; return False if there is no loop."""
    loop = steps[at:]
    if not jumps_in(loop):
        return False
    for offset in range(len(loop) - 1, -1, -1):
        step = loop[offset]
        if isinstance(step, Decide) and jumps_in([step]):
            steps[at + offset] = _limited_branches(step, limit, then, lines)
            state.reader.scope.loop = getattr(repeated_step([step]), "id", None)
            return True
        if isinstance(step, GoTo):
            break
    counted = repeated_step(loop)
    if counted is None:
        return False
    state.reader.scope.loop = counted.id
    if then:
        done = Count(of="step", target=counted.id, op="ge", value=limit)
        steps.insert(
            at,
            Decide(id=state.new_id(), lines=lines, branches=(Branch(condition=done, steps=tuple(then), lines=lines),)),
        )
    else:
        more = Count(of="step", target=counted.id, op="lt", value=limit)
        steps[at:] = [
            Decide(id=state.new_id(), lines=lines, branches=(Branch(condition=more, steps=tuple(loop), lines=lines),))
        ]
    return True


def _limited_branches(step: Decide, limit: int, then: list[Step], lines: tuple[int, ...]) -> Decide:
    branches: list[Branch] = []
    for branch in step.branches:
        counted = repeated_step(branch.steps)
        if not jumps_in(branch.steps):
            branches.append(branch)
            continue
        if counted is None:
            limited = tuple(
                s.model_copy(update={"at_most": limit, "then": tuple(then)}) if isinstance(s, GoTo) else s
                for s in branch.steps
            )
            branches.append(branch.model_copy(update={"steps": limited}))
            continue
        left = Count(of="step", target=counted.id, op="lt", value=limit)
        branches.append(branch.model_copy(update={"condition": _both(branch.condition, left)}))
        if then:
            branches.append(Branch(condition=branch.condition, steps=tuple(then), lines=lines))
    return step.model_copy(update={"branches": tuple(branches), "lines": tuple(sorted({*step.lines, *lines}))})


def _both(first: Condition, second: Condition) -> Condition:
    return AllOf(of=(*first.of, second)) if isinstance(first, AllOf) else AllOf(of=(first, second))


def counts_entry(condition: Condition, step_id: str | None) -> bool:
    """Return True if a condition counts how often the present step was reached."""
    return isinstance(condition, Count) and step_id is not None and condition.target == step_id


def hoist_exception(
    steps: list[Step],
    action: str,
    tag: str,
    condition: Condition,
    instead: list[Step],
    state: CompilerState,
    lines: tuple[int, ...],
) -> bool:
    """Decide an exception before the deed it excepts: `if C, don't X but Y`; return False without such a deed."""
    words = content(action, tag)
    for index, step in enumerate(steps):
        if isinstance(step, Do) and share(words, content(step.action, tag)) >= 0.6:
            steps.insert(index, _exception(condition, instead, state, lines))
            return True
        if isinstance(step, Decide):
            for number, branch in enumerate(step.branches):
                inner = list(branch.steps)
                if hoist_exception(inner, action, tag, condition, instead, state, lines):
                    first = next(i for i, s in enumerate(inner) if isinstance(s, Decide) and s.lines == lines)
                    inner.insert(0, inner.pop(first))
                    changed = (
                        *step.branches[:number],
                        branch.model_copy(update={"steps": tuple(inner)}),
                        *step.branches[number + 1 :],
                    )
                    steps[index] = step.model_copy(update={"branches": changed})
                    return True
    return False


def _exception(condition: Condition, instead: list[Step], state: CompilerState, lines: tuple[int, ...]) -> Decide:
    step = Decide(
        id=state.new_id(), lines=lines, branches=(Branch(condition=condition, steps=tuple(instead), lines=lines),)
    )
    state.executed([step])
    return step


def merge_for_otherwise(steps: list[Step]) -> int | None:
    """Join the decisions before an `otherwise` that are about the same facts; return the index of the joined one."""
    last = next((i for i in range(len(steps) - 1, -1, -1) if isinstance(steps[i], Decide)), None)
    if last is None:
        return None
    first = last
    while first > 0 and _alternates(steps[first - 1], steps[first]):
        first -= 1
    if first < last:
        group = [step for step in steps[first : last + 1] if isinstance(step, Decide)]
        joined = group[0].model_copy(
            update={
                "branches": tuple(branch for step in group for branch in step.branches),
                "lines": tuple(sorted({line for step in group for line in step.lines})),
            }
        )
        steps[first : last + 1] = [joined]
    return first


def _alternates(before: Step, after: Step) -> bool:
    if not isinstance(before, Decide) or not isinstance(after, Decide) or before.otherwise is not None:
        return False
    facts = [set().union(*(facts_in(branch.condition) for branch in step.branches)) for step in (before, after)]
    return bool(facts[0] & facts[1]) or not (facts[0] or facts[1])


def ends(steps: Sequence[Step]) -> bool:
    """Return True if nothing after these steps is reached."""
    return (
        bool(steps)
        and (isinstance(steps[-1], HandOff | GoTo) or steps[-1].kind == "end")
        and steps[-1].condition is None
    )


_ANSWER_MARK = re.compile(r"^(?P<answer>[^:→=]{1,60}?)\s*(?:->|→|=>|⇒|:|=|\s[–—-])\s*(?P<act>\S.*)$")


def answer_of(text: str) -> "re.Match[str] | None":
    """Return the parts of `No -> go to step 2`."""
    return _ANSWER_MARK.match(text)
