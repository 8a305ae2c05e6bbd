"""Tasks from reviewed bytes to a live agent."""

from prefect import task

from oratio.domain.agents.agent import Agent
from oratio.domain.agents.version import VersionStatus
from oratio.domain.refs import VersionRef
from tasks.context import platform, services
from tasks.retry import RETRYING, call, poll, task_span, worded


@task(**RETRYING)
async def ensure_runtime(ref: VersionRef) -> None:
    await poll(services().deployment.ensure_runtime, ref)


@task(**RETRYING)
async def await_runtime(ref: VersionRef) -> None:
    """Return once the runtime version can be called; its id is in the record, so a kill loses nothing."""
    await poll(services().deployment.require_runtime, ref)


@task(**RETRYING)
async def smoke(ref: VersionRef) -> None:
    """Send one greeting through the version that is about to go live."""
    with worded(), task_span():
        await services().deployment.smoke(ref)


async def waits(ref: VersionRef) -> bool:
    """Return True if the version is rehearsed and held for an operator to activate."""
    record = await call(platform().versions.get, ref)
    return record.held and record.status is VersionStatus.REHEARSED


@task(**RETRYING)
async def settle(ref: VersionRef) -> None:
    """Finish an activation that was cut off after the agent's record was written and before the version's was."""
    record = await call(platform().versions.get, ref)
    if record.status is VersionStatus.REHEARSED and not record.held:
        await call(services().deployment.switch, ref.user_id, ref.agent_id, ref.version)


@task(**RETRYING)
async def activate(ref: VersionRef, owner: str) -> Agent:
    """Pin the endpoint, move the live files, set the agent active."""
    return await call(services().deployment.activate, ref, owner, services().runs)
