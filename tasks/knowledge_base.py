"""Tasks from a stored folder to a searchable knowledge base."""

from prefect import task

from oratio.domain.knowledge.knowledge_base import IngestionJob
from oratio.domain.refs import VersionRef
from tasks.context import services
from tasks.retry import RETRYING, call, poll


@task(**RETRYING)
async def ensure_knowledge_base(ref: VersionRef) -> None:
    await poll(services().knowledge_bases.ensure_knowledge_base, ref)


@task(**RETRYING)
async def ensure_data_source(ref: VersionRef) -> None:
    await poll(services().knowledge_bases.ensure_data_source, ref)


@task(**RETRYING)
async def start_ingestion(ref: VersionRef) -> None:
    """Start this attempt's ingestion job, as soon as no other runs on the data source."""
    agent = await call(services().agents.get, ref.user_id, ref.agent_id)
    await poll(services().knowledge_bases.start_ingestion, ref, attempt=agent.attempt)


@task(**RETRYING)
async def await_ingestion(ref: VersionRef) -> IngestionJob:
    """Return the ingestion job once it is complete; the job's id is in the record, so a kill loses nothing."""
    return await poll(services().knowledge_bases.require_ingested, ref)


@task(**RETRYING)
async def mark_ready(ref: VersionRef) -> IngestionJob:
    return await call(services().knowledge_bases.mark_ready, ref)
