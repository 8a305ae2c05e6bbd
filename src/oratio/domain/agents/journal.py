"""The journal of steps: what was done for a version, by which run, and the events for watchers."""

from typing import Any

from oratio.domain.agents.agent import Step, StepStatus
from oratio.domain.refs import Value, VersionRef


class Lease(Value):
    """The right of one run to work on one version.

    Attributes:
        fence: Grows with every new holder; each write is checked against the newest.
        expires_at: ms since 1970; renew before.
    """

    ref: VersionRef
    owner: str
    fence: int
    expires_at: int


class StepRecord(Value):
    """The journal's row for one (agent, version, step).

    Attributes:
        outcome: Small JSON the step left for the next ones and for a second run: ids, counts, hashes.
        attempts: How often the step was started.
    """

    ref: VersionRef
    step: Step
    status: StepStatus
    started_at: int
    ended_at: int | None = None
    detail: str = ""
    outcome: dict[str, Any] = {}
    attempts: int = 1


class AgentEvent(Value):
    """One change a watcher is notified of; `seq` grows by one per agent from 1.

    `kind` is `step` (then `step`, `status` and `detail` speak of it) or `status` (the agent's own).
    """

    seq: int
    at: int
    kind: str
    version: int
    status: str
    step: str | None = None
    detail: str = ""
