"""Hand-off triggers of a flow: when a human takes over, whatever step the conversation is in."""

from typing import Literal

from oratio.domain.procedures.conditions import Condition
from oratio.domain.procedures.facts import Lines, Name
from oratio.domain.procedures.steps import Step
from oratio.domain.refs import Value


class Trigger(Value):
    """One reason to hand over.

    Attributes:
        id: `t1`, `t2`, ...
        by: `meaning`: what the caller says, held against `text` and `examples`; `data`: `condition` over facts;
            `count`: `condition` is a `Count`.
        text: The situation in the SOP's words, without its conjunction: `somebody is hurt`.
        examples: What callers say in it, from the SOP.
        to: Who takes over, in the SOP's words; None for any human.
        priority: `danger` is tested before everything else and interrupts.
        before: Steps done first (`tell`: call 112; `ask`: the order number).
        procedure: Id of the procedure it is limited to; None for all.
    """

    id: str
    by: Literal["meaning", "data", "count"]
    text: str
    examples: tuple[str, ...] = ()
    condition: Condition | None = None
    to: str | None = None
    priority: Literal["normal", "danger"] = "normal"
    before: tuple[Step, ...] = ()
    procedure: Name | None = None
    lines: Lines
