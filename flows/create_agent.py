"""Flow from an uploaded folder to an active agent."""

from prefect import flow

from flows.build_version import build_version
from flows.hooks import HOOKS
from oratio.domain.refs import VersionRef


@flow(name="create-agent", flow_run_name="create {agent_id} v{version}", persist_result=False, **HOOKS)
async def create_agent(user_id: str, agent_id: str, version: int) -> None:
    """Build version 1 of an agent and activate it; a run after a failure or a kill continues where that one stopped."""
    await build_version(VersionRef(user_id=user_id, agent_id=agent_id, version=version))
