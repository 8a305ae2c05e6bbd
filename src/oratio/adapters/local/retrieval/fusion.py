"""Two rankings, by words and by meaning, and the descriptions, to one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oratio.adapters.local.retrieval.embedding import Vectors
from oratio.adapters.local.retrieval.index import ChunkRow, Snapshot, WordQuery

RANK_CONSTANT = 10  # k of reciprocal rank fusion
READ = 40  # candidates whose text the second stage reads


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal is worth; measured in docs/retrieval.md."""

    words: float = 1.0
    meaning: float = 1.0
    coverage: float = 0.0
    proximity: float = 0.0
    description_meaning: float = 0.0
    description_words: float = 0.0


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Hit:
    """One chunk found.

    Attributes:
        score: Of this result only; higher is better.
        similarity: Cosine of question and chunk.
        coverage: Share of the question's words, weighted by rarity, that chunk and heading hold.
    """

    row: ChunkRow
    score: float
    similarity: float
    coverage: float


def search(snapshot: Snapshot, question: str, vector: Vectors, limit: int, weights: Weights = WEIGHTS) -> list[Hit]:
    """The best chunks for a question, best first.

    Args:
        vector: The question's embedding.
    """
    query = snapshot.word_query(question)
    by_words = snapshot.matching(query) if weights.words else []
    near, _ = snapshot.nearest(vector)
    scores: dict[int, float] = {}
    for rank, (chunk_id, _) in enumerate(by_words, 1):
        scores[chunk_id] = scores.get(chunk_id, 0.0) + weights.words / (RANK_CONSTANT + rank)
    if weights.meaning:
        for rank, chunk in enumerate(near, 1):
            scores[int(chunk)] = scores.get(int(chunk), 0.0) + weights.meaning / (RANK_CONSTANT + rank)
    if not scores:
        return []
    best = sorted(scores, key=lambda chunk_id: -scores[chunk_id])[:READ]
    rows = snapshot.read(best)
    cosines = snapshot.cosines(vector, np.array([row.chunk_id for row in rows], dtype=np.int64))
    documents = _document_scores(snapshot, query, vector, weights)
    hits = []
    for row, cosine in zip(rows, cosines, strict=True):
        coverage, proximity = _closeness(snapshot, row, query)
        score = scores[row.chunk_id] + weights.coverage * coverage + weights.proximity * proximity
        hits.append(Hit(row, score + documents.get(row.doc_id, 0.0), float(cosine), coverage))
    hits.sort(key=lambda hit: -hit.score)
    return hits[:limit]


def _document_scores(snapshot: Snapshot, query: WordQuery, vector: Vectors, weights: Weights) -> dict[int, float]:
    """How well each document's path and descriptions fit the question."""
    scores: dict[int, float] = {}
    if weights.description_meaning:
        fits = snapshot.doc_vectors @ vector
        scores = {
            int(doc): weights.description_meaning * float(fit) for doc, fit in zip(snapshot.doc_ids, fits, strict=True)
        }
    if weights.description_words and (found := snapshot.matching_documents(query)):
        top = max(found.values())
        for doc_id, score in found.items():
            scores[doc_id] = scores.get(doc_id, 0.0) + weights.description_words * score / max(top, 1e-9)
    return scores


def _closeness(snapshot: Snapshot, row: ChunkRow, query: WordQuery) -> tuple[float, float]:
    """Which share of the question's words a chunk holds, and how close together they stand, both 0 to 1."""
    total = sum(query.weights)
    if not total:
        return 0.0, 0.0
    wanted = dict(zip(query.stems, query.weights, strict=True))
    stems = snapshot.stems(row.text)
    places = [(at, stem) for at, stem in enumerate(stems) if stem in wanted]
    present = {stem for _, stem in places} | (wanted.keys() & set(snapshot.stems(row.heading)))
    coverage = sum(wanted[stem] for stem in present) / total
    return coverage, _proximity(places, wanted, total)


def _proximity(places: Sequence[tuple[int, str]], wanted: dict[str, float], total: float) -> float:
    """The greatest weight of different query words within a window of 12 words."""
    best = 0.0
    for start, (at, _) in enumerate(places):
        window: set[str] = set()
        for place, stem in places[start:]:
            if place - at >= 12:
                break
            window.add(stem)
        best = max(best, sum(wanted[stem] for stem in window))
    return best / total
