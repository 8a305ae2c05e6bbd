"""Real agents for the rules: the author's plan and code, Strands, the `builtin` model; only the search is chosen."""

import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast, override

from strands import Agent
from strands.models import Model
from strands.types.streaming import StreamEvent

from oratio.adapters.local.builtin_model import PROVENANCE_EVENT, BuiltinModel
from oratio.adapters.local.clock import SystemClock
from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases
from oratio.adapters.local.objects import FileObjectStore
from oratio.agentkit.connections import Connections, FoundPassage
from oratio.agentkit.context import AgentContext
from oratio.agentkit.definition import AgentDefinition
from oratio.agentkit.turn import TurnRecorder
from oratio.authoring.author import Authored, author
from oratio.domain.agents.brief import AgentBrief, AgentType
from oratio.domain.knowledge.knowledge_base import IngestionStatus
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import agent_prefix, document_key

DATA = Path(__file__).parents[2] / "data"
EXAMPLES = Path(__file__).parents[3] / "examples"
LABELLED = DATA / "builtin"

type Search = Callable[[str], list[FoundPassage]]


class Sample(NamedTuple):
    """An SOP with its descriptions and its folder of documents."""

    name: str
    sop: Path
    when: str
    handoff: str
    folder: Path | None
    leave_out: frozenset[str] = frozenset({"LICENSE"})


SAMPLES = {
    sample.name: sample
    for sample in (
        Sample(
            "Telecom support",
            EXAMPLES / "telecom" / "documents" / "main_policy.md",
            "Consult the documents for questions about technical support: phone service, mobile data and MMS.",
            "Hand over when the request cannot be handled, or when the customer asks for a human or is very upset.",
            EXAMPLES / "telecom" / "documents",
            frozenset({"LICENSE", "main_policy.md"}),
        ),
        Sample(
            "Retail desk",
            EXAMPLES / "retail" / "sop" / "policy.md",
            "Consult the documents for product questions.",
            "Transfer to a human agent if the request is outside of the policy.",
            None,
        ),
        Sample(
            "Harbour View assistant",
            LABELLED / "hotel" / "sop.md",
            "Look things up for all questions about the hotel: prices, times, rooms, rules.",
            "Hand over when the guest asks for a person, complains about staff or mentions a lawyer.",
            LABELLED / "hotel",
            frozenset({"sop.md"}),
        ),
        Sample(
            "Green Wheel assistant",
            LABELLED / "cycles" / "sop.md",
            "Search the documents when a customer asks about prices, rental terms or repairs.",
            "If a bike was stolen or the customer threatens with the press, pass the conversation to a colleague.",
            LABELLED / "cycles",
            frozenset({"sop.md"}),
        ),
    )
}
SETS = {
    "telecom": "Telecom support",
    "retail": "Retail desk",
    "hotel": "Harbour View assistant",
    "cycles": "Green Wheel assistant",
}


def labelled(name: str) -> Any:
    return json.loads((LABELLED / f"{name}.json").read_text())


def authored(sample: Sample, agent_type: AgentType = AgentType.TEXT) -> Authored:
    return author(
        AgentBrief(
            agent_name=sample.name,
            agent_type=agent_type,
            sop=sample.sop.read_text(),
            knowledge_base_description=sample.when,
            human_handoff_description=sample.handoff,
        )
    )


def files_of(sample: Sample) -> list[Path]:
    if sample.folder is None:
        return []
    return sorted(path for path in sample.folder.rglob("*") if path.is_file() and path.name not in sample.leave_out)


def local_search(sample: Sample, root: Path) -> Search:
    """The sample's folder, really ingested by the local knowledge bases below `root`."""
    store, clock = FileObjectStore(root / "objects", "documents"), SystemClock()
    ref = VersionRef(user_id="u1", agent_id=sample.name.split()[0].lower(), version=1)
    for path in files_of(sample):
        key = document_key(ref.user_id, ref.agent_id, str(path.relative_to(cast(Path, sample.folder))))
        store.put(key, path.read_bytes(), tags={})
    bases = LocalKnowledgeBases(root / "knowledge", store, clock)
    engine = bases.ensure_knowledge_base("kb", tags={"userId": ref.user_id, "agentId": ref.agent_id}, token="t").id
    source = bases.ensure_data_source(engine, agent_prefix(ref.user_id, ref.agent_id), token="t").id
    job = bases.start_ingestion(engine, source, ref=ref, token="t")
    deadline = time.monotonic() + 120
    while (state := bases.ingestion_job(engine, source, job)).status is not IngestionStatus.COMPLETE:
        assert state.status is not IngestionStatus.FAILED, state.failure
        assert time.monotonic() < deadline, state
        time.sleep(0.1)

    def search(query: str) -> list[FoundPassage]:
        return [
            FoundPassage(
                id=found.passage_id, path=found.path, page=found.page, heading=found.heading, text=found.text,
                excerpt=found.excerpt, score=found.score, similarity=found.similarity,
            )
            for found in bases.retrieve(engine, query, version=1)
        ]  # fmt: skip

    return search


class _Listening(BuiltinModel):
    """The model, with what it rests on and how long it took kept aside."""

    provenance: dict[str, Any]
    cpu_ms: float

    @override
    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[StreamEvent]:
        begun = time.process_time()
        events = [event async for event in super().stream(*args, **kwargs)]
        self.cpu_ms += (time.process_time() - begun) * 1000
        for event in events:
            if PROVENANCE_EVENT in event:
                self.provenance = cast(dict[str, Any], event)[PROVENANCE_EVENT]
            else:
                yield event


class _Wired(Connections):
    def __init__(self, model: BuiltinModel, search: Search) -> None:
        self._model, self._search = model, search
        self.paths: dict[str, str] = {}
        self.failing = False
        self.handoffs: list[tuple[str, str]] = []

    def model(self, turn: TurnRecorder) -> Model:
        return self._model

    def search(self, query: str, *, timeout_s: float) -> Sequence[FoundPassage]:
        if self.failing:
            raise TimeoutError
        found = self._search(query)
        self.paths.update({passage["id"]: passage["path"] for passage in found})
        return found

    def hand_off(self, reason: str, summary: str, *, timeout_s: float) -> dict[str, Any]:
        if self.failing:
            raise TimeoutError
        self.handoffs.append((reason, summary))
        return {}


class Said(NamedTuple):
    """One reply as the outside sees it; `files` are the names behind its passages."""

    text: str
    answered: bool
    files: tuple[str, ...]
    step_ids: tuple[str, ...]
    handed_off: bool
    cpu_ms: float


class Talk:
    """One conversation with a real agent."""

    def __init__(self, made: Authored, search: Search | None = None, threshold: float | None = None) -> None:
        self.plan = made.plan
        self.model = _Listening(made.plan, answer_threshold=threshold)
        self.wired = _Wired(self.model, search or (lambda query: []))
        definition = AgentDefinition.read(
            code=made.code.encode(),
            prompt=made.prompt.encode(),
            plan=made.plan.model_dump_json().encode(),
            model="builtin",
        )
        context = AgentContext(
            connections=self.wired,
            prompt=definition.prompt,
            steps=definition.steps,
            announcement=definition.announcement,
        )
        self.context = context
        self.agent: Agent = definition.load()(context)

    def say(self, text: str) -> Said:
        self.model.provenance, self.model.cpu_ms = {}, 0.0
        before = len(self.wired.handoffs)
        answer = str(self.agent(text)).strip()
        rests = self.model.provenance
        return Said(
            answer,
            rests["answered"],
            tuple(self.wired.paths[passage].rsplit("/", 1)[-1] for passage in rests["passageIds"]),
            tuple(rests["stepIds"]),
            len(self.wired.handoffs) > before,
            self.model.cpu_ms,
        )


def section_of(made: Authored, step_ids: Sequence[str]) -> set[str]:
    return {step.section.rsplit(" > ", 1)[-1] for step in made.plan.steps if step.step_id in step_ids}


def temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="oratio-answers-"))
