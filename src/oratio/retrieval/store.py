"""The files of one knowledge base: an SQLite database and its vectors next to it.

`<folder>/index.sqlite` holds the jobs, documents, snapshots, chunks and full-text index; `<folder>/vectors.f16` the
vector of chunk n as the n-th row of 384 half-precision floats. Rows are written and synced before the transaction
that makes them known, so a row no one knows is free. `<folder>/parsed/` keeps parsed texts by content hash.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from oratio.retrieval.chunking import Chunk
from oratio.retrieval.embedding import DIMENSIONS, Vectors
from oratio.text.stemming import TOKENIZER

SCHEMA_VERSION = 1
BUSY_MS = 15_000
ROW_BYTES = DIMENSIONS * 2

_SCHEMA = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, ref TEXT NOT NULL,
    status TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, stop INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, heartbeat_ms INTEGER NOT NULL,
    statistics TEXT NOT NULL DEFAULT '{{}}', problems TEXT NOT NULL DEFAULT '[]', failure TEXT NOT NULL DEFAULT ''
);
CREATE TABLE documents (
    doc_id INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, about TEXT NOT NULL,
    pipeline TEXT NOT NULL, vector BLOB NOT NULL, UNIQUE (path, sha256, about, pipeline)
);
CREATE TABLE snapshots (version INTEGER PRIMARY KEY, job_id TEXT NOT NULL);
CREATE TABLE snapshot_documents (
    version INTEGER NOT NULL, doc_id INTEGER NOT NULL, PRIMARY KEY (version, doc_id)
) WITHOUT ROWID;
CREATE TABLE chunks (
    chunk_id INTEGER PRIMARY KEY, doc_id INTEGER NOT NULL, page INTEGER, digest BLOB NOT NULL,
    heading TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (doc_id, chunk_id);
CREATE INDEX chunks_by_digest ON chunks (digest);
CREATE VIRTUAL TABLE passages USING fts5(
    text, heading, content='chunks', content_rowid='chunk_id', tokenize='{TOKENIZER}'
);
CREATE VIRTUAL TABLE terms USING fts5vocab(passages, row);
PRAGMA user_version = {SCHEMA_VERSION};
"""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to add: its identity, its chunks and their vectors.

    Attributes:
        about: Its descriptions, nearest first; `about_vector` embeds them together with the path.
        digests: What identifies each chunk's embedding, so that a later version can reuse it.
    """

    path: str
    sha256: str
    about: str
    pipeline: str
    about_vector: Vectors
    chunks: Sequence[Chunk]
    digests: Sequence[bytes]
    vectors: Vectors


class Store:
    """One knowledge base's folder. A connection a use; several processes may read while one writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "index.sqlite"
        self.vectors = folder / "vectors.f16"

    def exists(self) -> bool:
        return self.database.exists()

    def create(self) -> None:
        """Make the folder and schema; harmless when they are there, and safe against a second maker."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.connect() as database:
            database.execute("PRAGMA journal_mode = WAL")
            with transaction(database):
                if database.execute("PRAGMA user_version").fetchone()[0] == 0:
                    for statement in _SCHEMA.split(";\n"):
                        database.execute(statement)
        self.vectors.touch()

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        database = self.open()
        try:
            yield database
        finally:
            database.close()

    def open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.database, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA synchronous = FULL")
        return database

    def facts(self) -> dict[str, str]:
        with self.connect() as database:
            return dict(database.execute("SELECT name, value FROM facts").fetchall())

    def set_facts(self, **facts: str) -> None:
        with self.connect() as database, transaction(database):
            database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; takes the write lock at once."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def add_documents(store: Store, database: sqlite3.Connection, documents: Sequence[NewDocument]) -> list[int]:
    """Write documents with their chunks and vectors, all or none; returns their ids in order."""
    first = database.execute("SELECT coalesce(max(chunk_id), 0) + 1 FROM chunks").fetchone()[0]
    _write_vectors(store.vectors, first, [document.vectors for document in documents])
    ids = []
    with transaction(database):
        chunk_id = first
        for document in documents:
            doc_id = _add_document(database, document)
            ids.append(doc_id)
            for chunk, digest in zip(document.chunks, document.digests, strict=True):
                row = (chunk_id, doc_id, chunk.page, digest, chunk.heading, chunk.text)
                database.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?)", row)
                database.execute(
                    "INSERT INTO passages(rowid, text, heading) VALUES (?, ?, ?)", (chunk_id, chunk.text, chunk.heading)
                )
                chunk_id += 1
    return ids


def _add_document(database: sqlite3.Connection, document: NewDocument) -> int:
    vector = document.about_vector.astype(np.float16).tobytes()
    row = (document.path, document.sha256, document.about, document.pipeline, vector)
    doc_id = database.execute(
        "INSERT INTO documents(path, sha256, about, pipeline, vector) VALUES (?, ?, ?, ?, ?)", row
    ).lastrowid
    assert doc_id is not None
    return doc_id


def path_words(path: str) -> str:
    """A path as words: `guides/roaming_abroad.pdf` becomes `guides roaming abroad`."""
    stem = path.rsplit(".", 1)[0] if "." in path.rsplit("/", 1)[-1] else path
    return " ".join("".join(char if char.isalnum() else " " for char in stem).split())


def _write_vectors(path: Path, first: int, arrays: Sequence[Vectors]) -> None:
    with path.open("r+b") as file:
        file.seek((first - 1) * ROW_BYTES)
        for array in arrays:
            file.write(array.astype(np.float16).tobytes())
        file.flush()
        os.fsync(file.fileno())


def map_vectors(path: Path, rows: int) -> npt.NDArray[np.float16]:
    """The first `rows` vectors, shape (rows, 384), mapped, not read; row 0 belongs to chunk 1."""
    if rows == 0:
        return np.empty((0, DIMENSIONS), dtype=np.float16)
    return np.memmap(path, dtype=np.float16, mode="r", shape=(rows, DIMENSIONS))


def known_vectors(store: Store, database: sqlite3.Connection, digests: Sequence[bytes]) -> dict[bytes, Vectors]:
    """The vectors of embeddings that some earlier version already made."""
    found: dict[bytes, int] = {}
    for start in range(0, len(digests), 500):
        some = digests[start : start + 500]
        marks = ",".join("?" * len(some))
        rows = database.execute(f"SELECT digest, chunk_id FROM chunks WHERE digest IN ({marks})", some)  # noqa: S608 - marks
        found.update(rows.fetchall())
    if not found:
        return {}
    mapped = map_vectors(store.vectors, max(found.values()))
    return {digest: np.asarray(mapped[chunk_id - 1], dtype=np.float32) for digest, chunk_id in found.items()}


def publish(
    database: sqlite3.Connection, version: int, job_id: str, doc_ids: Sequence[int], result: dict[str, object]
) -> None:
    """Make a snapshot of these documents, mark its job complete, and drop documents no snapshot refers to."""
    with transaction(database):
        database.execute("DELETE FROM snapshot_documents WHERE version = ?", (version,))
        database.executemany("INSERT INTO snapshot_documents VALUES (?, ?)", ((version, doc_id) for doc_id in doc_ids))
        database.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?)", (version, job_id))
        database.execute(
            "UPDATE jobs SET status = 'COMPLETE', statistics = ?, problems = ? WHERE job_id = ?",
            (json.dumps(result["statistics"]), json.dumps(result["problems"]), job_id),
        )
        _collect(database)


def _collect(database: sqlite3.Connection) -> None:
    orphans = "SELECT doc_id FROM documents WHERE doc_id NOT IN (SELECT doc_id FROM snapshot_documents)"
    rows = database.execute(f"SELECT chunk_id, text, heading FROM chunks WHERE doc_id IN ({orphans})").fetchall()  # noqa: S608
    if rows:
        database.executemany("INSERT INTO passages(passages, rowid, text, heading) VALUES ('delete', ?, ?, ?)", rows)
        database.execute(f"DELETE FROM chunks WHERE doc_id IN ({orphans})")  # noqa: S608 - a constant
    database.execute(f"DELETE FROM documents WHERE doc_id IN ({orphans})")  # noqa: S608 - a constant
