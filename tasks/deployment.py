"""From reviewed bytes to a live agent."""

from prefect import task

from oratio.domain.agent import Agent
from oratio.domain.values import VersionRef
from tasks.context import services
from tasks.retry import RETRYING, call, poll


@task(**RETRYING)
async def ensure_runtime(ref: VersionRef) -> None:
    await call(services().deployment.ensure_runtime, ref)


@task(**RETRYING)
async def await_runtime(ref: VersionRef) -> None:
    """Return once the runtime version can be called; its id stands in the record, so a kill loses nothing."""
    await poll(services().deployment.require_runtime, ref)


@task(**RETRYING)
async def smoke(ref: VersionRef) -> None:
    """One greeting through the version that is about to go live."""
    await services().deployment.smoke(ref)


@task(**RETRYING)
async def activate(ref: VersionRef, owner: str) -> Agent:
    """Pin the endpoint, move the live files, set the agent active."""
    return await call(services().deployment.activate, ref, owner, services().runs)
