"""Recovery of flow runs after a kill, a crash or an absent engine."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry, Cancelled, Failed

from flows.hooks import mark_stopped
from flows.metrics import METRICS
from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.agents.version import VersionStatus
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, NotFound, StaleRecord, StepFailed
from tasks.context import platform, services

logger = logging.getLogger(__name__)

MAX_RUNS = 5
TEARDOWN_S = 15 * 60.0
"""Longest time of a teardown; a second one next to it would do no harm."""
# A start in progress has not yet written its run's id.
_SETTLE_MS = 10_000
_LIVE = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED)


async def runs_in(client: PrefectClient, deployments: Sequence[UUID], states: Collection[StateType]) -> list[FlowRun]:
    """Return the flow runs of our deployments in one of these states, at most 200."""
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
        ),
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(deployments))),
        limit=200,
    )


async def resume_interrupted(client: PrefectClient, deployments: Sequence[UUID]) -> int:
    """Resume interrupted runs at boot, when a pending or running run in Prefect has no process.

    A run that was started `MAX_RUNS` times is failed instead: it may be what kills the process.

    Returns:
        The number resumed.
    """
    resumed = 0
    while found := await runs_in(client, deployments, (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)):
        for run in found:
            if run.state_type is StateType.CANCELLING:
                await end_cancelled(client, run)
            else:
                resumed += await go_on(client, run)
    return resumed


async def go_on(client: PrefectClient, run: FlowRun) -> bool:
    """Schedule a run without a process again; return False when it was cut off too often."""
    if run.run_count >= MAX_RUNS:
        state: State[Any] = Failed(message=f"cut off {run.run_count} times")
        await client.set_flow_run_state(run.id, state, force=True)
        mark_stopped(None, run, state)
        return False
    await client.set_flow_run_state(run.id, AwaitingRetry(), force=True)
    logger.info("run_id=<%s> runs=<%d> | cut-off flow run goes on", run.id, run.run_count)
    return True


def stale(run: FlowRun, seconds: float) -> bool:
    """Return True if a run has been in its state for longer."""
    entered = run.state.timestamp if run.state else None
    return entered is not None and (datetime.now(UTC) - entered).total_seconds() > seconds


async def end_cancelled(client: PrefectClient, run: FlowRun) -> None:
    """Set a cancelled run's final state, in Prefect and in our records."""
    state: State[Any] = Cancelled()
    await client.set_flow_run_state(run.id, state, force=True)
    mark_stopped(None, run, state)


class Reconciler:
    """Starter of flows for agents that wait for one and have none; call `pass_over` every quarter of a minute."""

    def __init__(
        self, client: PrefectClient, executing: Callable[[], Collection[UUID]], *, lease_s: float | None = None
    ) -> None:
        """Prepare the reconciler.

        Args:
            client: Client of Prefect's server.
            executing: Names the runs that this process works on right now.
            lease_s: How long the version's lease of a run lives on without its worker; given when other workers execute
                runs too, one of which may have died. None: no other worker executes, and boot has resumed the others.
        """
        self._client = client
        self._lease_s = lease_s
        self._executing = executing
        self._restarts: Counter[tuple[str, int, AgentStatus]] = Counter()
        self._passes = 0

    async def pass_over(self) -> None:
        """Check every unfinished agent, and abandoned uploads, once."""
        self._passes += 1
        for agent in services().agents.unfinished():
            try:
                await self._look_at(agent)
            except (StaleRecord, NotFound, Conflict):
                logger.debug("agent_id=<%s> | changed while it was looked at", agent.agent_id)
        if swept := services().uploads.sweep(platform().clock.now_ms()):
            logger.info("uploads=<%d> | abandoned uploads removed", swept)

    async def _look_at(self, agent: Agent) -> None:
        ref = VersionRef(user_id=agent.user_id, agent_id=agent.agent_id, version=agent.latest_version)
        if not self._wants_run(agent, ref):
            return
        if agent.flow_run_id is None:
            # The same attempt has the same idempotency key: this finds a start that was made after all.
            await asyncio.to_thread(services().agents.start, agent)
            return
        if platform().clock.now_ms() - agent.updated_at < _SETTLE_MS or await self._is_live(agent.flow_run_id):
            return
        await self._start_again(agent, ref)

    def _wants_run(self, agent: Agent, ref: VersionRef) -> bool:
        if agent.status is AgentStatus.DELETING:
            return True
        lease = platform().journal.lease(ref)
        if lease and lease.expires_at > platform().clock.now_ms():
            return False
        if agent.status is AgentStatus.CREATING:
            return True
        return platform().versions.get(ref).status in (VersionStatus.BUILDING, VersionStatus.REHEARSED)

    async def _is_live(self, run_id: str) -> bool:
        if UUID(run_id) in self._executing():
            return True
        try:
            run = await self._client.read_flow_run(UUID(run_id))
        except ObjectNotFound:
            return False
        if self._lease_s is not None and run.state_type in (StateType.PENDING, StateType.RUNNING):
            # The caller has found no live lease: this run's worker has died, or it is a teardown, which takes none.
            patience = self._lease_s if "version" in run.parameters else max(self._lease_s, TEARDOWN_S)
            return await go_on(self._client, run) if stale(run, patience) else True
        return run.state_type in _LIVE

    async def _start_again(self, agent: Agent, ref: VersionRef) -> None:
        key = (agent.agent_id, agent.latest_version, agent.status)
        if self._restarts[key] >= MAX_RUNS:
            if agent.status is not AgentStatus.DELETING:
                self._give_up(ref)
                return
            # A teardown is never given up, only retried less and less often.
            if self._passes % min(2 ** (self._restarts[key] - MAX_RUNS + 1), 64):
                return
        self._restarts[key] += 1
        again = platform().agents.save(agent.model_copy(update={"attempt": agent.attempt + 1}))
        await asyncio.to_thread(services().agents.start, again)
        METRICS.restarts.inc()
        logger.warning("agent_id=<%s> attempt=<%d> | flow started again", agent.agent_id, again.attempt)

    @staticmethod
    def _give_up(ref: VersionRef) -> None:
        owner = "reconciler"
        services().runs.begin(ref, owner)
        error = StepFailed(f"{MAX_RUNS} flow runs ended without a result", hint="see Prefect's log, then retry")
        services().runs.fail(ref, owner, error)
