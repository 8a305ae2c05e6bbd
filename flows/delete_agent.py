"""Flow that deletes everything an agent owns."""

from prefect import flow

from flows.observed import observed_run
from tasks.deletion import (
    await_quiet,
    delete_data_source,
    delete_knowledge_base,
    delete_objects,
    delete_records,
    delete_runtime,
    stop_ingestion,
)


@flow(name="delete-agent", flow_run_name="delete {agent_id}", persist_result=False)
async def delete_agent(user_id: str, agent_id: str) -> None:
    """Delete an agent piece by piece, records last; a missing piece counts as done, so a second run does no harm."""
    async with observed_run(user_id, agent_id):
        await await_quiet(user_id, agent_id)
        await stop_ingestion(user_id, agent_id)
        await delete_runtime(user_id, agent_id)
        await delete_data_source(user_id, agent_id)
        await delete_knowledge_base(user_id, agent_id)
        await delete_objects(user_id, agent_id)
        await delete_records(user_id, agent_id)
