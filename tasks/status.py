"""Flow run's hold on one version: the lease, the journal of steps, and the end of the run."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from oratio.domain.agents.agent import Step
from oratio.domain.refs import VersionRef
from oratio.errors import LeaseLost, OratioError
from tasks.context import platform, services
from tasks.retry import Unexpected, call, worded

logger = logging.getLogger(__name__)


class VersionRun:
    """Journal of one flow run for the version it works on."""

    def __init__(self, ref: VersionRef, owner: str) -> None:
        self.ref = ref
        self.owner = owner

    async def enter(self, step: Step) -> bool:
        """Start a step; return False when an earlier run finished it."""
        return await call(services().runs.enter, self.ref, self.owner, step)

    async def note(self, step: Step, detail: str, outcome: dict[str, Any] | None = None) -> None:
        """Report a running step's progress to watchers."""
        await call(services().runs.note, self.ref, self.owner, step, detail, outcome)

    async def complete(self, step: Step, detail: str, outcome: dict[str, Any]) -> None:
        await call(services().runs.complete, self.ref, self.owner, step, detail, outcome)

    async def outcome(self, step: Step) -> dict[str, Any]:
        return await call(services().runs.outcome, self.ref, step)


@asynccontextmanager
async def working_on(ref: VersionRef, owner: str) -> AsyncIterator[VersionRun]:
    """Hold a version for one run: take, renew and release its lease; an error marks the agent failed.

    Args:
        owner: The flow run's id; the same run after a kill takes its own lease again.

    Raises:
        Conflict: Another run holds the version, or the agent is being deleted.
    """
    await call(services().runs.begin, ref, owner)
    keeper = asyncio.create_task(_keep_lease(ref, owner))
    try:
        yield VersionRun(ref, owner)
    except Exception as error:
        await fail(ref, owner, error)
        with worded():
            raise
    finally:
        keeper.cancel()
        await call(services().runs.release, ref, owner)


async def fail(ref: VersionRef, owner: str, error: BaseException) -> None:
    """Mark step, version and (before its first activation) agent failed."""
    cause = error.original if isinstance(error, Unexpected) else error
    await call(services().runs.fail, ref, owner, cause)


async def _keep_lease(ref: VersionRef, owner: str) -> None:
    """Renew the lease every third of its time, until cancelled or lost; a lost lease stops the next journal entry."""
    while True:
        await asyncio.sleep(platform().settings.prefect.lease_seconds / 3)
        try:
            await call(services().runs.keep, ref, owner)
        except LeaseLost:
            logger.warning("agent_id=<%s> version=<%d> | lease lost", ref.agent_id, ref.version)
            return
        except (OratioError, Unexpected):
            logger.exception("agent_id=<%s> version=<%d> | lease not renewed", ref.agent_id, ref.version)
