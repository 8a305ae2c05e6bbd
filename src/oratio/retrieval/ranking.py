"""Ranking by words, by meaning and by the operator's descriptions, as one.

The score of a chunk is a weighted sum of its cosine with the question, its BM25 next to the best one's, the share of
the question's words that chunk, heading, path and description hold together, and the cosine of the question with the
document's description. The weights are measured in docs/retrieval.md.
"""

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from oratio.retrieval.embedding import Vectors
from oratio.retrieval.index import ChunkRow, Snapshot, WordQuery


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal is worth next to the cosine, which counts 1.

    Attributes:
        meaning: Of the cosine; 0 ranks by words alone.
        coverage: Of the share of the question's words, weighted by rarity, that the chunk accounts for.
        description: Of the cosine of question and description.
        described: Whether the words of path and description count towards the coverage.
    """

    meaning: float = 1.0
    words: float = 0.1
    coverage: float = 0.2
    description: float = 0.15
    described: bool = True


WEIGHTS = Weights()
READ = 20  # best by everything but coverage; only their text is read


@dataclass(frozen=True, slots=True)
class Hit:
    """One chunk found.

    Attributes:
        score: Of this result only; higher is better.
        similarity: Cosine of question and chunk.
        coverage: Share of the question's words, weighted by rarity, that chunk and headings hold; 0 to 1.
    """

    row: ChunkRow
    score: float
    similarity: float
    coverage: float


def search(snapshot: Snapshot, query: WordQuery, vector: Vectors, limit: int, weights: Weights = WEIGHTS) -> list[Hit]:
    """The best chunks for a question, best first; none that shares neither words nor meaning with it.

    Args:
        query: The question's words.
        vector: The question's embedding.
    """
    by_words = dict(snapshot.matching(query))
    near = [] if weights.meaning == 0 else snapshot.nearest(vector)
    chunk_ids = np.array(list(dict.fromkeys([*near, *by_words])), dtype=np.int64)
    if not len(chunk_ids):
        return []
    cosines = snapshot.cosines(vector, chunk_ids)
    best = max(by_words.values(), default=1.0)
    ranked = np.array([by_words.get(chunk_id, 0.0) / best for chunk_id in chunk_ids.tolist()])
    fits = snapshot.description_fits(vector)[snapshot.places_of(chunk_ids)]
    scores = weights.meaning * cosines + weights.words * ranked + weights.description * fits
    order = np.argsort(-scores, kind="stable")[: max(READ, limit)]
    rows = snapshot.read(chunk_ids[order].tolist())
    held_words = snapshot.held([f"{row.heading} {row.text}" for row in rows], query.stems)
    hits = []
    for row, words, place in zip(rows, held_words, order.tolist(), strict=True):
        about = snapshot.description_stems(row.doc_id) if weights.described else frozenset()
        held, held_or_described = _coverage(query, words, about)
        if cosines[place] <= 0 and not held_or_described:
            continue
        score = float(scores[place]) + weights.coverage * held_or_described
        hits.append(Hit(row, score, float(cosines[place]), held))
    hits.sort(key=lambda hit: (-hit.score, hit.row.chunk_id))
    return hits[:limit]


def _coverage(query: WordQuery, words: Set[str], about: Set[str]) -> tuple[float, float]:
    """Which share of the question's words a chunk holds, and which together with its document's descriptions."""
    if not query.total:
        return 0.0, 0.0
    held = also = 0.0
    for stem, weight in zip(query.stems, query.weights, strict=True):
        if stem in words:
            held += weight
        elif stem in about:
            also += weight
    return held / query.total, (held + also) / query.total
