import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from oratio.adapters.local.clock import SystemClock
from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases
from oratio.adapters.local.objects import FileObjectStore
from oratio.domain.knowledge.knowledge_base import IngestionStatus
from oratio.domain.refs import VersionRef
from oratio.domain.tags import resource_tags
from oratio.errors import NotFound, NotReady
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.ports.object_store import ObjectStore
from tests.contract.knowledge_bases import (
    ROAMING,
    KnowledgeBasesContract,
    ended,
    ingest,
    provision,
    put,
    ref,
)


@pytest.fixture
def documents(tmp_path: Path) -> ObjectStore:
    return FileObjectStore(tmp_path / "objects", "knowledge")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "knowledge"


@pytest.fixture
def engine(root: Path, documents: ObjectStore) -> KnowledgeBases:
    psutil.wait_procs(indexers(), timeout=20)  # of the test before, which have ended their jobs and are leaving
    return LocalKnowledgeBases(root, documents, SystemClock())


def indexers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # a parsing process that has just ended
            if any(part.endswith(".indexer") for part in child.cmdline()):
                found.append(child)
    return found


def indexer(look: Callable[[], object] = lambda: None) -> psutil.Process:
    """The indexing process this test started, as soon as it is there; `look` asks for the job meanwhile."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := indexers():
            return found[0]
        look()
        time.sleep(0.01)
    raise AssertionError("no indexing process was started")


def many(documents: ObjectStore, count: int = 12) -> None:
    for number in range(count):
        text = "\n\n".join(f"## Rule {n}\n\nRule {n} of part {number}: keep lamp {n * number} lit." for n in range(12))
        put(documents, f"part{number}.md", f"# Part {number}\n\n{text}\n".encode())


class TestLocalKnowledgeBases(KnowledgeBasesContract):
    def test_the_source_of_a_pdf_answer_is_named_with_its_page(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        pdf = Path(__file__).parents[2] / "examples/telecom/documents/workflows/tech_support_path1_no_service.pdf"
        put(documents, "charts/no_service.pdf", pdf.read_bytes())
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        best = engine.retrieve(engine_id, "What if the SIM is locked with a PUK?", version=1)[0]
        assert (best.path, best.page) == ("charts/no_service.pdf", 1)
        assert "SIM Locked (PIN/PUK)? Yes: Transfer to Human Agent." in best.text

    def test_a_second_job_waits_for_the_first(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        many(documents)
        engine_id, source_id = provision(engine)
        first = engine.start_ingestion(engine_id, source_id, ref=ref(1), token="one")
        with pytest.raises(NotReady):
            engine.start_ingestion(engine_id, source_id, ref=ref(2), token="two")
        assert engine.start_ingestion(engine_id, source_id, ref=ref(1), token="one") == first
        assert ended(engine, engine_id, source_id, first).status is IngestionStatus.COMPLETE

    def test_a_job_whose_process_is_killed_goes_on_at_the_next_look(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        many(documents)
        engine_id, source_id = provision(engine)
        job_id = engine.start_ingestion(engine_id, source_id, ref=ref(), token="job")
        killed = indexer()
        killed.kill()
        psutil.wait_procs([killed], timeout=10)
        job = ended(engine, engine_id, source_id, job_id)
        assert (job.status, job.documents_searchable) == (IngestionStatus.COMPLETE, 12)

    def test_a_job_that_keeps_dying_fails_with_a_reason(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        many(documents, 20)
        engine_id, source_id = provision(engine)
        job_id = engine.start_ingestion(engine_id, source_id, ref=ref(), token="job")
        for _ in range(3):
            killed = indexer(lambda: engine.ingestion_job(engine_id, source_id, job_id))
            killed.kill()
            psutil.wait_procs([killed], timeout=10)
        job = ended(engine, engine_id, source_id, job_id)
        assert job.status is IngestionStatus.FAILED
        assert "3 times" in job.failure
        assert engine.start_ingestion(engine_id, source_id, ref=ref(), token="job") == job_id
        assert ended(engine, engine_id, source_id, job_id).status is IngestionStatus.COMPLETE

    def test_a_stopped_job_ends_stopped(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        many(documents, 20)
        engine_id, source_id = provision(engine)
        job_id = engine.start_ingestion(engine_id, source_id, ref=ref(), token="job")
        engine.stop_ingestion(engine_id, source_id, job_id)
        assert ended(engine, engine_id, source_id, job_id).status is IngestionStatus.STOPPED

    def test_deleting_during_ingestion_leaves_nothing(
        self, engine: KnowledgeBases, documents: ObjectStore, root: Path
    ) -> None:
        many(documents)
        engine_id, source_id = provision(engine)
        engine.start_ingestion(engine_id, source_id, ref=ref(), token="job")
        engine.delete_knowledge_base(engine_id)
        assert list(root.iterdir()) == []

    def test_the_indexing_process_dies_with_its_parent(
        self, engine: KnowledgeBases, documents: ObjectStore, root: Path, tmp_path: Path
    ) -> None:
        many(documents, 12)
        engine_id, source_id = provision(engine)
        script = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from oratio.adapters.local.clock import SystemClock\n"
            "from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases\n"
            "from oratio.adapters.local.objects import FileObjectStore\n"
            "from oratio.domain.refs import VersionRef\n"
            "documents = FileObjectStore(Path(sys.argv[2]), 'knowledge')\n"
            "engine = LocalKnowledgeBases(Path(sys.argv[1]), documents, SystemClock())\n"
            "ref = VersionRef(user_id='ada', agent_id='a1', version=1)\n"
            "print(engine.start_ingestion(sys.argv[3], sys.argv[4], ref=ref, token='job'), flush=True)\n"
            "time.sleep(60)\n"
        )
        command = [sys.executable, "-c", script, str(root), str(tmp_path / "objects"), engine_id, source_id]
        parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        job_id = parent.stdout.readline().strip()
        child = indexer()
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        assert psutil.wait_procs([child], timeout=10)[1] == []
        assert ended(engine, engine_id, source_id, job_id).documents_searchable == 12

    def test_an_unchanged_document_is_not_embedded_again(
        self, engine: KnowledgeBases, documents: ObjectStore, root: Path
    ) -> None:
        put(documents, "roaming.md", ROAMING, "All about phones abroad")
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id, 1)
        before = chunk_ids(root / engine_id)
        ingest(engine, engine_id, source_id, 2)
        assert chunk_ids(root / engine_id) == before

    def test_documents_no_version_knows_are_collected(
        self, engine: KnowledgeBases, documents: ObjectStore, root: Path
    ) -> None:
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id, 1)
        put(documents, "roaming.md", b"# Roaming\n\nRoaming costs a pound a day from now on.\n")
        ingest(engine, engine_id, source_id, 1, token="again")
        assert len(chunk_ids(root / engine_id)) == 1
        found = engine.retrieve(engine_id, "What does roaming cost?", version=1)
        assert [passage.text for passage in found] == ["Roaming costs a pound a day from now on."]

    def test_a_description_leads_to_the_right_one_of_twin_documents(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        put(documents, "a/rules.md", b"# Rules\n\nThe lamp must be red at night.\n", "For the warehouse robots")
        put(documents, "b/rules.md", b"# Rules\n\nThe lamp must be blue at night.\n", "For the delivery vans")
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        for question, path in (
            ("Which colour has the lamp of a warehouse robot?", "a/rules.md"),
            ("Which colour has the lamp of a delivery van?", "b/rules.md"),
        ):
            assert engine.retrieve(engine_id, question, version=1)[0].path == path

    def test_a_passage_tells_how_much_of_the_question_it_accounts_for(
        self, engine: KnowledgeBases, documents: ObjectStore
    ) -> None:
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        (asked,) = engine.retrieve(engine_id, "Is roaming free of charge for a customer?", version=1)
        (other,) = engine.retrieve(engine_id, "Which customer won the chess championship?", version=1)
        assert (asked.coverage, asked.known) == (1, 1)
        assert other.coverage is not None
        assert other.known is not None
        assert 0 < other.coverage <= other.known < 0.5
        assert asked.similarity is not None
        assert other.similarity is not None
        assert asked.similarity > other.similarity + 0.3

    def test_another_process_sees_a_new_snapshot(
        self, engine: KnowledgeBases, documents: ObjectStore, root: Path
    ) -> None:
        reader = LocalKnowledgeBases(root, documents, SystemClock())
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id, 1)
        assert reader.retrieve(engine_id, "roaming", version=1)
        put(documents, "refunds.md", b"# Refunds\n\nRefunds take seven days.\n")
        ingest(engine, engine_id, source_id, 1, token="again")
        assert {passage.path for passage in reader.retrieve(engine_id, "refunds", version=1)} == {
            "refunds.md",
            "roaming.md",
        }
        engine.delete_knowledge_base(engine_id)
        with pytest.raises(NotFound):
            reader.retrieve(engine_id, "roaming", version=1)

    def test_many_threads_may_ask_at_once(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        put(documents, "roaming.md", ROAMING)
        put(documents, "refunds.md", b"# Refunds\n\nRefunds take seven days.\n")
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        asked = [("Is roaming free?", "roaming.md"), ("How long do refunds take?", "refunds.md")] * 20
        with ThreadPoolExecutor(max_workers=8) as pool:
            found = list(pool.map(lambda pair: engine.retrieve(engine_id, pair[0], version=1)[0].path, asked))
        assert found == [path for _, path in asked]

    def test_a_reference_of_another_agent_reaches_nothing(self, engine: KnowledgeBases) -> None:
        engine_id, source_id = provision(engine)
        other = VersionRef(user_id="bob", agent_id="a1", version=1)
        with pytest.raises(NotFound):
            engine.start_ingestion(engine_id, source_id, ref=other, token="job")
        assert provision_id(engine, "bob") != engine_id

    def test_odd_questions_are_only_questions(self, engine: KnowledgeBases, documents: ObjectStore) -> None:
        put(documents, "roaming.md", ROAMING)
        engine_id, source_id = provision(engine)
        ingest(engine, engine_id, source_id)
        assert engine.retrieve(engine_id, "  ", version=1) == []
        for question in ('"', "NEAR(", "AND OR NOT", "* ^ : -", "'; DROP TABLE chunks", "\0", "?" * 5_000, "\ud800"):
            assert len(engine.retrieve(engine_id, question, version=1)) <= 1


def chunk_ids(folder: Path) -> list[int]:
    with sqlite3.connect(folder / "index.sqlite") as database:
        return [row[0] for row in database.execute("SELECT chunk_id FROM chunks ORDER BY 1")]


def provision_id(engine: KnowledgeBases, user_id: str) -> str:
    return engine.ensure_knowledge_base("kb", tags=resource_tags(user_id, "a1", "test"), token="t").id
