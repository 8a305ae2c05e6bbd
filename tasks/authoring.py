"""Tasks of plan, code and prompt: written, then reviewed."""

from collections.abc import Sequence
from typing import Any

from prefect import task

from oratio.authoring.review import Finding
from oratio.domain.refs import VersionRef
from tasks.context import services
from tasks.retry import RETRYING, call
from tasks.slots import model_slot


@task(task_run_name="write agent, round {round}", **RETRYING)
async def write_agent(ref: VersionRef, round: int, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """Write plan, code and prompt by the review's findings; return counts and digests for the journal."""
    async with model_slot():
        return await call(services().authoring.write, ref, round=round, findings=findings)


@task(task_run_name="review code, round {round}", **RETRYING)
async def review_code(ref: VersionRef, round: int) -> list[Finding]:
    """Review the code; return the findings, none when it passed and was signed."""
    return await call(services().authoring.check, ref)
