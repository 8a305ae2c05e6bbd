"""Answers of the `builtin` model: right, refused, handed over, and how long a reply takes."""

import statistics
import tempfile
from pathlib import Path

from benchmarks import Row
from benchmarks.support.collections import COLLECTIONS, SET, USER, WallClock, ingest
from oratio.adapters.local.dialogue import evidence, phrasing, selection
from oratio.adapters.local.dialogue.evidence import DEFAULT_THRESHOLD, EvidencePassage
from oratio.adapters.local.dialogue.intents import Intent, classify
from oratio.adapters.local.dialogue.question import question
from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases, engine_id_of
from oratio.adapters.local.objects import FileObjectStore
from tests.unit.builtin_model.judging import EXAMPLES, plainly, searches, tally
from tests.unit.builtin_model.talk import labelled


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="oratio-answers-") as folder:
        return [*conversations(Path(folder)), *pleas(), *paraphrases(Path(folder) / "paraphrases")]


def conversations(folder: Path) -> list[Row]:
    """The labelled questions, asked of generated agents over the local knowledge bases."""
    search = searches(folder)
    rows: list[Row] = []
    cpu_ms: list[float] = []
    for half in EXAMPLES:
        counts = tally(half, search)
        cpu_ms += counts.cpu_ms
        asked, foreign = f"{counts.answerable} questions, {half} half", f"{counts.unanswerable} questions, {half} half"
        rows += [
            Row(f"answered right, {half}", _share(counts.right, counts.answerable), "%", 85, asked, at_least=True),
            Row(f"answered wrong, {half}", _share(counts.wrong, counts.answerable), "%", None, asked),
            Row(f"refused falsely, {half}", _share(counts.falsely_refused, counts.answerable), "%", None, asked),
            Row(
                f"refused rightly, {half}", _share(counts.refused, counts.unanswerable), "%", 90, foreign, at_least=True
            ),
        ]
    note = f"{len(cpu_ms)} turns, retrieval excluded"
    return [
        *rows,
        Row("CPU a turn, p50", statistics.median(cpu_ms), "ms", 10, note),
        Row("CPU a turn, p95", statistics.quantiles(cpu_ms, n=20)[-1], "ms", None, note),
    ]


def pleas() -> list[Row]:
    """Pleas for a human heard, and ordinary messages taken for one."""
    rows = []
    for half in ("", "_second"):
        utterances = labelled(f"handoff{half}")
        heard = sum(classify(text) is Intent.HUMAN for text in utterances["handoff"])
        false = sum(classify(text) is Intent.HUMAN for text in utterances["ordinary"])
        name, many = half.strip("_") or "tuned", len(utterances["handoff"])
        rows += [
            Row(f"pleas for a human heard, {name}", _share(heard, many), "%", 100, f"{many} utterances", at_least=True),
            Row(
                f"false hand-offs, {name}",
                float(false),
                "",
                None,
                f"of {len(utterances['ordinary'])} ordinary messages",
            ),
        ]
    return rows


def paraphrases(folder: Path) -> list[Row]:
    """The retrieval set's questions, which share few words with their answers; no rule was made for them."""
    documents = FileObjectStore(folder / "objects", "knowledge")
    knowledge_bases = LocalKnowledgeBases(folder / "knowledge", documents, WallClock())
    foreign = [line.split("\t") for line in (SET / "unanswerable.tsv").read_text().splitlines() if line]
    right = wrong = refused = answered = total = 0
    for name in COLLECTIONS:
        ingest(knowledge_bases, documents, name)
        engine = engine_id_of(USER, name)
        for line in (SET / f"{name}.tsv").read_text().splitlines():
            text, *gold = line.split("\t")
            said = _said(knowledge_bases, engine, text)
            total += 1
            refused += said is None
            if said is not None:
                good = any(said[0] == path and plainly(words) in said[1] for path, words in _pairs(gold))
                right, wrong = right + good, wrong + (not good)
        answered += sum(_said(knowledge_bases, engine, text) is not None for at, text in foreign if at == name)
    note = f"{total} hard questions on 5 collections"
    return [
        Row("paraphrases: right passage", _share(right, total), "%", None, note),
        Row("paraphrases: other passage", _share(wrong, total), "%", None, note),
        Row("paraphrases: refused", _share(refused, total), "%", None, note),
        Row("paraphrases: unanswerable answered", float(answered), "", None, f"of {len(foreign)} unanswerable"),
    ]


def _said(knowledge_bases: LocalKnowledgeBases, engine: str, text: str) -> tuple[str, str] | None:
    """Path and (passage and answer) text of what is said to a question; None when it is refused."""
    asked = question(text)
    passages = [
        EvidencePassage(found.passage_id, found.path, found.text, found.page, found.heading or "", found.similarity)
        for found in knowledge_bases.retrieve(engine, text, version=1)
    ]
    best = evidence.best(asked, passages)
    if best is None or best.score < DEFAULT_THRESHOLD:
        return None
    answer = phrasing.body(selection.chosen(asked, best, 3), "text")
    return best.passage.path, plainly(f"{best.passage.text} {answer}")


def _pairs(flat: list[str]) -> list[tuple[str, str]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _share(part: int, whole: int) -> float:
    return 100 * part / whole
