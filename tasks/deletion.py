"""Tasks of an agent's deletion, one a piece; a missing piece counts as done."""

from prefect import task

from oratio.domain.refs import VersionRef
from oratio.errors import NotFound, NotReady
from tasks.context import platform, services
from tasks.retry import RETRYING, call, poll


def _require_quiet(user_id: str, agent_id: str) -> None:
    """Raise NotReady while a run still holds the newest version: its new resources would be left behind."""
    try:
        agent = services().agents.get(user_id, agent_id)
    except NotFound:
        return
    ref = VersionRef(user_id=user_id, agent_id=agent_id, version=agent.latest_version)
    lease = platform().journal.lease(ref)
    if lease and lease.expires_at > platform().clock.now_ms():
        raise NotReady("a run is still working on this agent")


@task(**RETRYING)
async def await_quiet(user_id: str, agent_id: str) -> None:
    """Return once the cancelled creation has released the agent, or its lease has expired."""
    await poll(_require_quiet, user_id, agent_id)


@task(**RETRYING)
async def stop_ingestion(user_id: str, agent_id: str) -> None:
    await call(services().deletion.stop_ingestion, user_id, agent_id)


@task(**RETRYING)
async def delete_runtime(user_id: str, agent_id: str) -> None:
    await poll(services().deletion.delete_runtime, user_id, agent_id)


@task(**RETRYING)
async def delete_data_source(user_id: str, agent_id: str) -> None:
    await poll(services().deletion.delete_data_source, user_id, agent_id)


@task(**RETRYING)
async def delete_knowledge_base(user_id: str, agent_id: str) -> None:
    await poll(services().deletion.delete_knowledge_base, user_id, agent_id)


@task(**RETRYING)
async def delete_objects(user_id: str, agent_id: str) -> None:
    await call(services().deletion.delete_objects, user_id, agent_id)


@task(**RETRYING)
async def delete_records(user_id: str, agent_id: str) -> None:
    await call(services().deletion.delete_records, user_id, agent_id)
