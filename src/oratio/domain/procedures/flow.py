"""The flow: an SOP as a program, plan schema 2."""

from collections.abc import Iterator
from typing import Literal

from oratio.domain.procedures.facts import Fact, Line, Lines, Name
from oratio.domain.procedures.rules import Rule
from oratio.domain.procedures.steps import Branch, Decide, Do, GoTo, Step
from oratio.domain.procedures.triggers import Trigger
from oratio.domain.refs import Value

FLOW_SCHEMA = 2


class Start(Value):
    """When a procedure starts.

    Attributes:
        text: What callers come for, in the SOP's words.
        examples: What callers say, from the SOP.
        requires: Facts that must be known first.
    """

    text: str
    examples: tuple[str, ...] = ()
    requires: tuple[Name, ...] = ()


class Procedure(Value):
    """One procedure.

    Attributes:
        id: snake_case ASCII, unique: the name of its function and of its tool.
        title: Its heading, or the SOP's title.
        role: `only`: the flow's single procedure, started by the first thing a caller says; `opening`: run at the start
            of each conversation; `topic`: started when `start` matches; `closing`: run when nothing else is open.
        body: Steps in order.
        end: What is true when it is over, if the SOP says.
    """

    id: Name
    title: str
    role: Literal["only", "opening", "topic", "closing"] = "topic"
    start: Start
    body: tuple[Step, ...]
    end: str | None = None
    lines: Lines = ()


class LineFate(Value):
    """What became of one SOP line.

    Attributes:
        fate: `executed` by the steps, facts or triggers in `refs`; `rule` in `refs`; `background` for answers and
            wording; `structure`: a heading, table header or mark without words of its own; `not_understood` for
            `reason`.
        refs: Ids of steps, rules, triggers, procedures; `fact:NAME` for facts.
    """

    line: Line
    fate: Literal["executed", "rule", "background", "structure", "not_understood"]
    refs: tuple[str, ...] = ()
    reason: str | None = None


class Flow(Value):
    """A compiled SOP.

    Attributes:
        language: BCP 47 tag of the language most of the SOP is in; `languages` all that were found.
        background: SOP lines, as they are, that no step or rule executes and that answers and wording may use.
        fates: One for each line that holds a letter or digit, in order.
    """

    schema_version: Literal[2] = 2
    title: str
    language: str
    languages: tuple[str, ...]
    procedures: tuple[Procedure, ...]
    facts: tuple[Fact, ...] = ()
    rules: tuple[Rule, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    background: tuple[str, ...] = ()
    fates: tuple[LineFate, ...] = ()

    def fact(self, name: str) -> Fact:
        """Return the fact of that name; KeyError if there is none."""
        for fact in self.facts:
            if fact.name == name:
                return fact
        raise KeyError(name)


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Yield every step of a body, nested ones after the step that holds them."""
    for step in steps:
        yield step
        for body in bodies(step):
            yield from walk(body)


def bodies(step: Step) -> tuple[tuple[Step, ...], ...]:
    """Return the bodies nested directly in a step, in order."""
    if isinstance(step, Decide):
        inner = tuple(branch.steps for branch in step.branches)
        return inner if step.otherwise is None else (*inner, step.otherwise)
    if isinstance(step, Do):
        return (step.on_error,) if step.on_error else ()
    if isinstance(step, GoTo):
        return (step.then,) if step.then else ()
    return ()


def branches(step: Step) -> tuple[Branch, ...]:
    """Return the branches of a decision, none for another step."""
    return step.branches if isinstance(step, Decide) else ()
