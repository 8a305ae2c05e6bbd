"""Steps of a procedure: what the agent does, in structured bodies with labels for jumps.

A body runs from its first step to its last. A step whose `condition` is false is passed over. Labels appear only on
steps at the top of a procedure's body; a `go_to` may be at any depth and continues at the labelled step. After the last
step the procedure is over, as with `end`.
"""

from typing import Annotated, Literal

from pydantic import Field

from oratio.domain.procedures.conditions import Condition
from oratio.domain.procedures.facts import Lines, Name
from oratio.domain.refs import Value


class _Step(Value):
    """What every step has.

    Attributes:
        id: `s1`, `s2`, ...: unique in the flow, in the SOP's order.
        label: Where a `go_to` may lead: `step_3`.
        lines: SOP lines it came from.
        condition: When it is done; None for always.
    """

    id: str
    label: Name | None = None
    lines: Lines
    condition: Condition | None = None


class Ask(_Step):
    """Ask for a fact that is not known yet.

    Attributes:
        alternatives: Facts that will do when the caller has not got this one, in order.
        repeat: Ask again even if the fact is known: the answer may have changed since the last pass.
    """

    kind: Literal["ask"] = "ask"
    fact: Name
    alternatives: tuple[Name, ...] = ()
    optional: bool = False
    repeat: bool = False


class Tell(_Step):
    """Say something to the caller.

    Attributes:
        text: What to say. Verbatim: the exact words. Else an instruction's content in the SOP's words.
        form: `statement`: a clause to say (`the rate is 6.9 percent`); `request`: something the caller is to do, as a
            verb phrase (`plug the router into another socket`); `speech_act`: a verb phrase of the agent's
            (`offer a full refund`, `thank the caller`, `explain that ...`).
        awaits: `done`: wait until the caller says that it is done, or answers; `reply`: wait for any answer.
        facts: Facts whose values are part of what is said (read back).
        must_hear: May not be interrupted.
    """

    kind: Literal["tell"] = "tell"
    text: str
    form: Literal["statement", "request", "speech_act"] = "statement"
    verbatim: bool = False
    must_hear: bool = False
    awaits: Literal["nothing", "done", "reply"] = "nothing"
    facts: tuple[Name, ...] = ()


class Do(_Step):
    """Act in the operator's systems, or have a human act.

    Attributes:
        action: Verb phrase: `start a search with the carrier`.
        by: Who does it: `system` through an operation, `human` afterwards from the record.
        operation: Name of the function or operation if the SOP or a binding gives it.
        arguments: Facts handed over.
        result: Fact that the result fills.
        confirm: Ask the caller before.
        on_error: Steps when the operation fails.
    """

    kind: Literal["do"] = "do"
    action: str
    by: Literal["system", "human"] = "system"
    operation: str | None = None
    arguments: tuple[Name, ...] = ()
    result: Name | None = None
    confirm: bool = False
    on_error: tuple["Step", ...] = ()


class Branch(Value):
    """One way of a decision."""

    condition: Condition
    steps: tuple["Step", ...]
    lines: Lines = ()


class Decide(_Step):
    """Take the first branch whose condition is true; none and no `otherwise`: go on after the decision."""

    kind: Literal["decide"] = "decide"
    branches: tuple[Branch, ...]
    otherwise: tuple["Step", ...] | None = None


class Search(_Step):
    """Look something up in the documents and say what they say."""

    kind: Literal["search"] = "search"
    about: str


class HandOff(_Step):
    """Hand the conversation over to a human; ends the procedure.

    Attributes:
        to: Who, in the SOP's words: `the store manager`; None for any human.
        reason: Why, as a clause or noun phrase.
        urgent: Danger, or the SOP says at once.
    """

    kind: Literal["hand_off"] = "hand_off"
    to: str | None = None
    reason: str
    urgent: bool = False


class GoTo(_Step):
    """Continue at a labelled step, or start another procedure.

    Attributes:
        target: Label of a top step of this procedure; None to start `procedure` at its top.
        procedure: Id of another procedure.
        at_most: How often this jump may be taken in one run of the procedure; None without limit.
        then: What happens instead once `at_most` is reached; empty: go on after this step.
    """

    kind: Literal["go_to"] = "go_to"
    target: Name | None = None
    procedure: Name | None = None
    at_most: int | None = Field(default=None, ge=0)
    then: tuple["Step", ...] = ()


class End(_Step):
    """End the procedure here."""

    kind: Literal["end"] = "end"
    outcome: str | None = None


type Step = Annotated[Ask | Tell | Do | Decide | Search | HandOff | GoTo | End, Field(discriminator="kind")]

for _model in (Do, Branch, Decide, GoTo):
    _model.model_rebuild()
