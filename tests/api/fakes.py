"""A pipeline that only remembers and a runtime that says what a test tells it to; everything else is real."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from oratio.domain.conversations.conversation import TurnDelta, TurnEvent, TurnResult
from oratio.domain.refs import VersionRef
from oratio.errors import OratioError, Unavailable
from oratio.ports.agent_runtime import AgentPackage, AgentRuntime, Invocation, RuntimeRef, RuntimeStatus
from oratio.ports.pipeline import Pipeline


class RememberingPipeline(Pipeline):
    """Starts nothing; `down` makes it unavailable."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, int]] = []
        self.cancelled: list[str] = []
        self.down = False

    def start_create(self, ref: VersionRef, attempt: int) -> str:
        return self._start("create", ref.agent_id, attempt)

    def start_update(self, ref: VersionRef, attempt: int) -> str:
        return self._start("update", ref.agent_id, attempt)

    def start_delete(self, user_id: str, agent_id: str, attempt: int) -> str:
        return self._start("delete", agent_id, attempt)

    def _start(self, flow: str, agent_id: str, attempt: int) -> str:
        if self.down:
            raise Unavailable("prefect does not answer")
        self.started.append((flow, agent_id, attempt))
        return f"{flow}-{agent_id}-{attempt}"

    def cancel(self, run_id: str) -> None:
        self.cancelled.append(run_id)

    def run_url(self, run_id: str) -> str:
        return f"http://127.0.0.1/runs/{run_id}"


class ScriptedRuntime(AgentRuntime):
    """Answers every prompt with `result` after `deltas`; `hold` keeps a turn open until it is cancelled."""

    def __init__(self) -> None:
        self.result = TurnResult(answer="Hold the power button.", answered=True, model="scripted")
        self.deltas = ("Hold the ", "power button.")
        self.failure: OratioError | None = None
        self.failure_after_delta: OratioError | None = None
        self.hold: asyncio.Event | None = None
        self.cancelled = 0
        self.warmed: list[str] = []
        self.calls: list[tuple[str, str, Invocation]] = []
        self.pinned: dict[tuple[str, str], str] = {}

    def ensure_runtime(
        self, ref: VersionRef, package: AgentPackage, *, engine_id: str, tags: Mapping[str, str], token: str
    ) -> RuntimeRef:
        return RuntimeRef(f"runtime-{ref.agent_id}", str(ref.version), RuntimeStatus.READY)

    def runtime(self, runtime_id: str, runtime_version: str) -> RuntimeRef:
        return RuntimeRef(runtime_id, runtime_version, RuntimeStatus.READY)

    def ensure_endpoint(self, runtime_id: str, name: str, runtime_version: str) -> None:
        self.pinned[(runtime_id, name)] = runtime_version

    async def invoke(self, runtime_id: str, qualifier: str, invocation: Invocation) -> AsyncIterator[TurnEvent]:
        if invocation.warm_up:
            self.warmed.append(invocation.session_id)
            yield TurnResult(answer="", answered=False)
            return
        self.calls.append((runtime_id, qualifier, invocation))
        if self.failure:
            raise self.failure
        try:
            for text in self.deltas:
                yield TurnDelta(text=text)
                if self.failure_after_delta:
                    raise self.failure_after_delta
            if self.hold:
                self.hold.set()
                await asyncio.Event().wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise
        yield self.result

    def delete_runtime(self, runtime_id: str) -> None:
        return
