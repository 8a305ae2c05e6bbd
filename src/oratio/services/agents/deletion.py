"""Deletion of an agent, piece by piece; a missing piece counts as done."""

import logging

from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.knowledge.knowledge_base import KnowledgeBase
from oratio.domain.storage_layout import agent_prefix, engine_prefix
from oratio.errors import Conflict, NotFound
from oratio.ports.agent_runtime import AgentRuntime
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import AgentRepository, KnowledgeBaseRepository, VersionRepository

logger = logging.getLogger(__name__)


class DeletionService:
    """Service behind `delete_agent`, in the order of its methods. Refuses an agent that is not `deleting`."""

    def __init__(
        self,
        *,
        agents: AgentRepository,
        knowledge_bases: KnowledgeBaseRepository,
        versions: VersionRepository,
        engine: KnowledgeBases,
        runtime: AgentRuntime,
        stores: tuple[ObjectStore, ...],
    ) -> None:
        self._agents = agents
        self._knowledge_bases = knowledge_bases
        self._versions = versions
        self._engine = engine
        self._runtime = runtime
        self._stores = stores

    def stop_ingestion(self, user_id: str, agent_id: str) -> None:
        record = self._knowledge_base(user_id, agent_id)
        if record and record.bedrock_knowledge_base_id and record.data_source_id and record.ingestion_job_id:
            self._engine.stop_ingestion(
                record.bedrock_knowledge_base_id, record.data_source_id, record.ingestion_job_id
            )

    def delete_runtime(self, user_id: str, agent_id: str) -> None:
        if self._agent(user_id, agent_id) is None:
            return
        history = self._versions.history(user_id, agent_id)
        for runtime_id in sorted({record.runtime_id for record in history if record.runtime_id}):
            self._runtime.delete_runtime(runtime_id)

    def delete_data_source(self, user_id: str, agent_id: str) -> None:
        record = self._knowledge_base(user_id, agent_id)
        if record and record.bedrock_knowledge_base_id and record.data_source_id:
            self._engine.delete_data_source(record.bedrock_knowledge_base_id, record.data_source_id)

    def delete_knowledge_base(self, user_id: str, agent_id: str) -> None:
        record = self._knowledge_base(user_id, agent_id)
        if record and record.bedrock_knowledge_base_id:
            self._engine.delete_knowledge_base(record.bedrock_knowledge_base_id)

    def delete_objects(self, user_id: str, agent_id: str) -> None:
        if self._agent(user_id, agent_id) is None:
            return
        for store in self._stores:
            store.delete_prefix(agent_prefix(user_id, agent_id))
            store.delete_prefix(engine_prefix(user_id, agent_id))

    def delete_records(self, user_id: str, agent_id: str) -> None:
        if self._agent(user_id, agent_id) is None:
            return
        self._agents.delete(user_id, agent_id)
        logger.info("agent_id=<%s> | agent deleted", agent_id)

    def _agent(self, user_id: str, agent_id: str) -> Agent | None:
        try:
            agent = self._agents.get(user_id, agent_id)
        except NotFound:
            return None
        if agent.status is not AgentStatus.DELETING:
            raise Conflict(f"agent {agent_id} is {agent.status}, not deleting")
        return agent

    def _knowledge_base(self, user_id: str, agent_id: str) -> KnowledgeBase | None:
        agent = self._agent(user_id, agent_id)
        return self._knowledge_bases.get(user_id, agent.knowledge_base_id) if agent else None
