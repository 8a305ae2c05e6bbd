"""Flow of a new version of an agent, built and rehearsed next to the live one."""

from prefect import flow

from flows.build_version import build_version
from flows.hooks import HOOKS
from oratio.domain.refs import VersionRef


@flow(name="update-agent", flow_run_name="update {agent_id} v{version}", persist_result=False, **HOOKS)
async def update_agent(user_id: str, agent_id: str, version: int) -> None:
    """Build version n+1, and switch to it unless it is held; until then, and on failure, the live version serves."""
    await build_version(VersionRef(user_id=user_id, agent_id=agent_id, version=version))
