"""Task that plays a deployed, not yet live version against its scenarios."""

from collections.abc import Callable

from prefect import task

from oratio.domain.agents.version import RehearsalSummary
from oratio.domain.refs import VersionRef
from tasks.context import services
from tasks.retry import RETRYING, task_span, worded


@task(**RETRYING)
async def rehearse(ref: VersionRef, progress: Callable[[str], None]) -> RehearsalSummary:
    """Return the verdict; a failed rehearsal is a verdict too, not an error.

    Args:
        progress: Called with one line after each scenario.
    """
    with worded(), task_span():
        return await services().rehearsal.rehearse(ref, progress)
