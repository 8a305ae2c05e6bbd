"""Rehearsal: a deployed version plays the scenarios of its plan before any caller may reach it."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from oratio import tracing
from oratio.authoring.sampling import sampled
from oratio.domain import tags
from oratio.domain.agents import version as versions_of
from oratio.domain.agents.version import AgentVersion, RehearsalSummary, VersionStatus
from oratio.domain.conversations.conversation import Message, TurnResult
from oratio.domain.plan.agent_plan import AgentPlan, Scenario
from oratio.domain.plan.rehearsal import (
    DEADLINE_MS,
    RehearsalReport,
    RehearsedTurn,
    ScenarioResult,
    judge,
    rehearsed_turn,
)
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import REHEARSAL_FILE, version_key
from oratio.errors import AgentFailed, Conflict, Unavailable
from oratio.ports.agent_runtime import AgentRuntime, Invocation
from oratio.ports.clock import Clock
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import VersionRepository
from oratio.services.authoring.authoring import AuthoringService
from oratio.services.knowledge.knowledge_bases import KnowledgeBaseService

logger = logging.getLogger(__name__)

_PARALLEL = 2


class _Deployed(NamedTuple):
    runtime_id: str
    runtime_version: str


type _SoFar = Callable[[Sequence[ScenarioResult], Sequence[Scenario]], Awaitable[None]]


class RehearsalService:
    """Service behind `rehearse_agent`."""

    def __init__(
        self,
        *,
        versions: VersionRepository,
        code: ObjectStore,
        runtime: AgentRuntime,
        authoring: AuthoringService,
        knowledge_bases: KnowledgeBaseService,
        clock: Clock,
        model: str,
    ) -> None:
        self._versions = versions
        self._code = code
        self._runtime = runtime
        self._authoring = authoring
        self._knowledge_bases = knowledge_bases
        self._clock = clock
        self._model = model

    async def rehearse(self, ref: VersionRef, progress: Callable[[str], None]) -> RehearsalSummary:
        """Play every scenario, store the report, set the version `rehearsed`.

        The first scenario checks that the agent starts at all; when it does not, the others are not played.

        Args:
            progress: Called with one line after each scenario.

        Raises:
            Conflict: The version has not been deployed.
        """
        plan = self._authoring.plan(ref)
        deployed = self._deployed(ref)
        started_at = self._clock.now_ms()

        def report_of(results: Sequence[ScenarioResult], planned: Sequence[Scenario] = ()) -> RehearsalReport:
            return RehearsalReport(
                version=ref.version,
                model=self._model,
                started_at=started_at,
                ended_at=self._clock.now_ms(),
                results=tuple(results),
                planned=tuple(scenario.title for scenario in planned),
            )

        scenarios = await asyncio.to_thread(self._scenarios, ref, plan)
        kept = asyncio.Lock()

        async def so_far(done: Sequence[ScenarioResult], waiting: Sequence[Scenario]) -> None:
            passed = sum(entry.passed for entry in done)
            progress(f"{len(done)} of {len(scenarios)} scenarios, {passed} passed")
            if waiting and not kept.locked():
                async with kept:
                    await asyncio.to_thread(self._keep, ref, report_of(done, waiting))

        results = await self._play_all(deployed, scenarios, so_far)
        async with kept:
            report = report_of(results)
            await asyncio.to_thread(self._keep, ref, report)

        def rehearsed(record: AgentVersion) -> AgentVersion:
            if record.status is VersionStatus.BUILDING:
                record = versions_of.with_status(record, VersionStatus.REHEARSED, self._clock.now_ms())
            return record.model_copy(update={"rehearsal": report.summary()})

        self._versions.update(ref, rehearsed)
        logger.info(
            "agent_id=<%s> version=<%d> scenarios=<%d> passed=<%s> | rehearsed",
            ref.agent_id,
            ref.version,
            len(results),
            report.passed,
        )
        return report.summary()

    def _keep(self, ref: VersionRef, report: RehearsalReport) -> None:
        """Replace the stored report; watchers read it while it grows."""
        self._code.put(
            version_key(ref.user_id, ref.agent_id, ref.version, REHEARSAL_FILE),
            report.model_dump_json(indent=2).encode(),
            tags=tags.object_tags(ref.user_id, ref.agent_id, "generated-code"),
        )

    def _scenarios(self, ref: VersionRef, plan: AgentPlan) -> list[Scenario]:
        """Return the plan's scenarios, and questions made from this version's documents."""
        documents = self._versions.get(ref).documents
        samples = sampled(documents, lambda query: self._knowledge_bases.retrieve(ref, query), plan.language)
        known = len(plan.scenarios)
        numbered = (
            scenario.model_copy(update={"scenario_id": f"r{number:03d}"})
            for number, scenario in enumerate(samples, known + 1)
        )
        return [*plan.scenarios, *numbered]

    def _deployed(self, ref: VersionRef) -> _Deployed:
        record = self._versions.get(ref)
        if record.runtime_id is None or record.runtime_version is None:
            raise Conflict(f"version {ref.version} has not been deployed")
        return _Deployed(record.runtime_id, record.runtime_version)

    async def _play_all(
        self, deployed: _Deployed, scenarios: Sequence[Scenario], so_far: _SoFar
    ) -> list[ScenarioResult]:
        gate = asyncio.Semaphore(_PARALLEL)
        done: list[ScenarioResult] = []

        async def play(scenario: Scenario) -> ScenarioResult:
            async with gate:
                result = await self._play(deployed, scenario)
            done.append(result)
            played = {entry.scenario.scenario_id for entry in done}
            await so_far(tuple(done), [one for one in scenarios if one.scenario_id not in played])
            return result

        first = [await play(scenario) for scenario in scenarios[:1]]
        if any(turn.error for result in first for turn in result.turns):
            return first
        return [*first, *await asyncio.gather(*map(play, scenarios[1:]))]

    async def _play(self, deployed: _Deployed, scenario: Scenario) -> ScenarioResult:
        session_id = f"rehearsal-{uuid.uuid4()}"
        turns: list[RehearsedTurn] = []
        for number, prompt in enumerate(scenario.prompts):
            call = Invocation(
                session_id=session_id,
                prompt=prompt,
                history=_history(turns),
                deadline_ms=DEADLINE_MS,
                drill=scenario.drill if number == 0 else None,
                traceparent=tracing.current(),
            )
            turn = await self._turn(deployed, call)
            turns.append(turn)
            if turn.error and scenario.expect != "recovery":
                break
        return judge(scenario, turns)

    async def _turn(self, deployed: _Deployed, call: Invocation) -> RehearsedTurn:
        started = time.monotonic_ns()
        error = "the agent ended its turn without a result"
        try:
            async for event in self._runtime.invoke(*deployed, call):
                if isinstance(event, TurnResult):
                    return rehearsed_turn(call.prompt, event, _ms_since(started))
        except (AgentFailed, Unavailable) as failure:
            error = str(failure)
        return RehearsedTurn(prompt=call.prompt, error=error, latency_ms=_ms_since(started))


def _ms_since(started_ns: int) -> int:
    return (time.monotonic_ns() - started_ns) // 1_000_000


def _history(turns: Sequence[RehearsedTurn]) -> tuple[Message, ...]:
    """Return the earlier answered turns, for a process that has not seen them."""
    messages: list[Message] = []
    for turn in turns:
        if not turn.error:
            messages += [Message(role="user", text=turn.prompt), Message(role="assistant", text=turn.answer)]
    return tuple(messages)
