"""Knowledge bases: from a stored folder to a searchable base; each method is safe to repeat."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from oratio.domain import tags
from oratio.domain.knowledge.descriptions import chain
from oratio.domain.knowledge.knowledge_base import (
    Document,
    DocumentProblem,
    IngestionJob,
    IngestionStatus,
    KnowledgeBase,
    KnowledgeBaseStatus,
    Passage,
    with_status,
)
from oratio.domain.knowledge.metadata_file import sidecar
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import (
    SIDECAR_SUFFIX,
    agent_prefix,
    archived_document_key,
    document_key,
    sidecar_key,
)
from oratio.errors import NoDocumentsIndexed, NotFound, NotReady, StepFailed
from oratio.ports.clock import Clock
from oratio.ports.knowledge_bases import EngineRef, EngineStatus, KnowledgeBases
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import AgentRepository, KnowledgeBaseRepository, VersionRepository

logger = logging.getLogger(__name__)


def step_token(ref: VersionRef, step: str) -> str:
    """Return the deterministic token of one external create: 40 hex characters, the same for every retry."""
    return hashlib.sha256(f"{ref.user_id}\0{ref.agent_id}\0{ref.version}\0{step}".encode()).hexdigest()[:40]


class KnowledgeBaseService:
    """Service behind `ingest_folder` and `provision_knowledge_base`."""

    def __init__(
        self,
        *,
        agents: AgentRepository,
        knowledge_bases: KnowledgeBaseRepository,
        versions: VersionRepository,
        documents: ObjectStore,
        archive: ObjectStore,
        engine: KnowledgeBases,
        clock: Clock,
        environment: str,
    ) -> None:
        self._agents = agents
        self._records = knowledge_bases
        self._versions = versions
        self._documents = documents
        self._archive = archive
        self._engine = engine
        self._clock = clock
        self._environment = environment

    def paths(self, ref: VersionRef) -> list[str]:
        return [document.path for document in self._versions.get(ref).documents]

    def ingest_file(self, ref: VersionRef, path: str) -> DocumentProblem | None:
        """Put one document and its metadata file in place for this version, and check that it can be read.

        Raises:
            StepFailed: The accepted bytes are missing from the store.
        """
        version = self._versions.get(ref)
        document = next(known for known in version.documents if known.path == path)
        self._put_in_place(ref, document)
        self._documents.put(
            sidecar_key(ref.user_id, ref.agent_id, path),
            sidecar(ref.user_id, ref.agent_id, path, chain(version.brief.folder_file_descriptions, path)),
            tags=tags.object_tags(ref.user_id, ref.agent_id, "document-metadata"),
        )
        return self._engine.inspect(ref, path, document.sha256, document.media_type)

    def _put_in_place(self, ref: VersionRef, document: Document) -> None:
        """Store this version's bytes at the document's path; move the object there before to the archive."""
        key = document_key(ref.user_id, ref.agent_id, document.path)
        labels = tags.object_tags(ref.user_id, ref.agent_id, "document")
        current = self._documents.get(key) if self._documents.exists(key) else None
        if current is not None and hashlib.sha256(current).hexdigest() == document.sha256:
            return
        try:
            wanted = self._archive.get(archived_document_key(ref.user_id, ref.agent_id, document.sha256))
        except NotFound:
            raise StepFailed(f"{document.path!r} has changed in the store", hint="upload the folder again") from None
        if current is not None:
            self._keep(ref, current)
        self._documents.put(key, wanted, tags=labels)

    def _keep(self, ref: VersionRef, data: bytes) -> None:
        key = archived_document_key(ref.user_id, ref.agent_id, hashlib.sha256(data).hexdigest())
        if not self._archive.exists(key):
            self._archive.put(key, data, tags=tags.object_tags(ref.user_id, ref.agent_id, "document"))

    def remove_strays(self, ref: VersionRef) -> int:
        """Remove objects that this version does not know from the prefix, keeping their bytes in the archive.

        Returns:
            The number of documents removed.
        """
        known = {
            key
            for path in self.paths(ref)
            for key in (document_key(ref.user_id, ref.agent_id, path), sidecar_key(ref.user_id, ref.agent_id, path))
        }
        prefix = agent_prefix(ref.user_id, ref.agent_id)
        strays = [stored.key for stored in self._documents.list(prefix) if stored.key not in known]
        for key in strays:
            if not key.endswith(SIDECAR_SUFFIX):
                self._keep(ref, self._documents.get(key))
            self._documents.delete(key)
        return sum(not key.endswith(SIDECAR_SUFFIX) for key in strays)

    def keep_problems(self, ref: VersionRef, problems: Sequence[DocumentProblem]) -> None:
        kept = tuple(sorted(problems, key=lambda problem: problem.path))
        self._change(ref, lambda record: record.model_copy(update={"problems": kept}))

    def ensure_knowledge_base(self, ref: VersionRef) -> None:
        """Get or create the engine's knowledge base.

        Raises:
            NotReady: It is being created; ask again.
            StepFailed: The engine could not create it.
        """
        record = self._record(ref)
        seen = self._known(record.bedrock_knowledge_base_id, self._engine.knowledge_base)
        if seen is None:
            labels = tags.resource_tags(ref.user_id, ref.agent_id, self._environment)
            made = self._engine.ensure_knowledge_base(
                f"oratio-{record.knowledge_base_id}", tags=labels, token=self._token(ref, "knowledge_base")
            )
            own = {"bedrock_knowledge_base_id": made.id, "data_source_id": None, "kind": self._engine.kind}
            self._change(ref, lambda record: record.model_copy(update=own))
            seen = self._engine.knowledge_base(made.id)
        if seen.status is EngineStatus.FAILED:
            # A failed resource is of no use to a retry, which creates another.
            self._give_up(ref, "the knowledge base", seen, lambda: self._engine.delete_knowledge_base(seen.id))
        _require_active(seen, "the knowledge base")

    def ensure_data_source(self, ref: VersionRef) -> None:
        """Get or create the engine's data source over the agent's prefix; errors as `ensure_knowledge_base`."""
        engine_id = self.engine_id(ref)
        seen = self._known(
            self._record(ref).data_source_id, lambda source_id: self._engine.data_source(engine_id, source_id)
        )
        if seen is None:
            made = self._engine.ensure_data_source(
                engine_id, agent_prefix(ref.user_id, ref.agent_id), token=self._token(ref, "data_source")
            )
            source_id = made.id
            self._change(ref, lambda record: record.model_copy(update={"data_source_id": source_id}))
            seen = self._engine.data_source(engine_id, made.id)
        if seen.status is EngineStatus.FAILED:
            self._give_up(ref, "the data source", seen, lambda: self._engine.delete_data_source(engine_id, seen.id))
        _require_active(seen, "the data source")

    def _token(self, ref: VersionRef, step: str) -> str:
        """Return the token of the agent's attempt: a repeated step gets its earlier resource, a retry a new one."""
        agent = self._agents.get(ref.user_id, ref.agent_id)
        return step_token(ref.model_copy(update={"version": 1}), f"{step}-{agent.attempt}")

    @staticmethod
    def _known(engine_id: str | None, look: Callable[[str], EngineRef]) -> EngineRef | None:
        """Return the resource that the record names, as the engine shows it; None when it does not exist (any more)."""
        if engine_id is None:
            return None
        try:
            return look(engine_id)
        except NotFound:
            return None

    def _give_up(self, ref: VersionRef, what: str, seen: EngineRef, delete: Callable[[], None]) -> NoReturn:
        """Delete a failed resource, and raise the reason of its failure."""
        with suppress(NotReady):
            delete()
        raise StepFailed(f"{what} is {seen.status}: {seen.failure or 'no reason given'}", hint="fix that and retry")

    def start_ingestion(self, ref: VersionRef, *, attempt: int) -> None:
        """Start this version's ingestion job, or adopt the one that runs.

        Args:
            attempt: The agent's attempt; a retry after a failed job gets a job of its own.
        """
        record = self._record(ref)
        assert record.bedrock_knowledge_base_id
        assert record.data_source_id
        job_id = self._engine.start_ingestion(
            record.bedrock_knowledge_base_id,
            record.data_source_id,
            ref=ref,
            token=step_token(ref, f"ingestion-{attempt}"),
        )
        self._change(ref, lambda record: record.model_copy(update={"ingestion_job_id": job_id}))

    def require_ingested(self, ref: VersionRef) -> IngestionJob:
        """Return the finished ingestion job.

        Raises:
            NotReady: It is still running.
            StepFailed: It failed as a whole.
            NoDocumentsIndexed: It ended, and there is nothing to search.
        """
        record = self._record(ref)
        assert record.bedrock_knowledge_base_id
        assert record.data_source_id
        assert record.ingestion_job_id
        job = self._engine.ingestion_job(
            record.bedrock_knowledge_base_id, record.data_source_id, record.ingestion_job_id
        )
        if job.status in (IngestionStatus.STARTING, IngestionStatus.IN_PROGRESS):
            raise NotReady(f"ingestion is {job.status}")
        if job.status is not IngestionStatus.COMPLETE:
            raise StepFailed(f"ingestion ended {job.status}: {job.failure or 'no reason given'}", hint="retry it")
        if job.documents_searchable == 0:
            reasons = "; ".join(f"{problem.path}: {problem.reason}" for problem in job.problems[:5])
            raise NoDocumentsIndexed(f"no document could be read ({reasons})", hint="send readable documents")
        return job

    def mark_ready(self, ref: VersionRef) -> IngestionJob:
        """Set the knowledge base ready with the problems of its finished job; errors as `require_ingested`."""
        job = self.require_ingested(ref)
        problems = {problem.path: problem for problem in (*self._record(ref).problems, *job.problems)}
        known = {document.path for document in self._versions.get(ref).documents}
        kept = tuple(problems[path] for path in sorted(problems) if path in known)

        def ready(record: KnowledgeBase) -> KnowledgeBase:
            record = with_status(record, KnowledgeBaseStatus.READY, self._clock.now_ms())
            return record.model_copy(update={"ingested_version": ref.version, "problems": kept})

        self._change(ref, ready)
        return job

    def engine_id(self, ref: VersionRef) -> str:
        engine_id = self._record(ref).bedrock_knowledge_base_id
        if engine_id is None:
            raise NotReady("the knowledge base has not been provisioned")
        return engine_id

    def retrieve(self, ref: VersionRef, query: str, *, limit: int = 6) -> list[Passage]:
        return self._engine.retrieve(self.engine_id(ref), query, version=ref.version, limit=limit)

    def _record(self, ref: VersionRef) -> KnowledgeBase:
        agent = self._agents.get(ref.user_id, ref.agent_id)
        return self._records.get(ref.user_id, agent.knowledge_base_id)

    def _change(self, ref: VersionRef, change: Callable[[KnowledgeBase], KnowledgeBase]) -> None:
        """Change the record; a failed knowledge base that is worked on again is `notready` first."""

        def changed(record: KnowledgeBase) -> KnowledgeBase:
            now = self._clock.now_ms()
            if record.status is KnowledgeBaseStatus.FAILED:
                record = with_status(record, KnowledgeBaseStatus.NOTREADY, now)
            return change(record).model_copy(update={"updated_at": now})

        agent = self._agents.get(ref.user_id, ref.agent_id)
        self._records.update(ref.user_id, agent.knowledge_base_id, changed)


def _require_active(ref: EngineRef, what: str) -> None:
    if ref.status is EngineStatus.CREATING:
        raise NotReady(f"{what} is being created")
    if ref.status is EngineStatus.DELETING:
        raise NotReady(f"{what} is being deleted and will be created again")
    if ref.status is not EngineStatus.ACTIVE:
        raise StepFailed(f"{what} is {ref.status}: {ref.failure or 'no reason given'}", hint="retry it")
