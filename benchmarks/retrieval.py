"""Retrieval: how good on five real collections, how fast at 10,000 and 100,000 chunks."""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import Row
from benchmarks.support.collections import COLLECTIONS, SET, Collection, WallClock, files, ingest, load
from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases, engine_id_of
from oratio.adapters.local.objects import FileObjectStore
from oratio.domain.knowledge.uploads import sniff
from oratio.domain.tags import resource_tags
from oratio.retrieval.chunking import Chunk, chunks
from oratio.retrieval.embedding import DIMENSIONS, Embedder, embedder
from oratio.retrieval.indexer import PIPELINE
from oratio.retrieval.parsing.documents import parse
from oratio.retrieval.ranking import WEIGHTS, Hit, Weights, search
from oratio.retrieval.store import NewDocument, Store, add_documents, publish

RESAMPLES = 2_000
UNSCORED = 10**6
METHODS: dict[str, Weights] = {
    "BM25 alone": Weights(meaning=0, words=1, coverage=0, description=0, described=False),
    "embeddings alone": Weights(meaning=1, words=0, coverage=0, description=0, described=False),
    "hybrid": Weights(WEIGHTS.meaning, WEIGHTS.words, WEIGHTS.coverage, description=0, described=False),
    "hybrid + descriptions": WEIGHTS,
}
SIZES = {10_000: 12.0, 100_000: 30.0}  # chunks: p50 in ms at most


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="oratio-bench-") as folder:
        return [*quality(Path(folder)), *speed(Path(folder) / "speed")]


def quality(folder: Path) -> list[Row]:
    """MRR@10 and recall@5 of each method, with a bootstrap 95 % interval; the held-out half stands beside."""
    documents = FileObjectStore(folder / "objects", "knowledge")
    root = folder / "knowledge"
    knowledge_bases = LocalKnowledgeBases(root, documents, WallClock())
    for name in COLLECTIONS:
        ingest(knowledge_bases, documents, name)
    collections = [load(root, name) for name in COLLECTIONS]
    embedder = Embedder()
    rows = []
    ranks: dict[str, np.ndarray] = {}
    held_out = np.array([question.held_out for one in collections for question in one.questions])
    for method, weights in METHODS.items():
        start = time.perf_counter()
        found = [rank for one in collections for rank in _ranks(one, embedder, weights)]
        took = (time.perf_counter() - start) / len(found) * 1_000
        ranks[method] = np.array(found, dtype=float)
        for label, measure in (("MRR@10", mrr), ("recall@5", recall)):
            low, high = interval(measure, ranks[method])
            held = measure(ranks[method][held_out])
            note = f"95 % CI {low:.3f}-{high:.3f}; held-out half {held:.3f}; {took:.1f} ms a query"
            rows.append(Row(f"{method}: {label}", round(measure(ranks[method]), 3), "", note=note))
    for better, worse in (
        ("hybrid", "BM25 alone"),
        ("hybrid", "embeddings alone"),
        ("hybrid + descriptions", "hybrid"),
    ):
        for label, measure in (("MRR@10", mrr), ("recall@5", recall)):
            pair = np.stack([ranks[better], ranks[worse]], axis=1)
            gain = measure(ranks[better]) - measure(ranks[worse])
            low, high = interval(partial(_gain, measure), pair)
            rows.append(
                Row(f"{better} over {worse}: {label}", round(gain, 3), "", note=f"95 % CI {low:+.3f} to {high:+.3f}")
            )
    rows.extend(_evidence(collections, embedder))
    return rows


def _ranks(collection: Collection, embedder: Embedder, weights: Weights) -> list[int]:
    """The rank of the first gold chunk for each question."""
    found = []
    for question in collection.questions:
        hits = _search(collection, embedder, question.text, 10, weights)
        places = [place for place, hit in enumerate(hits, 1) if hit.row.chunk_id in question.gold]
        found.append(places[0] if places else UNSCORED)
    return found


def _gain(measure: Callable[[np.ndarray], float], pair: np.ndarray) -> float:
    return measure(pair[:, 0]) - measure(pair[:, 1])


def _search(one: Collection, embedder: Embedder, text: str, limit: int, weights: Weights = WEIGHTS) -> list[Hit]:
    return search(one.snapshot, one.snapshot.word_query(text), embedder.query(text), limit, weights)


def mrr(ranks: np.ndarray) -> float:
    return float(np.where(ranks <= 10, 1 / ranks, 0).mean())


def recall(ranks: np.ndarray) -> float:
    return float((ranks <= 5).mean())


def interval(measure: Callable[[np.ndarray], float], values: np.ndarray) -> tuple[float, float]:
    random = np.random.default_rng(1)
    samples = [measure(values[random.integers(0, len(values), len(values))]) for _ in range(RESAMPLES)]
    return float(np.percentile(samples, 2.5)), float(np.percentile(samples, 97.5))


def _evidence(collections: list[Collection], embedder: Embedder) -> list[Row]:
    """How well the top passage tells whether the documents answer at all: area under the ROC curve."""
    signals: dict[str, tuple[list[float], list[float]]] = {
        name: ([], []) for name in ("similarity", "coverage", "known", "similarity - 0.2 (1 - known)")
    }
    for one in collections:
        asked = [(question.text, 0) for question in one.questions] + [(text, 1) for text in one.unanswerable]
        for text, side in asked:
            hits = _search(one, embedder, text, 6)
            similarity = max((hit.similarity for hit in hits), default=0.0)
            coverage = max((hit.coverage for hit in hits), default=0.0)
            known = one.snapshot.word_query(text).known
            for name, value in zip(signals, (similarity, coverage, known, similarity - 0.2 * (1 - known)), strict=True):
                signals[name][side].append(value)
    rows = []
    for name, (yes, no) in signals.items():
        area = float(np.mean([(a > b) + 0.5 * (a == b) for a in yes for b in no]))
        note = f"answerable p10/p50/p90 {_spread(yes)}; unanswerable {_spread(no)}"
        rows.append(Row(f"answerable or not by {name}: AUC", round(area, 3), "", note=note))
    return rows


def _spread(values: list[float]) -> str:
    return "/".join(f"{value:.2f}" for value in np.percentile(values, [10, 50, 90]))


def speed(folder: Path) -> list[Row]:
    """One tenant of many: real text of the quality set, repeated with shuffled sentences; vectors synthetic."""
    knowledge_bases = LocalKnowledgeBases(folder, FileObjectStore(folder / "objects", "none"), WallClock())
    knowledge_bases.warm()
    texts = [piece for name in COLLECTIONS for path, file in files(name) for piece in _pieces(path, file)]
    questions = _questions()
    rows = []
    for size, target in SIZES.items():
        engine = knowledge_bases.ensure_knowledge_base(
            str(size), tags=resource_tags("tenant", str(size), "local"), token=str(size)
        )
        _fill(Store(folder / engine_id_of("tenant", str(size))), texts, size)
        knowledge_bases.retrieve(engine.id, "warm up the index", version=1)
        took, used, model = [], [], []
        for question in questions:
            embedder().forget()
            cpu = time.thread_time()
            embedder().query(question)
            model.append((time.thread_time() - cpu) * 1_000)
            embedder().forget()
            start, cpu = time.perf_counter(), time.thread_time()
            knowledge_bases.retrieve(engine.id, question, version=1)
            took.append((time.perf_counter() - start) * 1_000)
            used.append((time.thread_time() - cpu) * 1_000)
        spent = f"CPU p50 {statistics.median(used):.1f} ms, of which the model {statistics.median(model):.1f}"
        note = f"{len(questions)} questions, embedding included; p95 {np.percentile(took, 95):.1f} ms; {spent}"
        rows.append(Row(f"retrieval p50 at {size:,} chunks", statistics.median(took), "ms", target, note))
    return rows


def _pieces(path: str, file: Path) -> list[Chunk]:
    data = file.read_bytes()
    media_type, _ = sniff(path, data[:8192])
    return chunks(parse(data, path, media_type).blocks)


def _questions() -> list[str]:
    texts = [(SET / f"{name}.tsv").read_text(encoding="utf-8") for name in COLLECTIONS]
    lines = [line for text in texts for line in text.splitlines()]
    return [line.split("\t")[0] for line in lines]


def _fill(store: Store, texts: list[Chunk], size: int) -> None:
    """An index of `size` chunks whose words are those of real text."""
    random = np.random.default_rng(7)
    with store.connect() as database:
        database.execute(
            "INSERT INTO jobs(job_id, token, version, ref, status, heartbeat_ms) VALUES ('j', 't', 1, '', 'X', 0)"
        )
        doc_ids = []
        for number, start in enumerate(range(0, size, 1_000)):
            some = []
            for _ in range(min(1_000, size - start)):
                one, other = texts[random.integers(len(texts))], texts[random.integers(len(texts))]
                left, right = one.text.split(), other.text.split()
                text = " ".join([*left[: len(left) // 2], *right[len(right) // 2 :]])
                some.append(Chunk(text, one.heading, None))
            vectors = random.standard_normal((len(some), DIMENSIONS)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            digests = [random.bytes(16) for _ in some]
            new = NewDocument(f"file{number}.md", str(number), "", PIPELINE, vectors[0], some, digests, vectors)
            doc_ids.extend(add_documents(store, database, [new]))
        publish(database, 1, "j", doc_ids, {"statistics": {}, "problems": []})
