"""From an uploaded folder to an active agent."""

from prefect import flow, runtime

from flows.hooks import HOOKS
from flows.observed import observed_run
from flows.reporting import reporting
from flows.steps import (
    activate,
    author_agent,
    check_code,
    deploy_agent,
    ingest_folder,
    provision_knowledge_base,
    rehearse_agent,
)
from oratio.domain.refs import VersionRef
from tasks.status import working_on


@flow(name="create-agent", flow_run_name="create {agent_id} v{version}", persist_result=False, **HOOKS)
async def create_agent(user_id: str, agent_id: str, version: int) -> None:
    """Build version 1 of an agent and take it live; a run after a failure or a kill goes on where that one stopped."""
    ref = VersionRef(user_id=user_id, agent_id=agent_id, version=version)
    async with (
        observed_run(user_id, agent_id, version),
        reporting(ref),
        working_on(ref, str(runtime.flow_run.id)) as run,
    ):
        await ingest_folder(run)
        await provision_knowledge_base(run)
        await author_agent(run)
        await check_code(run)
        await rehearse_agent(run)
        await deploy_agent(run)
        await activate(run)
