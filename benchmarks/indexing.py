"""Indexing: chunks per second of CPU beside the embedding model's own floor; seconds for a real folder."""

import hashlib
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import Row
from benchmarks.support.collections import WallClock, files, ingest
from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases, engine_id_of
from oratio.adapters.local.objects import FileObjectStore
from oratio.domain.knowledge.uploads import sniff
from oratio.domain.refs import VersionRef
from oratio.retrieval.chunking import chunks
from oratio.retrieval.embedding import BATCH_TOKENS, Embedder
from oratio.retrieval.indexer import embedded_text
from oratio.retrieval.parsing.documents import parse
from oratio.retrieval.store import Store

COLLECTION = "python"
FLOOR_SHARE = 1.35  # CPU of the whole job to CPU of the bare model calls


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="oratio-bench-") as folder:
        return [*_cost(Path(folder)), *_folder(Path(folder) / "folder")]


def _cost(folder: Path) -> list[Row]:
    texts = [
        embedded_text(path, chunk)
        for path, file in files(COLLECTION)
        for chunk in chunks(parse(file.read_bytes(), path, sniff(path, file.read_bytes()[:8192])[0]).blocks)
    ]
    embedder = Embedder()
    start = time.process_time()
    _bare(embedder, texts)
    floor = len(texts) / (time.process_time() - start)

    documents = FileObjectStore(folder / "objects", "knowledge")
    knowledge_bases = LocalKnowledgeBases(folder / "knowledge", documents, WallClock())
    cpu, wall = _children_cpu(), time.perf_counter()
    ingest(knowledge_bases, documents, COLLECTION)
    cpu, wall = _settled_cpu() - cpu, time.perf_counter() - wall
    with Store(folder / "knowledge" / engine_id_of("benchmark", COLLECTION)).connect() as database:
        count = database.execute("SELECT count(*) FROM chunks").fetchone()[0]
    note = f"{count} chunks, process start, model load and parsing included; {wall:.1f} s on the clock"
    start = time.perf_counter()
    ingest(knowledge_bases, documents, COLLECTION, version=2)
    again = time.perf_counter() - start
    return [
        Row("the model alone", floor, "chunks/s CPU", note=f"{len(texts)} chunks, no parsing, batches of like length"),
        Row("indexing", count / cpu, "chunks/s CPU", floor / FLOOR_SHARE, note, at_least=True),
        Row("CPU seconds to clock seconds while indexing", cpu / wall, "cores", note="2 at most"),
        Row("indexing again, nothing changed", again, "s", note="one process start"),
    ]


def _bare(embedder: Embedder, texts: list[str]) -> None:
    """Only the model: no pool, no store; the same batches."""
    order = sorted(texts, key=len)
    size = max(1, BATCH_TOKENS // 180)
    for start in range(0, len(order), size):
        embedder.embed(order[start : start + size])


def _folder(folder: Path) -> list[Row]:
    """The telecom folder: each file inspected, then all indexed."""
    documents = FileObjectStore(folder / "objects", "knowledge")
    knowledge_bases = LocalKnowledgeBases(folder / "knowledge", documents, WallClock())
    ref = VersionRef(user_id="benchmark", agent_id="support", version=1)
    took = []
    for path, file in files("support"):
        documents.put_file(f"benchmark/support/{path}", file, tags={})
        data = file.read_bytes()
        sha256, media_type = hashlib.sha256(data).hexdigest(), sniff(path, data[:8192])[0]
        start = time.perf_counter()
        knowledge_bases.inspect(ref, path, sha256, media_type)
        took.append(time.perf_counter() - start)
    start = time.perf_counter()
    ingest(knowledge_bases, documents, "support")
    indexed = time.perf_counter() - start
    note = f"{len(took)} files of examples/telecom and examples/retail, a process each"
    return [
        Row("inspecting a document, median", float(np.median(took)) * 1_000, "ms", note=note),
        Row("indexing the telecom and retail folder", indexed, "s", note="embedding is nearly all of it"),
    ]


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _settled_cpu() -> float:
    """CPU seconds of ended children, once the indexing process has been waited for."""
    before = _children_cpu()
    for _ in range(100):
        time.sleep(0.05)
        if (now := _children_cpu()) != before:
            return now
    return before
