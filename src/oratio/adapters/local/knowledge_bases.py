"""Knowledge bases on this machine: one folder each, indexed by a process of its own."""

import fcntl
import hashlib
import json
import logging
import os
import pickle
import secrets
import shutil
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from oratio.domain.knowledge.knowledge_base import (
    DocumentProblem,
    IngestionJob,
    IngestionStatistics,
    IngestionStatus,
    Passage,
)
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import document_key
from oratio.errors import Conflict, InvalidInput, NotFound, NotReady
from oratio.ports.clock import Clock
from oratio.ports.knowledge_bases import EngineRef, EngineStatus, KnowledgeBases
from oratio.ports.object_store import ObjectStore
from oratio.retrieval.children import child_environment
from oratio.retrieval.embedding import embedder
from oratio.retrieval.excerpts import excerpt
from oratio.retrieval.index import Snapshot, WordQuery
from oratio.retrieval.indexer import Order
from oratio.retrieval.parsing.blocks import sound
from oratio.retrieval.parsing.parsed_cache import ParsedCache
from oratio.retrieval.ranking import Hit, search
from oratio.retrieval.store import Store, transaction
from oratio.text.stemming import Stemmer

logger = logging.getLogger(__name__)

SNAPSHOTS_KEPT = 32  # loaded indices in this process
MAX_ATTEMPTS = 3  # a job whose process died this often has failed
LEAVING_LOOKS = 500
MAX_QUESTION_CHARS = 2_000
_RUNNING = (IngestionStatus.STARTING, IngestionStatus.IN_PROGRESS)


class LocalKnowledgeBases(KnowledgeBases):
    """Stands in for Bedrock Knowledge Bases: same states in the same order, each reached at the next look.

    A knowledge base is the folder `<root>/<id>`, where the id is a digest of tenant and agent; nothing of one
    tenant is ever opened for another, and deleting is removing the folder. `documents` must survive pickling: the
    indexing process opens it again.

    Quirks: an agent has one knowledge base whatever the token; a job that FAILED as a whole starts again when asked
    for with its token; a running job whose process died starts again at the next look, at most three times.
    """

    def __init__(self, root: Path, documents: ObjectStore, clock: Clock) -> None:
        self._root = root
        self._documents = documents
        self._clock = clock
        self._stemmer = Stemmer()
        self._snapshots: OrderedDict[tuple[str, int], tuple[Snapshot, int]] = OrderedDict()
        self._lock = Lock()

    @property
    def kind(self) -> str:
        return "LOCAL"

    def ensure_knowledge_base(self, name: str, *, tags: Mapping[str, str], token: str) -> EngineRef:
        if not tags.get("userId") or not tags.get("agentId"):
            raise InvalidInput("a knowledge base needs the tags userId and agentId")
        engine_id = engine_id_of(tags["userId"], tags["agentId"])
        store = self._store(engine_id)
        store.create()
        with store.connect() as database, transaction(database):
            found = database.execute("SELECT value FROM facts WHERE name = 'status'").fetchone()
            if found is None:
                facts = {"name": name, "tags": json.dumps(dict(tags)), "token": token, "status": EngineStatus.CREATING}
                database.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        return self.knowledge_base(engine_id) if found else EngineRef(engine_id, EngineStatus.CREATING)

    def knowledge_base(self, engine_id: str) -> EngineRef:
        store, facts = self._known(engine_id)
        if facts["status"] != EngineStatus.ACTIVE:
            store.set_facts(status=EngineStatus.ACTIVE)
        return EngineRef(engine_id, EngineStatus.ACTIVE)

    def ensure_data_source(self, engine_id: str, prefix: str, *, token: str) -> EngineRef:
        if not prefix.endswith("/"):
            raise InvalidInput(f"the prefix {prefix!r} does not end in '/'", hint="it would also take its neighbours")
        store, facts = self._known(engine_id)
        if known := facts.get("source"):
            if facts["prefix"] != prefix:
                raise Conflict("the knowledge base has another data source", hint="delete that one first")
            return self.data_source(engine_id, known)
        source = "ds" + hashlib.sha256(f"{engine_id}\0{prefix}\0{token}".encode()).hexdigest()[:14]
        store.set_facts(source=source, prefix=prefix)
        return EngineRef(source, EngineStatus.CREATING)

    def data_source(self, engine_id: str, data_source_id: str) -> EngineRef:
        self._source(engine_id, data_source_id)
        return EngineRef(data_source_id, EngineStatus.ACTIVE)

    def inspect(self, ref: VersionRef, path: str, sha256: str, media_type: str) -> DocumentProblem | None:
        folder = self._root / engine_id_of(ref.user_id, ref.agent_id)
        key = document_key(ref.user_id, ref.agent_id, path)
        parsed = ParsedCache(folder).parse(self._documents, key, sha256, media_type)
        return DocumentProblem(path=path, reason=parsed.problem) if parsed.problem else None

    def start_ingestion(self, engine_id: str, data_source_id: str, *, ref: VersionRef, token: str) -> str:
        store, facts = self._source(engine_id, data_source_id)
        if engine_id != engine_id_of(ref.user_id, ref.agent_id):
            raise NotFound(f"there is no knowledge base {engine_id} of agent {ref.agent_id}")
        with store.connect() as database:
            known = database.execute("SELECT job_id, status FROM jobs WHERE token = ?", (token,)).fetchone()
        if known and known[1] in (IngestionStatus.COMPLETE, IngestionStatus.STOPPED):
            return str(known[0])
        lock = self._free_lock(store)
        if lock is None:
            if known and known[1] in _RUNNING:
                return str(known[0])
            raise NotReady("another ingestion of this knowledge base is running", hint="ask again when it has ended")
        try:
            job_id = str(known[0]) if known else secrets.token_hex(8)
            with store.connect() as database, transaction(database):
                database.execute(
                    "UPDATE jobs SET status = 'STOPPED' WHERE status IN ('STARTING', 'IN_PROGRESS') AND token <> ?",
                    (token,),
                )
                database.execute(
                    "INSERT INTO jobs(job_id, token, version, ref, status, heartbeat_ms)"
                    " VALUES (?, ?, ?, ?, 'STARTING', ?)"
                    " ON CONFLICT (token) DO UPDATE SET status = 'STARTING', attempts = 0, stop = 0, failure = ''",
                    (job_id, token, ref.version, str(ref), self._clock.now_ms()),
                )
            self._spawn(store, lock, Order(store.folder, self._documents, facts["prefix"], ref.version, job_id))
        finally:
            os.close(lock)
        logger.info("agent_id=<%s> version=<%d> job_id=<%s> | ingestion started", ref.agent_id, ref.version, job_id)
        return job_id

    def ingestion_job(self, engine_id: str, data_source_id: str, job_id: str) -> IngestionJob:
        store, facts = self._source(engine_id, data_source_id)
        job = _job(store, job_id)
        if job.status in _RUNNING and (lock := _take_lock(store.folder)) is not None:
            try:
                job = _job(store, job_id)  # it may just have ended
                if job.status in _RUNNING:
                    job = self._resume(store, lock, facts["prefix"], job)
            finally:
                os.close(lock)
        return job

    def stop_ingestion(self, engine_id: str, data_source_id: str, job_id: str) -> None:
        store, _ = self._source(engine_id, data_source_id)
        lock = _take_lock(store.folder)
        try:
            state = "status = 'STOPPED', stop = 1" if lock is not None else "stop = 1"
            with store.connect() as database:
                database.execute(
                    f"UPDATE jobs SET {state} WHERE job_id = ? AND status IN ('STARTING', 'IN_PROGRESS')",  # noqa: S608
                    (job_id,),
                )
        finally:
            if lock is not None:
                os.close(lock)

    def retrieve(self, engine_id: str, query: str, *, version: int, limit: int = 6) -> list[Passage]:
        question = " ".join(sound(query).split())[:MAX_QUESTION_CHARS]
        snapshot = self._snapshot(engine_id, version)
        if not question or limit < 1 or not len(snapshot.chunk_ids):
            return []
        words = snapshot.word_query(question)
        hits = search(snapshot, words, embedder().query(question), limit)
        return [_passage(snapshot, hit, hits[0].score, words) for hit in hits]

    def delete_data_source(self, engine_id: str, data_source_id: str) -> None:
        try:
            store, _ = self._source(engine_id, data_source_id)
        except NotFound:
            return
        self._stop_all(store)
        with store.connect() as database, transaction(database):
            database.execute("DELETE FROM facts WHERE name IN ('source', 'prefix')")

    def delete_knowledge_base(self, engine_id: str) -> None:
        store = self._store(engine_id)
        if store.exists():
            self._stop_all(store)
        with self._lock:
            for key in [key for key in self._snapshots if key[0] == engine_id]:
                self._snapshots.pop(key)[0].close()
        doomed = self._root / f".deleted-{engine_id}-{secrets.token_hex(4)}"
        with suppress(FileNotFoundError):
            store.folder.rename(doomed)
        for left in self._root.glob(f".deleted-{engine_id}-*"):
            shutil.rmtree(left, ignore_errors=True)

    def warm(self) -> None:
        """Load the embedding model now instead of at the first question."""
        embedder()

    def _store(self, engine_id: str) -> Store:
        if not engine_id.isalnum():
            raise NotFound(f"there is no knowledge base {engine_id!r}")
        return Store(self._root / engine_id)

    def _known(self, engine_id: str) -> tuple[Store, dict[str, str]]:
        store = self._store(engine_id)
        facts = store.facts() if store.exists() else {}
        if "status" not in facts:
            raise NotFound(f"there is no knowledge base {engine_id}")
        return store, facts

    def _source(self, engine_id: str, data_source_id: str) -> tuple[Store, dict[str, str]]:
        store, facts = self._known(engine_id)
        if facts.get("source") != data_source_id:
            raise NotFound(f"there is no data source {data_source_id} in knowledge base {engine_id}")
        return store, facts

    def _snapshot(self, engine_id: str, version: int) -> Snapshot:
        """The loaded snapshot, loaded again when its files or job are others than before."""
        store = self._store(engine_id)
        try:
            inode = store.database.stat().st_ino
        except FileNotFoundError:
            raise NotFound(f"there is no knowledge base {engine_id}") from None
        key = (engine_id, version)
        with self._lock:
            cached = self._snapshots.get(key)
            if cached:
                self._snapshots.move_to_end(key)
        if cached and cached[1] == inode and cached[0].is_current():
            return cached[0]
        with store.connect() as database:
            found = database.execute("SELECT job_id FROM snapshots WHERE version = ?", (version,)).fetchone()
        if found is None:
            raise NotFound(f"knowledge base {engine_id} holds no version {version}")
        snapshot = Snapshot(store, version, found[0], self._stemmer)
        with self._lock:
            self._snapshots[key] = (snapshot, inode)
            while len(self._snapshots) > SNAPSHOTS_KEPT:
                self._snapshots.popitem(last=False)
        return snapshot

    def _resume(self, store: Store, lock: int, prefix: str, job: IngestionJob) -> IngestionJob:
        """Start a job again whose process has ended, or give it up."""
        with store.connect() as database, transaction(database):
            attempts, version, stop = database.execute(
                "SELECT attempts, version, stop FROM jobs WHERE job_id = ?", (job.job_id,)
            ).fetchone()
            if stop:
                database.execute("UPDATE jobs SET status = 'STOPPED' WHERE job_id = ?", (job.job_id,))
            elif attempts >= MAX_ATTEMPTS:
                failure = f"the indexing process ended {attempts} times without a word (out of memory?)"
                database.execute(
                    "UPDATE jobs SET status = 'FAILED', failure = ? WHERE job_id = ?", (failure, job.job_id)
                )
        if not stop and attempts < MAX_ATTEMPTS:
            logger.warning("job_id=<%s> attempts=<%d> | ingestion resumed, its process had ended", job.job_id, attempts)
            self._spawn(store, lock, Order(store.folder, self._documents, prefix, version, job.job_id))
        return _job(store, job.job_id)

    def _free_lock(self, store: Store) -> int | None:
        """The writer lock, or None while a job runs; waits out a process that has ended its job and is leaving."""
        for _ in range(LEAVING_LOOKS):
            if (lock := _take_lock(store.folder)) is not None:
                return lock
            with store.connect() as database:
                query = "SELECT count(*) FROM jobs WHERE status IN ('STARTING', 'IN_PROGRESS')"
                if database.execute(query).fetchone()[0]:
                    return None
            self._clock.sleep(0.01)
        return None

    def _spawn(self, store: Store, lock: int, order: Order) -> None:
        """Start the indexing process; it inherits the lock and dies with this process."""
        with store.connect() as database:
            database.execute("UPDATE jobs SET attempts = attempts + 1 WHERE job_id = ?", (order.job_id,))
        held = os.dup(lock)
        message = pickle.dumps(order)
        Thread(target=_run_indexer, args=(held, message), name=f"indexer-{order.job_id}", daemon=True).start()

    def _stop_all(self, store: Store) -> None:
        """Ask running jobs to stop and wait until their process has let go of the folder."""
        with store.connect() as database:
            database.execute("UPDATE jobs SET stop = 1 WHERE status IN ('STARTING', 'IN_PROGRESS')")
        for _ in range(600):
            if (lock := _take_lock(store.folder)) is not None:
                os.close(lock)
                return
            self._clock.sleep(0.1)
        raise NotReady("an ingestion of this knowledge base is still stopping")


def _run_indexer(lock: int, message: bytes) -> None:
    """Start the process and wait for it; the kernel ends it should this thread, thus this process, end."""
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-m", "oratio.retrieval.indexer", str(os.getpid()), str(lock)],
            stdin=subprocess.PIPE,
            pass_fds=(lock,),
            env=child_environment(),
        )
    except OSError as error:
        logger.error("error=<%s> | the indexing process could not be started", error.strerror)
        return
    finally:
        os.close(lock)
    with suppress(BrokenPipeError):
        child.communicate(message)


def _take_lock(folder: Path) -> int | None:
    """A descriptor that holds the knowledge base's writer lock, or None while another holds it."""
    handle = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _job(store: Store, job_id: str) -> IngestionJob:
    with store.connect() as database:
        row = database.execute(
            "SELECT status, statistics, problems, failure FROM jobs WHERE job_id = ?", (job_id,)
        ).fetchone()
    if row is None:
        raise NotFound(f"there is no ingestion job {job_id}")
    return IngestionJob(
        job_id=job_id,
        status=IngestionStatus(row[0]),
        statistics=IngestionStatistics(**json.loads(row[1])),
        problems=tuple(DocumentProblem(**entry) for entry in json.loads(row[2])),
        failure=row[3],
    )


def _passage(snapshot: Snapshot, hit: Hit, top: float, words: WordQuery) -> Passage:
    wanted = dict(zip(words.stems, words.weights, strict=True))
    return Passage(
        passage_id=str(hit.row.chunk_id),
        path=snapshot.paths[hit.row.doc_id],
        text=hit.row.text,
        excerpt=excerpt(hit.row.text, wanted, snapshot.held),
        score=round(min(1.0, max(0.0, hit.score / top)), 4) if top > 0 else 0.0,
        similarity=round(min(1.0, max(-1.0, hit.similarity)), 4),
        coverage=round(hit.coverage, 4),
        known=round(words.known, 4),
        page=hit.row.page,
        heading=hit.row.heading or None,
    )


def engine_id_of(user_id: str, agent_id: str) -> str:
    """The id of an agent's knowledge base, which is also the name of its folder."""
    return "kb" + hashlib.sha256(f"{user_id}\0{agent_id}".encode()).hexdigest()[:30]
