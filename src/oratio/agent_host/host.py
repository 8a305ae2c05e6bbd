"""The agent host: which process answers which turn, and what becomes of processes that misbehave."""

import asyncio
import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from strands.models import Model

from oratio import tracing
from oratio.adapters.local.runtime_store import RuntimeStore
from oratio.agent_host.forkserver_client import ForkserverClient
from oratio.agent_host.gateway import AgentGateway
from oratio.agent_host.isolation import Isolation, choose_isolation, confinement
from oratio.agent_host.metrics import AgentHostMetrics
from oratio.agent_host.process import AgentProcess
from oratio.agent_host.sandbox.confinement import Tier
from oratio.agentkit.drills import StagedDrill
from oratio.domain.plan.agent_plan import AgentPlan, Drill
from oratio.domain.plan.rehearsal import DRILL_TEXTS
from oratio.domain.refs import VersionRef
from oratio.errors import AgentFailed, CodeRejected, Conflict, RateLimited
from oratio.ports.agent_runtime import AgentPackage
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.protocol.turn import TURN_EVENTS, TurnDelta, TurnDone, TurnError

logger = logging.getLogger(__name__)

KILL_AFTER_S = 1.0
"""How long past its deadline a turn may run before its process is killed; a sound agent ends it itself."""
MAX_TURNS_PER_PROCESS = 16
MAX_PROCESSES = 256
TURNS_PER_LIFE = 5_000
"""A process is replaced after so many turns, well before its CPU limit would end it in the middle of one."""
MAX_BACKOFF_S = 30.0
PATIENCE_S = 1.0
REAP_EVERY_S = 5.0
REMIND_EVERY_S = 60.0
_OUTCOMES = frozenset({"answered", "abandoned", "deadline", "agent_failed", "bad_request"})

type Key = tuple[str, str]
"""Runtime id and version."""


@dataclass(slots=True)
class _Health:
    """How one runtime version has fared: failures in a row, and when it may be started again."""

    failures: int = 0
    not_before: float = 0.0


class AgentHost:
    """Runs one process per runtime version, on demand, and streams turns through it.

    Args:
        root: Folder of the runtimes that `LocalAgentRuntime` keeps.
        models: Makes the model that answers for an agent version.
        model_name: What the results of turns call that model.
        verify: Whether the review signed exactly these bytes.
        idle_s: A process unused this long is stopped.
        turn_deadline_s: The most a turn may ask for.
        allow_unsandboxed: Run agents even where the machine offers no sandbox.
        strongest: The tier to begin with; for trying out the weaker one.
        monotonic: Seconds; for idleness and back-off.
    """

    def __init__(
        self,
        *,
        root: Path,
        knowledge: KnowledgeBases,
        models: Callable[[VersionRef, AgentPlan], Model],
        model_name: str,
        verify: Callable[[AgentPackage], bool],
        idle_s: float = 900.0,
        turn_deadline_s: float = 30.0,
        allow_unsandboxed: bool = False,
        strongest: Tier = Tier.A,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.metrics = AgentHostMetrics()
        self.metrics.count_processes(lambda: self.processes)
        self._store = RuntimeStore(root)
        self._knowledge = knowledge
        self._models = models
        self._model_name = model_name
        self._verify = verify
        self._idle_s = idle_s
        self._turn_deadline_s = turn_deadline_s
        self._allow_unsandboxed = allow_unsandboxed
        self._strongest = strongest
        self._monotonic = monotonic
        self._processes: dict[Key, AgentProcess] = {}
        self._retiring: set[AgentProcess] = set()
        self._health: dict[Key, _Health] = {}
        self._locks: dict[Key, asyncio.Lock] = {}
        self._numbers = count(1)
        self._background: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Find the strongest isolation this machine offers and warm the parent up.

        Raises:
            Unavailable: No tier works and the operator has not allowed running without.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="oratio-agents-"))  # short: a socket's path has 107 bytes
        self._parent_lock = asyncio.Lock()
        self._isolation = await choose_isolation(allow_unsandboxed=self._allow_unsandboxed, strongest=self._strongest)
        self._spawn_background(self._reap_forever())
        if self._isolation.tier is Tier.NONE:
            self._spawn_background(_remind_forever())

    async def stop(self) -> None:
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        for process in [*self._processes.values(), *self._retiring]:
            await process.stop()
        self._processes.clear()
        await self._isolation.parent.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def isolation(self) -> Isolation:
        return self._isolation

    @property
    def processes(self) -> int:
        return len(self._processes) + len(self._retiring)

    async def invoke(
        self,
        runtime_id: str,
        qualifier: str,
        session_id: str,
        payload: dict[str, Any],
        *,
        traceparent: str | None = None,
    ) -> AsyncGenerator[dict[str, Any]]:
        """One turn: `delta` events, then `done` or `error`, checked and bounded.

        Args:
            traceparent: The span the turn belongs to.

        Raises:
            NotFound: No such runtime or endpoint.
            CodeRejected: The files are not those the review signed.
            AgentFailed: The process does not come up.
            RateLimited: The process has as many turns as it may have.
            Conflict: A drill was asked of a version that callers can reach.
        """
        key = (runtime_id, self._store.resolve(runtime_id, qualifier))
        drill = payload.pop("drill", None)  # the agent does not see it
        staged = None if drill is None else StagedDrill(drill, DRILL_TEXTS[Drill(drill)])
        process = await (self._process(key) if staged is None else self._drilled(key, staged))
        if process.in_flight >= MAX_TURNS_PER_PROCESS:
            raise RateLimited("the agent answers as many callers as it can", retry_after_s=1.0)
        process.last_used = self._monotonic()  # the reaper is not to take it before the turn begins
        return self._turn(key, process, session_id, payload, traceparent)

    async def delete(self, runtime_id: str) -> None:
        """Stop every process of a runtime at once, one that is just starting included."""
        for key in [key for key in self._locks if key[0] == runtime_id]:
            async with self._locks[key]:
                process = self._processes.pop(key, None)
                if process is not None:
                    await process.stop()
            self._health.pop(key, None)

    async def reap(self) -> None:
        """Stop the processes that have been idle for too long, the longest idle first while there are too many."""
        now = self._monotonic()
        idle = sorted((process.last_used, key) for key, process in self._processes.items() if process.in_flight == 0)
        surplus = len(self._processes) - MAX_PROCESSES
        for place, (last_used, key) in enumerate(idle):
            if now - last_used >= self._idle_s or place < surplus:
                logger.info("runtime_id=<%s>, version=<%s> | idle process stopped", *key)
                await self._processes.pop(key).stop()
        for process in [process for process in self._retiring if process.in_flight == 0]:
            if now - process.last_used >= self._idle_s:  # its turn was never started
                self._retiring.discard(process)
                await process.stop()

    async def _turn(
        self, key: Key, process: AgentProcess, session_id: str, payload: dict[str, Any], traceparent: str | None
    ) -> AsyncGenerator[dict[str, Any]]:
        begun = time.perf_counter()
        span = tracing.span(
            "agent turn", parent=traceparent, agent_id=process.agent_id, status="drill" if process.retired else None
        )
        deadline_s = min(payload["deadlineMs"] / 1000, self._turn_deadline_s)
        asked = {**payload, "deadlineMs": max(1, round(deadline_s * 1000))}
        if span.traceparent:
            asked["trace"] = span.traceparent
            process.traces.add(span.traceparent)
        last: dict[str, Any] | None = None
        process.in_flight += 1
        process.turns += 1
        try:
            async with (
                asyncio.timeout(deadline_s + KILL_AFTER_S),
                contextlib.aclosing(process.turn(session_id, asked)) as events,
            ):
                async for raw in events:
                    event = checked(raw, process.served_paths)
                    if event["type"] != "delta":
                        last = event
                        break
                    yield event
            if last is None:
                raise AgentFailed("the agent stopped in the middle of its answer")
        except TimeoutError:
            logger.warning("runtime_id=<%s>, version=<%s> | turn passed its deadline, process killed", *key)
            self._end(key, process)
            last = _error("deadline", "the agent did not answer in time")
        except AgentFailed as error:
            logger.warning("agent_id=<%s> | turn failed and its process was ended", process.agent_id)
            self._end(key, process)
            last = _error(error.code, error.message)
        finally:
            process.in_flight -= 1
            process.last_used = self._monotonic()
            process.traces.discard(span.traceparent or "")
            outcome = "abandoned" if last is None else "answered" if last["type"] == "done" else str(last["code"])
            self.metrics.turns.labels(outcome if outcome in _OUTCOMES else "agent_failed").inc()
            self.metrics.turn_seconds.observe(time.perf_counter() - begun)
            span.set(status=outcome)
            span.end()
            self._settle(key, process, last)
        yield last  # the books are closed by now: the reader of this may ask again at once

    def _settle(self, key: Key, process: AgentProcess, last: dict[str, Any] | None) -> None:
        """What the end of a turn means for its process: nothing, or that it gets no other."""
        if last is not None and last["type"] == "done":
            self._health.pop(key, None)
        failed = last is not None and last.get("code", "bad_request") != "bad_request"
        # Who knows what still runs in a process where a turn failed; another one costs 20 ms.
        if process.retired or failed or process.turns >= TURNS_PER_LIFE:
            self._retire(key, process)

    async def _process(self, key: Key) -> AgentProcess:
        """The running process of a runtime version, started when there is none."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            process = self._processes.get(key)
            if process is not None and process.alive and not process.retired:
                return process
            if process is not None:
                self._retire(key, process)
            await self._await_backoff(key)
            process = await self._start(key)
            self._processes[key] = process
            self._spawn_background(self._watch(key, process))
            return process

    async def _drilled(self, key: Key, drill: StagedDrill) -> AgentProcess:
        """A process for one turn of a rehearsal, which no caller's turn ever reaches."""
        if self._store.is_pinned(*key):
            raise Conflict("callers can reach this version", hint="rehearse a version before it goes live")
        process = await self._start(key, drill)
        process.retired = True
        self._retiring.add(process)
        return process

    async def _start(self, key: Key, drill: StagedDrill | None = None) -> AgentProcess:
        record, package = self._store.record(*key), self._store.package(*key)
        if not self._verify(package):
            logger.error("runtime_id=<%s>, version=<%s> | unsigned code refused", *key)
            raise CodeRejected("the agent's files are not those its review signed", hint="deploy the version again")
        plan = AgentPlan.model_validate_json(package.plan)
        model = (drill.model() if drill else None) or self._models(record.ref, plan)
        parent = await self._warm_parent()
        number = next(self._numbers)
        process = AgentProcess(parent, self._folder / f"{number}.sock", record.ref.agent_id)
        try:
            with tracing.span("start agent process", agent_id=record.ref.agent_id, version=record.ref.version):
                control = await process.start(package, self._model_name, confinement(number))
        except AgentFailed:
            self.metrics.starts.labels("failed").inc()
            self._failed(key)
            raise
        self.metrics.starts.labels("ready").inc()
        gateway = AgentGateway(
            control,
            ref=record.ref,
            engine_id=record.engine_id,
            plan=plan,
            knowledge=self._knowledge,
            model=model,
            drill=drill,
            traces=process.traces,
            metrics=self.metrics,
        )
        process.serve(gateway)
        process.last_used = self._monotonic()
        logger.info("agent_id=<%s>, version=<%s> | agent process started", record.ref.agent_id, key[1])
        return process

    async def _warm_parent(self) -> ForkserverClient:
        async with self._parent_lock:
            if not self._isolation.parent.alive:
                logger.error("the warm parent ended, starting another")
                await self._isolation.parent.stop()
                self._isolation.parent = ForkserverClient(self._isolation.tier)
                await self._isolation.parent.start()
            return self._isolation.parent

    async def _watch(self, key: Key, process: AgentProcess) -> None:
        """Wait for the end of a process that no one stopped, and note it."""
        status = await asyncio.shield(process.exited)
        if self._processes.get(key) is process:
            logger.warning("agent_id=<%s>, status=<%d> | agent process ended", process.agent_id, status)
            self.metrics.ended.inc()
            self._failed(key)
            del self._processes[key]
            await process.stop()

    def _failed(self, key: Key) -> None:
        """The first restart is immediate; then 0.5 s, 1 s, 2 s, ... until a turn succeeds."""
        health = self._health.setdefault(key, _Health())
        health.failures += 1
        wait_s = min(MAX_BACKOFF_S, 0.25 * 2 ** (health.failures - 1)) if health.failures > 1 else 0.0
        health.not_before = self._monotonic() + wait_s

    async def _await_backoff(self, key: Key) -> None:
        health = self._health.get(key)
        wait_s = health.not_before - self._monotonic() if health else 0.0
        if wait_s > PATIENCE_S:
            raise AgentFailed("the agent keeps stopping", hint=f"it is started again in {wait_s:.0f} s")
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def _end(self, key: Key, process: AgentProcess) -> None:
        """Kill a process that did not do its duty, and count that against its version."""
        process.kill()
        if self._processes.get(key) is process:
            self._failed(key)
        self._retire(key, process)

    def _retire(self, key: Key, process: AgentProcess) -> None:
        """Give a process no further turn; stop it once its last one has ended."""
        process.retired = True
        if self._processes.get(key) is process:
            del self._processes[key]
            self._retiring.add(process)
        if process.in_flight == 0 and process in self._retiring:
            self._retiring.discard(process)
            self._spawn_background(process.stop())

    async def _reap_forever(self) -> None:
        while True:
            await asyncio.sleep(min(REAP_EVERY_S, self._idle_s))
            await self.reap()

    def _spawn_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _remind_forever() -> None:
    while True:
        logger.error("agents run WITHOUT A SANDBOX, as the operator allowed")
        await asyncio.sleep(REMIND_EVERY_S)


def checked(event: dict[str, Any], served_paths: set[str]) -> dict[str, Any]:
    """An agent's event in the form it must have; a document it was never given cannot be cited.

    Raises:
        AgentFailed: The event has another form.
    """
    try:
        match TURN_EVENTS.validate_python(event):
            case TurnDone(result=result):
                citations = tuple(citation for citation in result.citations if citation.path in served_paths)
                return TurnDone(result=result.model_copy(update={"citations": citations})).wire()
            case TurnError(code=code, message=message):
                return _error(code[:64], message[:300])
            case TurnDelta() as delta:
                return delta.wire()
    except (ValidationError, UnicodeError):
        raise AgentFailed("the agent's answer cannot be read") from None


def _error(code: str, message: str) -> dict[str, Any]:
    return TurnError(code=code, message=message).wire()
