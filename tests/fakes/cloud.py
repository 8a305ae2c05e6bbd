"""A knowledge engine and a runtime that do nothing, on cue, for tests that kill the process which uses them.

Ids come from tokens, so nothing needs to be remembered; what was asked, and what shall fail or wait, stands in a folder
that the test and the flow worker share.
"""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from oratio.domain.conversations.conversation import TurnDelta, TurnEvent, TurnResult
from oratio.domain.knowledge.knowledge_base import (
    DocumentProblem,
    IngestionJob,
    IngestionStatistics,
    IngestionStatus,
    Passage,
)
from oratio.domain.refs import VersionRef
from oratio.errors import StepFailed, Unavailable
from oratio.ports.agent_runtime import AgentPackage, AgentRuntime, Invocation, RuntimeRef, RuntimeStatus
from oratio.ports.knowledge_bases import EngineRef, EngineStatus, KnowledgeBases


class WorkDesk:
    """The folder: a log of calls, and the cues for them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def calls(self, method: str = "") -> list[str]:
        """What was asked so far, as `method argument`, optionally of one method only."""
        log = self._folder / "calls.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if not method or line.split(" ")[0] == method]

    def fail(self, method: str, times: int, *, retryable: bool = False) -> None:
        """Let the next calls of a method raise."""
        (self._folder / f"fail-{method}").write_text(f"{times} {int(retryable)}")

    def hold(self, what: str) -> None:
        """Let `ingestion` or `runtime` stay unfinished until released."""
        (self._folder / f"hold-{what}").touch()

    def release(self, what: str) -> None:
        (self._folder / f"hold-{what}").unlink()

    def holds(self, what: str) -> bool:
        return (self._folder / f"hold-{what}").exists()

    def clear(self) -> None:
        """Forget calls and cues."""
        for file in self._folder.iterdir():
            file.unlink()

    def enter(self, method: str, argument: str) -> None:
        """Note one call, and raise if that was the cue."""
        with (self._folder / "calls.log").open("a") as log:
            log.write(f"{method} {argument}\n")
        cue = self._folder / f"fail-{method}"
        if not cue.exists():
            return
        times, retryable = map(int, cue.read_text().split())
        if times <= 1:
            cue.unlink()
        else:
            cue.write_text(f"{times - 1} {retryable}")
        if retryable:
            raise Unavailable(f"{method} does not answer")
        raise StepFailed(f"{method} failed on cue", hint="retry it")


class FakeKnowledgeBases(KnowledgeBases):
    """Every document whose name holds `bad` is a problem; all others are indexed at once."""

    def __init__(self, desk: WorkDesk) -> None:
        self._desk = desk

    @property
    def kind(self) -> str:
        return "LOCAL"

    def ensure_knowledge_base(self, name: str, *, tags: Mapping[str, str], token: str) -> EngineRef:
        self._desk.enter("ensure_knowledge_base", token)
        return self.knowledge_base(f"kb-{token}")

    def knowledge_base(self, engine_id: str) -> EngineRef:
        return EngineRef(engine_id, EngineStatus.ACTIVE)

    def ensure_data_source(self, engine_id: str, prefix: str, *, token: str) -> EngineRef:
        self._desk.enter("ensure_data_source", token)
        return self.data_source(engine_id, f"ds-{token}")

    def data_source(self, engine_id: str, data_source_id: str) -> EngineRef:
        return EngineRef(data_source_id, EngineStatus.ACTIVE)

    def inspect(self, ref: VersionRef, path: str, sha256: str, media_type: str) -> DocumentProblem | None:
        self._desk.enter("inspect", path)
        return DocumentProblem(path=path, reason="cannot be read") if "bad" in path else None

    def start_ingestion(self, engine_id: str, data_source_id: str, *, ref: VersionRef, token: str) -> str:
        self._desk.enter("start_ingestion", token)
        return f"job-{token}"

    def ingestion_job(self, engine_id: str, data_source_id: str, job_id: str) -> IngestionJob:
        if self._desk.holds("ingestion"):
            return IngestionJob(job_id=job_id, status=IngestionStatus.IN_PROGRESS)
        return IngestionJob(
            job_id=job_id,
            status=IngestionStatus.COMPLETE,
            statistics=IngestionStatistics(documents_scanned=1, new_documents_indexed=1),
        )

    def stop_ingestion(self, engine_id: str, data_source_id: str, job_id: str) -> None:
        self._desk.enter("stop_ingestion", job_id)

    def retrieve(self, engine_id: str, query: str, *, version: int, limit: int = 6) -> list[Passage]:
        return []

    def delete_data_source(self, engine_id: str, data_source_id: str) -> None:
        self._desk.enter("delete_data_source", data_source_id)

    def delete_knowledge_base(self, engine_id: str) -> None:
        self._desk.enter("delete_knowledge_base", engine_id)


class FakeRuntime(AgentRuntime):
    """Answers every prompt with one sentence and no source."""

    def __init__(self, desk: WorkDesk) -> None:
        self._desk = desk

    def ensure_runtime(
        self, ref: VersionRef, package: AgentPackage, *, engine_id: str, tags: Mapping[str, str], token: str
    ) -> RuntimeRef:
        self._desk.enter("ensure_runtime", token)
        return RuntimeRef(f"rt-{ref.agent_id}", token, RuntimeStatus.CREATING)

    def runtime(self, runtime_id: str, runtime_version: str) -> RuntimeRef:
        status = RuntimeStatus.CREATING if self._desk.holds("runtime") else RuntimeStatus.READY
        return RuntimeRef(runtime_id, runtime_version, status)

    def ensure_endpoint(self, runtime_id: str, name: str, runtime_version: str) -> None:
        self._desk.enter("ensure_endpoint", f"{name} {runtime_version}")

    async def invoke(self, runtime_id: str, qualifier: str, invocation: Invocation) -> AsyncIterator[TurnEvent]:
        self._desk.enter("invoke", qualifier)
        yield TurnDelta(text="Hello.")
        yield TurnResult(answer="Hello.", answered=False, model="builtin")

    def delete_runtime(self, runtime_id: str) -> None:
        self._desk.enter("delete_runtime", runtime_id)
