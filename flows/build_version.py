"""Steps from an uploaded folder to a live version, the same for an agent's first version and each later one."""

from prefect import runtime

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


async def build_version(ref: VersionRef) -> None:
    """Build, rehearse and activate a version; a run after a failure or a kill continues where that one stopped."""
    async with (
        observed_run(ref.user_id, ref.agent_id, ref.version),
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
