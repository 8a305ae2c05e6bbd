"""What happened while an agent was made, as lines; knows no Streamlit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oratio.domain.agents.agent import StepStatus
from oratio.domain.agents.journal import AgentEvent


class LogLine(NamedTuple):
    """`at` is ms since 1970; `step` is empty when the line is about the agent itself."""

    at: int
    step: str
    text: str


def lines(events: Sequence[AgentEvent], version: int) -> list[LogLine]:
    """One for each thing that happened to a version, oldest first."""
    begun: Counter[str] = Counter()
    told: list[LogLine] = []
    for event in events:
        if event.version == version:
            step = event.step or ""
            begun[step] += _begins(event)
            told.append(LogLine(event.at, step, _words(event, begun[step])))
    return told


def attempts(events: Sequence[AgentEvent], version: int) -> Mapping[str, int]:
    """How often each step of a version was begun."""
    return Counter(event.step for event in events if event.step and event.version == version and _begins(event))


def _begins(event: AgentEvent) -> bool:
    """A step that runs tells how far it is; one that has just begun says nothing yet."""
    return event.kind == "step" and event.status == StepStatus.RUNNING and not event.detail


def _words(event: AgentEvent, attempt: int) -> str:
    if event.kind != "step":
        return f"the agent is {event.status}" + (f": {event.detail}" if event.detail else "")
    if _begins(event):
        return "begun" if attempt < 2 else f"begun again, attempt {attempt}"
    word = {StepStatus.SUCCEEDED: "done", StepStatus.FAILED: "failed", StepStatus.PENDING: "waits"}
    said = word.get(StepStatus(event.status), "")
    return ": ".join(part for part in (said, event.detail) if part)
