"""Progress view of a creation's steps."""

import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from oratio.cli.output import one_line
from oratio.domain.agents.agent import Step, StepStatus
from oratio.domain.agents.journal import AgentEvent

_WORDS = {
    "ingest_folder": "reading the folder",
    "provision_knowledge_base": "building the knowledge base",
    "author_agent": "writing the agent",
    "check_code": "reviewing the code",
    "rehearse_agent": "rehearsing",
    "deploy_agent": "deploying",
    "activate": "activating",
}


class StepView:
    """Progress bar on a terminal, a line a step elsewhere; on stderr, so that stdout is only for results."""

    def __init__(self, *, quiet: bool = False) -> None:
        console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._lines = not quiet and not console.is_terminal
        self._done: set[str] = set()
        self._said = ("", "")
        if not quiet and console.is_terminal:
            columns = (BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f}"), TimeElapsedColumn())
            self._bar = Progress(*columns, TextColumn("{task.description}", markup=False), console=console)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task("starting", total=len(Step))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def sent(self, sent: int, total: int) -> None:
        """Show how much of an upload is sent, in bytes."""
        if self._bar and self._task is not None:
            self._bar.update(self._task, description=f"sending {sent / 1e6:.1f} of {total / 1e6:.1f} MB")

    def follow(self, events: Iterable[AgentEvent], *, after_ms: int = 0) -> None:
        """Show every event later than `after_ms` until the stream ends."""
        for event in events:
            if event.at > after_ms:
                self.show(event)

    def show(self, event: AgentEvent) -> None:
        step, status = event.step, event.status
        if not step:
            return
        if status == StepStatus.SUCCEEDED:
            self._done.add(step)
        else:
            self._done.discard(step)
        detail = one_line(event.detail)
        words = _WORDS.get(step, step) + (f": {detail}" if detail else "")
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=len(self._done), description=words)
        elif self._lines and (step, status) != self._said:
            self._said = (step, status)
            sys.stderr.write(f"{step} {status}{': ' + detail if detail else ''}\n")
            sys.stderr.flush()
