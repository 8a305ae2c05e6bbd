"""Log of an agent's creation, as lines; independent of Streamlit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oratio.domain.agents.agent import StepStatus
from oratio.domain.agents.journal import AgentEvent


class LogLine(NamedTuple):
    """Line of the log; `at` is ms since 1970, `step` is empty for the agent itself."""

    at: int
    step: str
    text: str


def lines(events: Sequence[AgentEvent], version: int) -> list[LogLine]:
    """Return a line for each event of a version, oldest first."""
    starts: Counter[str] = Counter()
    found: list[LogLine] = []
    for event in events:
        if event.version == version:
            step = event.step or ""
            starts[step] += _begins(event)
            found.append(LogLine(event.at, step, _words(event, starts[step])))
    return found


def attempts(events: Sequence[AgentEvent], version: int) -> Mapping[str, int]:
    """Count the starts of each step of a version."""
    return Counter(event.step for event in events if event.step and event.version == version and _begins(event))


def _begins(event: AgentEvent) -> bool:
    """Return True if the event is a step's start: a step reports progress only after it."""
    return event.kind == "step" and event.status == StepStatus.RUNNING and not event.detail


def _words(event: AgentEvent, attempt: int) -> str:
    if event.kind != "step":
        return f"the agent is {event.status}" + (f": {event.detail}" if event.detail else "")
    if _begins(event):
        return "started" if attempt < 2 else f"started again, attempt {attempt}"
    word = {StepStatus.SUCCEEDED: "done", StepStatus.FAILED: "failed", StepStatus.PENDING: "waits"}
    said = word.get(StepStatus(event.status), "")
    return ": ".join(part for part in (said, event.detail) if part)
