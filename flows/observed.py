"""Flow runs and steps as traces, metrics and log fields."""

import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from prefect import runtime

from flows.metrics import METRICS
from oratio import tracing
from oratio.domain.agents.agent import Agent, Step
from oratio.errors import NotFound
from oratio.tenancy import acting_for
from tasks.context import services
from tasks.retry import call
from tasks.status import VersionRun

type StepWork = Callable[[VersionRun], Awaitable[None]]


@asynccontextmanager
async def observed_run(user_id: str, agent_id: str, version: int | None = None) -> AsyncIterator[None]:
    """Run a flow under the trace of its request, with its ids on every log record and its outcome counted."""
    flow, run_id = str(runtime.flow_run.flow_name), str(runtime.flow_run.id)
    asked_by = await _trace_of(user_id, agent_id)
    ids: dict[str, Any] = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id}
    known = ids if version is None else {**ids, "version": version}
    started = time.monotonic()
    outcome = "failed"
    with (
        acting_for(**known),
        tracing.span(f"flow {flow}", parent=asked_by, version=version, attempt=runtime.flow_run.run_count, **ids),
    ):
        try:
            yield
            outcome = "succeeded"
        finally:
            METRICS.runs.labels(flow, outcome).inc()
            METRICS.run_seconds.labels(flow).observe(time.monotonic() - started)


async def _trace_of(user_id: str, agent_id: str) -> str | None:
    try:
        agent: Agent = await call(services().agents.get, user_id, agent_id)
    except NotFound:
        return None
    return agent.trace


def observed_step(step: Step) -> Callable[[StepWork], StepWork]:
    """Time and trace a step of a flow."""

    def wrap(work: StepWork) -> StepWork:
        @functools.wraps(work)
        async def observed(run: VersionRun) -> None:
            started = time.monotonic()
            outcome = "failed"
            try:
                with tracing.span(f"step {step}", step=step):
                    await work(run)
                outcome = "succeeded"
            finally:
                METRICS.steps.labels(step, outcome).inc()
                METRICS.step_seconds.labels(step).observe(time.monotonic() - started)

        return observed

    return wrap
