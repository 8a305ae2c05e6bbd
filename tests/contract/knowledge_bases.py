"""The contract suite of `ports.knowledge_bases`; an adapter's test module subclasses it.

Fixtures: `engine`, the adapter; `documents`, the object store it reads. Tests wait for an engine's own work by asking
again, as its users do.
"""

import hashlib
import time
from collections.abc import Callable, Mapping

import pytest

from oratio.domain.knowledge.knowledge_base import DocumentProblem, IngestionJob, IngestionStatus
from oratio.domain.knowledge.metadata_file import sidecar
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import SIDECAR_SUFFIX
from oratio.domain.tags import object_tags, resource_tags
from oratio.errors import NotFound, NotReady
from oratio.ports.knowledge_bases import EngineRef, EngineStatus, KnowledgeBases
from oratio.ports.object_store import ObjectStore

USER, AGENT = "ada", "a1"
PREFIX = f"{USER}/{AGENT}/"
ENDED = (IngestionStatus.COMPLETE, IngestionStatus.FAILED, IngestionStatus.STOPPED)
ORDER = [IngestionStatus.STARTING, IngestionStatus.IN_PROGRESS, IngestionStatus.COMPLETE]
PATIENCE_SECONDS = 120

ROAMING = b"# Roaming\n\nSwitching on roaming is free of charge. The customer must restart the phone afterwards.\n"
REFUNDS = b"# Refunds\n\nMoney for returned parcels is back on the card within seven days.\n"


def put(documents: ObjectStore, path: str, data: bytes, *descriptions: str) -> None:
    documents.put(PREFIX + path, data, tags=object_tags(USER, AGENT, "document"))
    if descriptions:
        body = sidecar(USER, AGENT, path, descriptions)
        documents.put(PREFIX + path + SIDECAR_SUFFIX, body, tags=object_tags(USER, AGENT, "document-metadata"))


def ref(version: int = 1) -> VersionRef:
    return VersionRef(user_id=USER, agent_id=AGENT, version=version)


def when_ready[R](ask: Callable[[], R]) -> R:
    """What the engine answers once it no longer says that it is not ready."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except NotReady:
            assert time.monotonic() < deadline, "the engine is still not ready"
            time.sleep(0.02)


def provision(engine: KnowledgeBases, tags: Mapping[str, str] | None = None) -> tuple[str, str]:
    """An active knowledge base with its active data source."""
    created = engine.ensure_knowledge_base("kb", tags=tags or resource_tags(USER, AGENT, "test"), token="kb-1")
    while (seen := engine.knowledge_base(created.id)).status is EngineStatus.CREATING:
        time.sleep(0.02)
    assert seen.status is EngineStatus.ACTIVE
    source = engine.ensure_data_source(created.id, PREFIX, token="ds-1")
    while engine.data_source(created.id, source.id).status is EngineStatus.CREATING:
        time.sleep(0.02)
    return created.id, source.id


def ended(engine: KnowledgeBases, engine_id: str, source_id: str, job_id: str) -> IngestionJob:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (job := engine.ingestion_job(engine_id, source_id, job_id)).status not in ENDED:
        assert time.monotonic() < deadline, f"the job is still {job.status}"
        time.sleep(0.02)
    return job


def ingest(engine: KnowledgeBases, engine_id: str, source_id: str, version: int = 1, token: str = "") -> IngestionJob:
    token = token or f"job-{version}"
    job_id = when_ready(lambda: engine.start_ingestion(engine_id, source_id, ref=ref(version), token=token))
    return ended(engine, engine_id, source_id, job_id)


class KnowledgeBasesContract:
    def test_a_knowledge_base_is_creating_and_then_active(self, engine: KnowledgeBases) -> None:
        tags = resource_tags(USER, AGENT, "test")
        created = engine.ensure_knowledge_base("kb", tags=tags, token="t")
        assert created.status is EngineStatus.CREATING
        engine_id, _ = provision(engine, tags)
        assert engine.knowledge_base(engine_id) == EngineRef(engine_id, EngineStatus.ACTIVE)

    def test_ensuring_twice_gives_the_same_resources(self, engine: KnowledgeBases) -> None:
        engine_id, source_id = provision(engine)
        assert provision(engine) == (engine_id, source_id)

    def test_a_job_passes_its_states_in_order_and_counts(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        put(documents, "roaming.md", ROAMING)
        put(documents, "shop/refunds.md", REFUNDS)
        engine_id, source_id = provision(engine)
        job_id = engine.start_ingestion(engine_id, source_id, ref=ref(), token="job")
        seen: list[IngestionStatus] = []
        while not seen or seen[-1] not in ENDED:
            seen.append(engine.ingestion_job(engine_id, source_id, job_id).status)
            time.sleep(0.01)
        assert [status for status in ORDER if status in seen] == list(dict.fromkeys(seen))
        job = engine.ingestion_job(engine_id, source_id, job_id)
        assert (job.statistics.documents_scanned, job.documents_searchable, job.problems) == (2, 2, ())

    def test_a_question_finds_the_passage_that_answers(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        put(documents, "roaming.md", ROAMING)
        put(documents, "shop/refunds.md", REFUNDS)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        best = engine.retrieve(engine_id, "When does the shopper get the money for a returned parcel?", version=1)[0]
        assert best.path == "shop/refunds.md"
        assert best.excerpt in best.text
        assert len(best.excerpt) <= 400
        assert 0 <= best.score <= 1

    def test_results_come_best_first_and_at_most_as_many_as_asked(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        for number in range(5):
            put(documents, f"{number}.md", f"# Part {number}\n\nThe lamp of part {number} is green.\n".encode())
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        found = engine.retrieve(engine_id, "What colour is the lamp?", version=1, limit=3)
        assert len(found) == 3
        assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)

    def test_the_same_token_starts_no_second_job(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        first = ingest(engine, engine_id, source_id, token="same")
        again = engine.start_ingestion(engine_id, source_id, ref=ref(), token="same")
        assert again == first.job_id
        assert engine.ingestion_job(engine_id, source_id, again) == first

    def test_an_unreadable_document_is_a_problem_and_not_a_failure(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        put(documents, "roaming.md", ROAMING)
        put(documents, "broken.pdf", b"%PDF-1.7 and then nothing")
        engine_id, source_id = provision(engine)
        job = ingest(engine, engine_id, source_id)
        assert job.status is IngestionStatus.COMPLETE
        assert [problem.path for problem in job.problems] == ["broken.pdf"]
        assert (job.statistics.documents_failed, job.documents_searchable) == (1, 1)

    def test_an_older_version_answers_from_what_it_knew(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        put(documents, "price.md", b"# Price\n\nThe basic plan costs ten pounds a month.\n")
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id, 1)
        put(documents, "price.md", b"# Price\n\nThe basic plan costs twelve pounds a month.\n")
        documents.delete(PREFIX + "roaming.md")
        job = ingest(engine, engine_id, source_id, 2)
        assert job.statistics.modified_documents_indexed == 1
        assert job.statistics.documents_deleted == 1
        old = engine.retrieve(engine_id, "What does the basic plan cost?", version=1)
        new = engine.retrieve(engine_id, "What does the basic plan cost?", version=2)
        assert "ten pounds" in old[0].text
        assert "twelve pounds" in new[0].text
        assert {passage.path for passage in new} == {"price.md"}

    def test_an_unchanged_document_is_counted_as_such(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id, 1)
        put(documents, "refunds.md", REFUNDS)
        statistics = ingest(engine, engine_id, source_id, 2).statistics
        assert (statistics.documents_unchanged, statistics.new_documents_indexed) == (1, 1)

    def test_an_unknown_version_or_knowledge_base_is_not_found(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        with pytest.raises(NotFound):
            engine.retrieve(engine_id, "anything", version=9)
        with pytest.raises(NotFound):
            engine.retrieve("kb0000", "anything", version=1)

    def test_inspecting_tells_what_is_wrong_with_a_document(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        empty = b""
        put(documents, "empty.txt", empty)
        put(documents, "roaming.md", ROAMING)
        found = engine.inspect(ref(), "empty.txt", hashlib.sha256(empty).hexdigest(), "text/plain")
        assert isinstance(found, DocumentProblem)
        assert found.path == "empty.txt"
        assert engine.inspect(ref(), "roaming.md", hashlib.sha256(ROAMING).hexdigest(), "text/markdown") is None

    def test_after_deletion_nothing_is_found_and_deleting_again_is_fine(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        engine.retrieve(engine_id, "roaming", version=1)
        for _ in range(2):
            when_ready(lambda: engine.delete_data_source(engine_id, source_id))
        for _ in range(2):
            when_ready(lambda: engine.delete_knowledge_base(engine_id))
        with pytest.raises(NotFound):
            engine.knowledge_base(engine_id)
        with pytest.raises(NotFound):
            engine.retrieve(engine_id, "roaming", version=1)
