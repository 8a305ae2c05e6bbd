"""The process that runs one ingestion job and then ends, so that its memory returns.

    python -I -m oratio.retrieval.indexer PARENT_PID LOCK_FD

Standard input carries the pickled `Order`. The process holds the knowledge base's lock through the descriptor it
inherits: as long as the lock is held, somebody works on it. Killed at any point it leaves whole documents that no
snapshot refers to; the next run of the job uses them or drops them.
"""

import hashlib
import logging
import os
import pickle
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from oratio.domain.knowledge.metadata_file import description_of
from oratio.domain.storage_layout import SIDECAR_SUFFIX
from oratio.errors import NotFound
from oratio.ports.object_store import ObjectStore
from oratio.retrieval.children import die_with_parent
from oratio.retrieval.chunking import CHUNKER_VERSION, Chunk, chunks
from oratio.retrieval.embedding import DIMENSIONS, EMBEDDER_VERSION, Embedder, Vectors
from oratio.retrieval.parsing.documents import PARSER_VERSION
from oratio.retrieval.parsing.parsed_cache import CHILDREN_AT_ONCE, ParsedCache
from oratio.retrieval.store import NewDocument, Store, add_documents, known_vectors, path_words, publish

logger = logging.getLogger(__name__)

PIPELINE = f"p{PARSER_VERSION}.c{CHUNKER_VERSION}.e{EMBEDDER_VERSION}"
CORES = 2
BATCH_CHUNKS = 256
HEARTBEAT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """What the process is to do.

    Attributes:
        media_types: By the ending of a path, for documents no one inspected.
    """

    folder: Path
    documents: ObjectStore
    prefix: str
    version: int
    job_id: str


@dataclass(slots=True)
class _Found:
    """A document below the prefix."""

    path: str
    key: str
    sha256: str
    media_type: str
    about: str


@dataclass(slots=True)
class _Tally:
    statistics: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)

    def count(self, name: str) -> None:
        self.statistics[name] = self.statistics.get(name, 0) + 1


class IndexingStopped(Exception):
    """Somebody asked the job to stop."""


class Indexing:
    """One job from its documents to its snapshot."""

    def __init__(self, order: Order, database: sqlite3.Connection) -> None:
        self._order = order
        self._store = Store(order.folder)
        self._database = database
        self._cache = ParsedCache(order.folder)
        self._embedder: Embedder | None = None
        self._beat_at = 0.0
        self._done = 0

    def run(self) -> None:
        self._beat(total=0, force=True)
        found = list(_documents(self._order))
        self._beat(total=len(found), force=True)
        tally = _Tally()
        kept = self._known()
        before = self._latest_paths()
        doc_ids: list[int] = []
        fresh: list[tuple[_Found, list[Chunk]]] = []
        for document, parts in self._parsed([one for one in found if _identity(one) not in kept], tally):
            fresh.append((document, parts))
            if sum(len(group) for _, group in fresh) >= BATCH_CHUNKS:
                doc_ids.extend(self._index(fresh))
                fresh = []
        if fresh:
            doc_ids.extend(self._index(fresh))
        for document in found:
            if (doc_id := kept.get(_identity(document))) is not None:
                doc_ids.append(doc_id)
                known = document.path in before and before[document.path] == doc_id
                tally.count("documents_unchanged" if known else _change(document.path, before))
        failed = {entry["path"] for entry in tally.problems}
        for document in found:
            if _identity(document) not in kept and document.path not in failed:
                tally.count(_change(document.path, before))
        tally.statistics["documents_scanned"] = len(found)
        tally.statistics["documents_deleted"] = len(before.keys() - {document.path for document in found})
        tally.statistics["documents_failed"] = len(tally.problems)
        result: dict[str, object] = {"statistics": tally.statistics, "problems": tally.problems}
        publish(self._database, self._order.version, self._order.job_id, doc_ids, result)

    def _known(self) -> dict[tuple[str, str, str], int]:
        """Documents already indexed by this pipeline, in any job."""
        rows = self._database.execute(
            "SELECT path, sha256, about, doc_id FROM documents WHERE pipeline = ?", (PIPELINE,)
        )
        return {(path, sha256, about): doc_id for path, sha256, about, doc_id in rows}

    def _latest_paths(self) -> dict[str, int]:
        """What the newest other snapshot holds, to tell new from modified."""
        rows = self._database.execute(
            "SELECT d.path, d.doc_id FROM snapshot_documents s JOIN documents d USING (doc_id) WHERE s.version ="
            " (SELECT max(version) FROM snapshots WHERE version <= ?)",
            (self._order.version,),
        )
        return dict(rows.fetchall())

    def _parsed(self, documents: list[_Found], tally: _Tally) -> Iterator[tuple[_Found, list[Chunk]]]:
        with ThreadPoolExecutor(max_workers=CHILDREN_AT_ONCE) as pool:
            parsed = pool.map(
                lambda one: self._cache.parse(self._order.documents, one.key, one.sha256, one.media_type), documents
            )
            for document, result in zip(documents, parsed, strict=True):
                self._done += 1
                self._beat()
                parts = chunks(result.blocks)
                if result.problem or not parts:
                    tally.problems.append({"path": document.path, "reason": result.problem or "it holds no text"})
                else:
                    yield document, parts

    def _index(self, documents: Sequence[tuple[_Found, list[Chunk]]]) -> list[int]:
        """Embed what is new of these documents and write them in one transaction."""
        inputs = [[embedded_text(document.path, chunk) for chunk in parts] for document, parts in documents]
        abouts = [about_text(document.path, document.about) for document, _ in documents]
        digests = [[_digest(text) for text in group] for group in inputs]
        known = known_vectors(self._store, self._database, sorted({digest for group in digests for digest in group}))
        missing = {
            digest: text
            for texts, group in zip(inputs, digests, strict=True)
            for text, digest in zip(texts, group, strict=True)
            if digest not in known
        }
        made = self._embed([*missing.values(), *abouts])
        known.update(zip(missing, made, strict=False))
        new = [
            NewDocument(
                path=document.path,
                sha256=document.sha256,
                about=document.about,
                pipeline=PIPELINE,
                about_vector=made[len(missing) + number],
                chunks=parts,
                digests=group,
                vectors=np.stack([known[digest] for digest in group]),
            )
            for number, ((document, parts), group) in enumerate(zip(documents, digests, strict=True))
        ]
        return add_documents(self._store, self._database, new)

    def _embed(self, texts: list[str]) -> Vectors:
        if self._embedder is None:
            self._embedder = Embedder()
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(texts), BATCH_CHUNKS):
            some = slice(start, start + BATCH_CHUNKS)
            vectors[some] = self._embedder.embed(texts[some], threads=CORES)
            self._beat()
        return vectors

    def _beat(self, total: int | None = None, *, force: bool = False) -> None:
        """Say that the job lives and how far it is; learn whether it should stop.

        Raises:
            Stopped: It should.
        """
        if not force and time.monotonic() - self._beat_at < HEARTBEAT_SECONDS:
            return
        self._beat_at = time.monotonic()
        stop = self._database.execute("SELECT stop FROM jobs WHERE job_id = ?", (self._order.job_id,)).fetchone()
        if stop is None or stop[0]:
            raise IndexingStopped
        self._database.execute(
            "UPDATE jobs SET status = 'IN_PROGRESS', done = ?, total = coalesce(?, total), heartbeat_ms = ?"
            " WHERE job_id = ?",
            (self._done, total, time.time_ns() // 1_000_000, self._order.job_id),
        )


def embedded_text(path: str, chunk: Chunk) -> str:
    """What is embedded for a chunk: its headings, then its text."""
    return f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text


def about_text(path: str, about: str) -> str:
    return f"{path_words(path)}\n{about}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(f"{EMBEDDER_VERSION}\0{text}".encode()).digest()[:16]


def _identity(document: _Found) -> tuple[str, str, str]:
    return document.path, document.sha256, document.about


def _change(path: str, before: dict[str, int]) -> str:
    return "modified_documents_indexed" if path in before else "new_documents_indexed"


def _documents(order: Order) -> Iterator[_Found]:
    """Every document below the prefix with its hash, type and description."""
    from oratio.domain.knowledge.uploads import SNIFF_BYTES, sniff

    keys = [stored.key for stored in order.documents.list(order.prefix)]
    sidecars = {key for key in keys if key.endswith(SIDECAR_SUFFIX)}
    for key in keys:
        if key in sidecars:
            continue
        path = key.removeprefix(order.prefix)
        data = order.documents.get(key)
        try:
            about = (
                description_of(order.documents.get(key + SIDECAR_SUFFIX)) if key + SIDECAR_SUFFIX in sidecars else ""
            )
        except NotFound:
            about = ""
        media_type, _ = sniff(path, data[:SNIFF_BYTES])
        yield _Found(path, key, hashlib.sha256(data).hexdigest(), media_type or "text/plain", about)


def _finish(database: sqlite3.Connection, job_id: str, status: str, failure: str = "") -> None:
    database.execute("UPDATE jobs SET status = ?, failure = ? WHERE job_id = ?", (status, failure, job_id))


def main(parent: int, lock: int) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(lock, False)
    os.nice(2)
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    store = Store(order.folder)
    with store.connect() as database:
        try:
            Indexing(order, database).run()
        except IndexingStopped:
            _finish(database, order.job_id, "STOPPED")
        except Exception as error:  # the edge of the process: the job row carries the cause
            logger.error("job_id=<%s> error=<%s> | ingestion failed", order.job_id, type(error).__name__)
            _finish(database, order.job_id, "FAILED", f"{type(error).__name__} while indexing; retry the agent")
    os.close(lock)  # the job has ended: the next may begin


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
