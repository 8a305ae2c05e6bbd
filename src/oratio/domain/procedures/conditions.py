"""Conditions of a flow: typed expressions over facts, time and counts.

Evaluation is three-valued. A condition over an unknown fact is unknown, and `all`, `any` and `not` follow Kleene:
a false member settles `all`, a true one settles `any`. A `decide` whose next branch is unknown first asks for the fact
that is missing, so a condition may name a fact that no `ask` step has reached yet.
"""

from typing import Annotated, Literal

from pydantic import Field

from oratio.domain.procedures.facts import Comparison, Name
from oratio.domain.refs import Value

type Unit = Literal["seconds", "minutes", "hours", "days", "working_days", "weeks", "months", "years"]
type ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Compare(Value):
    """Comparison of a fact with a constant; `value` is a choice's `value`, a number, a boolean or a text.

    Amounts compare in the fact's currency, durations in `unit`, dates as ISO text.
    """

    kind: Literal["compare"] = "compare"
    fact: Name
    op: Comparison
    value: bool | float | str
    unit: str | None = None


class Among(Value):
    """True if a choice or text fact has one of several values."""

    kind: Literal["among"] = "among"
    fact: Name
    values: tuple[str, ...]


class Exists(Value):
    """True if the fact has a value; false once the caller has said that there is none."""

    kind: Literal["exists"] = "exists"
    fact: Name


class Elapsed(Value):
    """Comparison of the time between a date fact and now.

    Attributes:
        direction: `since`: how long the date is past; `until`: how far it is ahead.
    """

    kind: Literal["elapsed"] = "elapsed"
    fact: Name
    op: Comparison
    amount: float
    unit: Unit
    direction: Literal["since", "until"] = "since"


class TimeOfDay(Value):
    """True if the present local time is in `[start, end)`; the span may pass midnight."""

    kind: Literal["time_of_day"] = "time_of_day"
    start: ClockTime
    end: ClockTime


class Count(Value):
    """Comparison of how often something happened in this conversation.

    Attributes:
        of: `step`: how often the step `target` (an id or label) was entered, this time included; `trigger`: how often
            the caller did what `text` says; `requests`: how often the caller asked for the same thing.
    """

    kind: Literal["count"] = "count"
    of: Literal["step", "trigger", "requests"]
    target: str | None = None
    text: str | None = None
    op: Comparison
    value: int


class Judgement(Value):
    """What no data decides: asked of the understanding, recorded, never silently true.

    Attributes:
        text: The clause in the SOP's words, without its conjunction: `the caller sounds upset`.
    """

    kind: Literal["judgement"] = "judgement"
    text: str


class AllOf(Value):
    """True if every member is true."""

    kind: Literal["all"] = "all"
    of: tuple["Condition", ...]


class AnyOf(Value):
    """True if a member is true."""

    kind: Literal["any"] = "any"
    of: tuple["Condition", ...]


class Not(Value):
    """The opposite of a condition."""

    kind: Literal["not"] = "not"
    of: "Condition"


type Condition = Annotated[
    Compare | Among | Exists | Elapsed | TimeOfDay | Count | Judgement | AllOf | AnyOf | Not,
    Field(discriminator="kind"),
]

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()
