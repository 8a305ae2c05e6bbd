"""Tasks of ingestion, one a file: write its metadata, check that it can be read."""

from collections.abc import Sequence

from prefect import task

from oratio.domain.knowledge.knowledge_base import DocumentProblem
from oratio.domain.refs import VersionRef
from tasks.context import services
from tasks.retry import RETRYING, call


@task(task_run_name="ingest {path}", **RETRYING)
async def ingest_file(ref: VersionRef, path: str) -> DocumentProblem | None:
    """Return the problem that keeps one document from being read, or None."""
    return await call(services().knowledge_bases.ingest_file, ref, path)


@task(**RETRYING)
async def keep_problems(ref: VersionRef, problems: Sequence[DocumentProblem]) -> None:
    """Store the unreadable files on the knowledge base's record."""
    await call(services().knowledge_bases.keep_problems, ref, problems)


@task(**RETRYING)
async def remove_strays(ref: VersionRef) -> int:
    """Remove files that this version no longer has from the knowledge base's prefix; return their number."""
    return await call(services().knowledge_bases.remove_strays, ref)
