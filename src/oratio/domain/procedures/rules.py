"""Rules of a flow: what holds over the whole conversation, whatever step it is in."""

from typing import Literal

from oratio.domain.procedures.conditions import Condition
from oratio.domain.procedures.facts import Lines, Name
from oratio.domain.refs import Value

type RuleKind = Literal["never", "always", "only_if", "only_after", "at_most", "exactly_these_words"]


class Rule(Value):
    """One prohibition or obligation.

    Attributes:
        id: `r1`, `r2`, ...
        action: The verb phrase that is ruled on, in its plain form and without its negation: `promise a refund`.
        concerns: `speech`: what the agent says (promise, mention, give out); `deed`: operations and other acts;
            `manner`: tone and length; `handoff`: giving the call to a human.
        condition: `never` and `always`: when the rule applies; `only_if`: what must be true for the action.
        after: `only_after`: what must have happened first, in the SOP's words: `explicit confirmation of the caller`.
        limit: `at_most`: how often.
        per: `at_most`: counted separately for each of these: `order`.
        words: `exactly_these_words`: the wording.
        procedure: Id of the procedure it is limited to; None for all.
    """

    id: str
    kind: RuleKind
    action: str
    concerns: Literal["speech", "deed", "manner", "handoff"] = "speech"
    condition: Condition | None = None
    after: str | None = None
    limit: int | None = None
    per: str | None = None
    words: str | None = None
    procedure: Name | None = None
    lines: Lines
