"""Records with sensible values for tests that care about one field."""

from typing import Any

from oratio.domain.agents.agent import Agent, AgentStatus, pending_steps
from oratio.domain.agents.brief import AgentBrief, AgentType
from oratio.domain.agents.version import AgentVersion, VersionStatus
from oratio.domain.knowledge.knowledge_base import Document, KnowledgeBase, KnowledgeBaseStatus


def a_brief(**changes: Any) -> AgentBrief:
    values: dict[str, Any] = {
        "agent_name": "Helper",
        "agent_type": AgentType.TEXT,
        "sop": "Greet the caller.",
        "knowledge_base_description": "Use it for product questions.",
        "human_handoff_description": "Hand over when the caller asks for a refund.",
    }
    return AgentBrief(**(values | changes))


def an_agent(user_id: str = "ada", agent_id: str = "a1", **changes: Any) -> Agent:
    values: dict[str, Any] = {
        "user_id": user_id,
        "agent_id": agent_id,
        **a_brief().model_dump(by_alias=False),
        "knowledge_base_id": f"kb-{agent_id}",
        "status": AgentStatus.CREATING,
        "created_at": 1,
        "updated_at": 1,
        "progress": pending_steps(),
    }
    return Agent(**(values | changes))


def a_knowledge_base(user_id: str = "ada", agent_id: str = "a1", **changes: Any) -> KnowledgeBase:
    values: dict[str, Any] = {
        "knowledge_base_id": f"kb-{agent_id}",
        "user_id": user_id,
        "agent_id": agent_id,
        "s3_path": f"s3://oratio-knowledge-bases/{user_id}/{agent_id}/",
        "status": KnowledgeBaseStatus.NOTREADY,
        "created_at": 1,
        "updated_at": 1,
    }
    return KnowledgeBase(**(values | changes))


def a_version(user_id: str = "ada", agent_id: str = "a1", version: int = 1, **changes: Any) -> AgentVersion:
    values: dict[str, Any] = {
        "user_id": user_id,
        "agent_id": agent_id,
        "version": version,
        "status": VersionStatus.BUILDING,
        "brief": a_brief(),
        "documents": (Document(path="faq.md", size=3, sha256="0" * 64, media_type="text/markdown"),),
        "created_at": 1,
        "updated_at": 1,
    }
    return AgentVersion(**(values | changes))
