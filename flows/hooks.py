"""Hooks of the flows: a run that ends without a result still leaves its agent failed, with a reason."""

import logging
from typing import Any

from prefect.client.schemas.objects import FlowRun, State

from oratio.domain.agents.version import VersionStatus
from oratio.domain.refs import VersionRef
from oratio.errors import NotFound, StepFailed
from tasks.context import platform, services

logger = logging.getLogger(__name__)


def mark_stopped(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """Fail the version of a run that was stopped from outside, unless the flow has set an outcome.

    A teardown works on no version and fails none: the reconciler starts it again.

    Prefect calls this by keyword, so the names are fixed.
    """
    if "version" not in flow_run.parameters:
        return
    ref = VersionRef.model_validate(flow_run.parameters)
    try:
        if platform().versions.get(ref).status is VersionStatus.FAILED:
            return
    except NotFound:
        return
    how = "cancelled" if state.is_cancelled() or state.is_cancelling() else "stopped"
    services().runs.fail(ref, str(flow_run.id), StepFailed(f"the flow run was {how}", hint="retry it"))
    logger.warning("agent_id=<%s> run_id=<%s> state=<%s> | flow run stopped", ref.agent_id, flow_run.id, state.name)


HOOKS: dict[str, Any] = {
    "on_failure": [mark_stopped],
    "on_crashed": [mark_stopped],
    "on_cancellation": [mark_stopped],
}
