"""Where everything is in the object stores: the only place that builds a key."""

from enum import StrEnum


class Bucket(StrEnum):
    """The buckets' logical names; the real names are settings."""

    KNOWLEDGE_BASES = "oratio-knowledge-bases"
    GENERATED_CODE = "oratio-generated-code"
    CONVERSATIONS = "oratio-conversations"


SIDECAR_SUFFIX = ".metadata.json"
CODE_FILE = "agent_file.py"
PROMPT_FILE = "prompt.md"
PLAN_FILE = "plan.json"
REHEARSAL_FILE = "rehearsal.json"


def agent_prefix(user_id: str, agent_id: str) -> str:
    """The prefix of all that belongs to one agent, in every bucket; the final `/` keeps `a1` from holding `a10`."""
    return f"{user_id}/{agent_id}/"


def document_key(user_id: str, agent_id: str, path: str) -> str:
    return f"{user_id}/{agent_id}/{path}"


def sidecar_key(user_id: str, agent_id: str, path: str) -> str:
    return document_key(user_id, agent_id, path) + SIDECAR_SUFFIX


def live_key(user_id: str, agent_id: str, file: str) -> str:
    """`agent_file.py` or `prompt.md` of the live version."""
    return f"{user_id}/{agent_id}/{file}"


def version_key(user_id: str, agent_id: str, version: int, file: str) -> str:
    return f"{user_id}/{agent_id}/versions/{version}/{file}"


def conversation_prefix(user_id: str, agent_id: str, conversation_id: str) -> str:
    return f"{user_id}/{agent_id}/{conversation_id}/"


def transcript_key(user_id: str, agent_id: str, conversation_id: str) -> str:
    return f"{user_id}/{agent_id}/{conversation_id}/transcript.jsonl"


def audio_key(user_id: str, agent_id: str, conversation_id: str) -> str:
    return f"{user_id}/{agent_id}/{conversation_id}/audio.wav"


def archived_document_key(user_id: str, agent_id: str, sha256: str) -> str:
    """A document's bytes by content, in the generated-code bucket: versions that share them share the object, and
    replacing a file never loses what an older version was made of.
    """
    return f"{user_id}/{agent_id}/documents/{sha256}"


def engine_prefix(user_id: str, agent_id: str) -> str:
    """Where a cloud engine keeps its own copies of an agent's documents, in the knowledge bucket: not below the
    agent's prefix, so no one takes them for uploads, and below the tenant's, so the tenant's rules hold for them.
    """
    return f"{user_id}/{agent_id}.knowledge/"


def uploads_prefix(user_id: str) -> str:
    """Files of a tenant's uploads under way, in the bucket of documents; no agent has this id."""
    return f"{user_id}/.uploads/"


def upload_prefix(user_id: str, upload_id: str) -> str:
    return f"{uploads_prefix(user_id)}{upload_id}/"
