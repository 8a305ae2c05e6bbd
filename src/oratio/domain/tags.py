"""The tags on every object, knowledge base and runtime."""

from typing import Literal

type ResourceType = Literal["document", "document-metadata", "generated-code", "conversation", "record", "upload"]


def object_tags(user_id: str, agent_id: str, resource_type: ResourceType) -> dict[str, str]:
    return {"userId": tag_value(user_id), "agentId": agent_id, "resourceType": resource_type}


def resource_tags(user_id: str, agent_id: str, environment: str) -> dict[str, str]:
    return {"userId": tag_value(user_id), "agentId": agent_id, "platform": "oratio", "environment": environment}


def tag_value(user_id: str) -> str:
    """A tenant's id as a tag may hold it: AWS allows no `|` in one (as in `auth0|1`), and no id has a `/`."""
    return user_id.replace("|", "/")
