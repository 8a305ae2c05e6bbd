"""Runs a deployed version against the scenarios of its plan, before anybody else may."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Sequence

from oratio.domain import tags
from oratio.domain import version as versions_of
from oratio.domain.conversation import TurnResult
from oratio.domain.plan import Scenario
from oratio.domain.rehearsal import RehearsalReport, RehearsedTurn, ScenarioResult, judge, rehearsed_turn
from oratio.domain.storage_layout import REHEARSAL_FILE, version_key
from oratio.domain.values import VersionRef
from oratio.domain.version import RehearsalSummary, VersionStatus
from oratio.errors import AgentFailed, Conflict, Unavailable
from oratio.ports.agent_runtime import AgentRuntime, Invocation
from oratio.ports.clock import Clock
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import VersionRepository
from oratio.services.authoring import AuthoringService

logger = logging.getLogger(__name__)

_PARALLEL = 2


class RehearsalService:
    """The work of `rehearse_agent`."""

    def __init__(
        self,
        *,
        versions: VersionRepository,
        code: ObjectStore,
        runtime: AgentRuntime,
        authoring: AuthoringService,
        clock: Clock,
        model: str,
    ) -> None:
        self._versions = versions
        self._code = code
        self._runtime = runtime
        self._authoring = authoring
        self._clock = clock
        self._model = model

    async def rehearse(self, ref: VersionRef, progress: Callable[[str], None]) -> RehearsalSummary:
        """Play every scenario, store the report, set the version `rehearsed`.

        Args:
            progress: Told one line after each scenario.

        Raises:
            Conflict: The version has not been deployed.
        """
        plan = self._authoring.plan(ref)
        started_at = self._clock.now_ms()
        results = await self._play_all(ref, plan.scenarios, progress)
        report = RehearsalReport(
            version=ref.version,
            model=self._model,
            started_at=started_at,
            ended_at=self._clock.now_ms(),
            results=tuple(results),
        )
        self._code.put(
            version_key(ref.user_id, ref.agent_id, ref.version, REHEARSAL_FILE),
            report.model_dump_json(indent=2).encode(),
            tags=tags.object_tags(ref.user_id, ref.agent_id, "generated-code"),
        )
        record = self._versions.get(ref)
        if record.status is VersionStatus.BUILDING:
            record = versions_of.with_status(record, VersionStatus.REHEARSED, self._clock.now_ms())
        self._versions.save(record.model_copy(update={"rehearsal": report.summary()}))
        logger.info(
            "agent_id=<%s> version=<%d> scenarios=<%d> passed=<%s> | rehearsed",
            ref.agent_id,
            ref.version,
            len(results),
            report.passed,
        )
        return report.summary()

    async def _play_all(
        self, ref: VersionRef, scenarios: Sequence[Scenario], progress: Callable[[str], None]
    ) -> list[ScenarioResult]:
        gate = asyncio.Semaphore(_PARALLEL)
        done: list[ScenarioResult] = []

        async def play(scenario: Scenario) -> ScenarioResult:
            async with gate:
                result = await self._play(ref, scenario)
            done.append(result)
            passed = sum(entry.passed for entry in done)
            progress(f"{len(done)} of {len(scenarios)} scenarios, {passed} passed")
            return result

        return list(await asyncio.gather(*map(play, scenarios)))

    async def _play(self, ref: VersionRef, scenario: Scenario) -> ScenarioResult:
        record = self._versions.get(ref)
        if record.runtime_id is None or record.runtime_version is None:
            raise Conflict(f"version {ref.version} has not been deployed")
        session_id = f"rehearsal-{uuid.uuid4()}"
        turns: list[RehearsedTurn] = []
        for prompt in scenario.prompts:
            call = Invocation(session_id=session_id, prompt=prompt)
            begun = time.monotonic_ns()
            try:
                async for event in self._runtime.invoke(record.runtime_id, record.runtime_version, call):
                    if isinstance(event, TurnResult):
                        turns.append(rehearsed_turn(prompt, event, (time.monotonic_ns() - begun) // 1_000_000))
            except (AgentFailed, Unavailable) as error:
                turns.append(RehearsedTurn(prompt=prompt, error=str(error)))
                break
        return judge(scenario, turns)
