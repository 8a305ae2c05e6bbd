"""The quality set of `tests/data/retrieval`, ingested into a knowledge base per collection."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases, engine_id_of
from oratio.adapters.local.objects import FileObjectStore
from oratio.domain.knowledge.descriptions import chain
from oratio.domain.knowledge.knowledge_base import IngestionJob, IngestionStatus
from oratio.domain.knowledge.metadata_file import sidecar
from oratio.domain.refs import VersionRef
from oratio.domain.tags import resource_tags
from oratio.ports.clock import Clock
from oratio.retrieval.index import Snapshot
from oratio.retrieval.store import Store
from oratio.retrieval.words import Stemmer

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SET = ROOT / "tests" / "data" / "retrieval"
COLLECTIONS: dict[str, dict[str, Path]] = {
    "support": {"telecom/": EXAMPLES / "telecom" / "documents", "retail/": EXAMPLES / "retail" / "sop"},
    "node": {"": SET / "node"},
    "python": {"": SET / "python"},
    "apps": {"": SET / "apps"},
    "versions": {"": SET / "versions"},
}
USER = "benchmark"


class WallClock(Clock):
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the chunks that hold its answer; `held_out` ones were not used for tuning."""

    text: str
    gold: frozenset[int]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Collection:
    name: str
    snapshot: Snapshot
    questions: list[Question]
    unanswerable: list[str]


def files(name: str) -> Iterator[tuple[str, Path]]:
    """Path within the collection and file of each document."""
    for prefix, folder in COLLECTIONS[name].items():
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name != "LICENSE":
                yield prefix + file.relative_to(folder).as_posix(), file


def ingest(
    knowledge_bases: LocalKnowledgeBases, documents: FileObjectStore, name: str, *, version: int = 1
) -> IngestionJob:
    """Store a collection with its descriptions and index it."""
    tree = json.loads((SET / "descriptions.json").read_text(encoding="utf-8"))[name]
    prefix = f"{USER}/{name}/"
    for path, file in files(name):
        documents.put_file(prefix + path, file, tags={})
        documents.put(f"{prefix}{path}.metadata.json", sidecar(USER, name, path, chain(tree, path)), tags={})
    engine = knowledge_bases.ensure_knowledge_base(name, tags=resource_tags(USER, name, "local"), token=name)
    source = knowledge_bases.ensure_data_source(engine.id, prefix, token=name)
    ref = VersionRef(user_id=USER, agent_id=name, version=version)
    job_id = knowledge_bases.start_ingestion(engine.id, source.id, ref=ref, token=f"{name}-{version}")
    while True:
        job = knowledge_bases.ingestion_job(engine.id, source.id, job_id)
        if job.status not in (IngestionStatus.STARTING, IngestionStatus.IN_PROGRESS):
            return job
        time.sleep(0.05)


def load(root: Path, name: str) -> Collection:
    """The ingested collection with its questions; every question must have its gold."""
    store = Store(root / engine_id_of(USER, name))
    with store.connect() as database:
        job_id = database.execute("SELECT job_id FROM snapshots WHERE version = 1").fetchone()[0]
        rows = database.execute(
            "SELECT chunk_id, path, heading, text FROM chunks JOIN documents USING (doc_id)"
        ).fetchall()
    chunks = [(chunk_id, path, normal(f"{heading} {text}")) for chunk_id, path, heading, text in rows]
    questions = []
    for number, line in enumerate((SET / f"{name}.tsv").read_text(encoding="utf-8").splitlines(), 1):
        text, *pairs = line.split("\t")
        wanted = [(path, normal(snippet)) for path, snippet in zip(pairs[::2], pairs[1::2], strict=True)]
        gold = frozenset(i for i, path, body in chunks if any(path == p and snippet in body for p, snippet in wanted))
        if not gold:
            raise ValueError(f"{name}.tsv, line {number}: no chunk holds the answer")
        questions.append(Question(text, gold, number % 2 == 0))
    listed = [line.split("\t") for line in (SET / "unanswerable.tsv").read_text(encoding="utf-8").splitlines()]
    unanswerable = [text for collection, text in listed if collection == name]
    return Collection(name, Snapshot(store, 1, job_id, Stemmer()), questions, unanswerable)


def normal(text: str) -> str:
    """Words only, in lower case: how a snippet is compared with a chunk."""
    return " ".join(re.findall(r"\w+", text.lower()))
