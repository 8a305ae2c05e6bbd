"""One snapshot of a knowledge base, loaded for searching.

Vectors are found in two steps: every chunk by the Hamming distance of sign bits (48 bytes a chunk, in memory), the
best of those by cosine from the mapped half-precision vectors. Words are found by SQLite's FTS5 with BM25; a word so
common that ranking its chunks would take too long is left to the second stage.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from oratio.retrieval.embedding import DIMENSIONS, Vectors
from oratio.retrieval.store import Store, map_vectors, path_words
from oratio.text.stemming import Stemmer
from oratio.text.stop_words import content_words

VECTOR_CANDIDATES = 40
WORD_CANDIDATES = 40
RESCORED = 400  # chunks near by sign bits whose exact cosine is computed
MAX_RANKED = 1_000  # chunks a word query may rank
HEADING_WEIGHT = 0.7
WORDS = 8  # of 64 bits a code
_READ_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """What is read of a chunk that may be shown."""

    chunk_id: int
    doc_id: int
    page: int | None
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class WordQuery:
    """A question's words that carry meaning, with what each is worth.

    Attributes:
        stems: Once each.
        weights: The inverse document frequency of each, 0 upward.
        counts: In how many chunks each is.
    """

    stems: tuple[str, ...]
    weights: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> float:
        return sum(self.weights)

    @property
    def known(self) -> float:
        """Share of the weight in words that stand somewhere in the knowledge base, 0 to 1."""
        found = sum(weight for weight, count in zip(self.weights, self.counts, strict=True) if count)
        return found / self.total if self.total else 0.0


class Snapshot:
    """The chunks one version can see. Thread-safe; closed by its cache."""

    def __init__(self, store: Store, version: int, job_id: str, stemmer: Stemmer) -> None:
        self.job_id = job_id
        self._store = store
        self._version = version
        self._stemmer = stemmer
        self._free: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._about_stems: dict[int, frozenset[str]] = {}
        with self._database() as database:
            rows = np.array(
                database.execute(
                    "SELECT chunk_id, doc_id FROM snapshot_documents JOIN chunks USING (doc_id) WHERE version = ?"
                    " ORDER BY chunk_id",
                    (version,),
                ).fetchall(),
                dtype=np.int64,
            ).reshape(-1, 2)
            documents = database.execute(
                "SELECT doc_id, path, about, vector FROM snapshot_documents JOIN documents USING (doc_id)"
                " WHERE version = ? ORDER BY doc_id",
                (version,),
            ).fetchall()
            self.stored_chunks: int = database.execute("SELECT count(*) FROM chunks").fetchone()[0]
        self.chunk_ids = rows[:, 0].copy()
        self.doc_ids = np.array([row[0] for row in documents], dtype=np.int64)
        self._doc_places = np.searchsorted(self.doc_ids, rows[:, 1])
        self.paths = {row[0]: row[1] for row in documents}
        self.abouts = {row[0]: row[2] for row in documents}
        self.doc_vectors = (
            np.stack([np.frombuffer(row[3], dtype=np.float16).astype(np.float32) for row in documents])
            if documents
            else np.empty((0, DIMENSIONS), dtype=np.float32)
        )
        self._vectors = map_vectors(store.vectors, int(self.chunk_ids.max(initial=0)))
        self._codes = self._signs()

    def is_current(self) -> bool:
        """Whether the version still is what this job indexed."""
        with self._database() as database:
            found = database.execute("SELECT job_id FROM snapshots WHERE version = ?", (self._version,)).fetchone()
        return found is not None and found[0] == self.job_id

    def close(self) -> None:
        with self._lock:
            free, self._free = self._free, []
        for database in free:
            database.close()

    def nearest(self, query: Vectors, count: int = VECTOR_CANDIDATES) -> list[int]:
        """The chunks nearest to a unit vector, best first."""
        positions = self._prefiltered(query)
        cosines = self.cosines(query, self.chunk_ids[positions])
        best = np.argsort(-cosines, kind="stable")[:count]
        found: list[int] = self.chunk_ids[positions[best]].tolist()
        return found

    def cosines(self, query: Vectors, chunk_ids: npt.NDArray[np.int64]) -> Vectors:
        """Exact cosines (to half precision) of some chunks, in the order given."""
        rows = np.asarray(self._vectors[chunk_ids - 1], dtype=np.float32)
        return np.asarray(rows @ query, dtype=np.float32)

    def word_query(self, question: str) -> WordQuery:
        """The question's stems with their weights in this knowledge base."""
        stems = tuple(dict.fromkeys(self._stemmer.stems(" ".join(content_words(question)))))
        with self._database() as database:
            marks = ",".join("?" * len(stems))
            found = dict(database.execute(f"SELECT term, doc FROM terms WHERE term IN ({marks})", stems).fetchall())  # noqa: S608
        counts = tuple(found.get(stem, 0) for stem in stems)
        total = max(self.stored_chunks, 1)
        weights = tuple(float(np.log1p((total - count + 0.5) / (count + 0.5))) for count in counts)
        return WordQuery(stems, weights, counts)

    def matching(self, query: WordQuery, count: int = WORD_CANDIDATES) -> list[tuple[int, float]]:
        """Chunks that hold words of the query, with their BM25, best (highest) first."""
        expression = _expression(query)
        if not expression:
            return []
        limit = count * max(1, -(-self.stored_chunks // max(len(self.chunk_ids), 1)))
        with self._database() as database:
            rows = database.execute(
                f"SELECT rowid, -bm25(passages, 1.0, {HEADING_WEIGHT}) AS score FROM passages"  # noqa: S608 - constants
                " WHERE passages MATCH ? ORDER BY score DESC LIMIT ?",
                (expression, limit),
            ).fetchall()
        return [(chunk_id, score) for chunk_id, score in rows if self._holds(chunk_id)][:count]

    def description_fits(self, query: Vectors) -> Vectors:
        """The cosine of a unit vector with the path and description of each document of `doc_ids`."""
        return np.asarray(self.doc_vectors @ query, dtype=np.float32)

    def places_of(self, chunk_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Where the document of each chunk is in `doc_ids`."""
        return self._doc_places[np.searchsorted(self.chunk_ids, chunk_ids)]

    def description_stems(self, doc_id: int) -> frozenset[str]:
        """The stems of a document's path and descriptions."""
        known = self._about_stems.get(doc_id)
        if known is None:
            known = frozenset(self._stemmer.stems(f"{path_words(self.paths[doc_id])} {self.abouts[doc_id]}"))
            self._about_stems[doc_id] = known
        return known

    def read(self, chunk_ids: Sequence[int]) -> list[ChunkRow]:
        """Chunks in the order asked for."""
        marks = ",".join("?" * len(chunk_ids))
        with self._database() as database:
            rows = database.execute(
                f"SELECT chunk_id, doc_id, page, heading, text FROM chunks WHERE chunk_id IN ({marks})",  # noqa: S608
                list(chunk_ids),
            ).fetchall()
        by_id = {row[0]: ChunkRow(*row) for row in rows}
        return [by_id[chunk_id] for chunk_id in chunk_ids if chunk_id in by_id]

    def held(self, texts: Sequence[str], wanted: Collection[str]) -> list[set[str]]:
        """Which of some stems each text holds."""
        return self._stemmer.held(texts, wanted)

    def _holds(self, chunk_id: int) -> bool:
        at = int(np.searchsorted(self.chunk_ids, chunk_id))
        return at < len(self.chunk_ids) and int(self.chunk_ids[at]) == chunk_id

    def _signs(self) -> npt.NDArray[np.uint64]:
        codes = np.empty((len(self.chunk_ids), DIMENSIONS // 64), dtype=np.uint64)
        for start in range(0, len(self.chunk_ids), _READ_ROWS):
            some = slice(start, start + _READ_ROWS)
            codes[some] = np.packbits(self._vectors[self.chunk_ids[some] - 1] > 0, axis=1).view(np.uint64)
        return codes

    def _prefiltered(self, query: Vectors) -> npt.NDArray[np.int64]:
        if len(self.chunk_ids) <= RESCORED:
            return np.arange(len(self.chunk_ids))
        code = np.packbits(query > 0).view(np.uint64)
        distances = np.bitwise_count(self._codes ^ code).sum(axis=1, dtype=np.uint16)
        return np.argpartition(distances, RESCORED)[:RESCORED]

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            database = self._free.pop() if self._free else None
        database = database or self._store.open()
        try:
            yield database
        except BaseException:
            database.close()
            raise
        with self._lock:
            self._free.append(database)


def _expression(query: WordQuery) -> str:
    """An FTS5 expression that ranks at most about `MAX_RANKED` chunks: the rarest words, any of them."""
    known = sorted((count, stem) for stem, count in zip(query.stems, query.counts, strict=True) if count)
    taken: list[str] = []
    budget = MAX_RANKED
    for count, stem in known:
        if count > budget:
            break
        taken.append(stem)
        budget -= count
    if not taken and known:  # only very common words: those chunks that hold several of them
        return " AND ".join(_quoted(stem) for _, stem in known[:3])
    return " OR ".join(map(_quoted, taken))


def _quoted(word: str) -> str:
    return f'"{word.replace(chr(34), "")}"'
