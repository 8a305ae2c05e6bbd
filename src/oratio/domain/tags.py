"""The tags on every object, knowledge base and runtime."""

from typing import Literal

type ResourceType = Literal["document", "document-metadata", "generated-code", "conversation"]


def object_tags(user_id: str, agent_id: str, resource_type: ResourceType) -> dict[str, str]:
    return {"userId": user_id, "agentId": agent_id, "resourceType": resource_type}


def resource_tags(user_id: str, agent_id: str, environment: str) -> dict[str, str]:
    return {"userId": user_id, "agentId": agent_id, "platform": "oratio", "environment": environment}
