"""The `<file>.metadata.json` next to each document: how the descriptions reach the knowledge base.

The long form of Bedrock's metadata files, which both kinds of its knowledge bases read, and the local one too.
"""

import json
from collections.abc import Sequence

MAX_VALUE_CHARS = 2_048
MAX_DESCRIPTION_BYTES = 8_000  # a sidecar may hold 10 KB
_CUT = "…"


def sidecar(user_id: str, agent_id: str, path: str, descriptions: Sequence[str]) -> bytes:
    """The sidecar of one document.

    Args:
        path: Relative to the folder.
        descriptions: The texts that speak of the file, nearest first (`oratio.domain.knowledge.descriptions.chain`).

    Returns:
        UTF-8 JSON. Only the description is marked for embedding; the rest is for filters. A value longer than
        Bedrock takes is cut at its end, so the nearest descriptions stay.
    """
    folder = path.rpartition("/")[0]
    attributes = {"path": _attribute(path), "agentId": _attribute(agent_id), "userId": _attribute(user_id)}
    if folder:
        attributes["folder"] = _attribute(folder)
    if description := "\n".join(filter(None, (text.strip() for text in descriptions))):
        attributes["description"] = _attribute(description, embed=True)
    return json.dumps({"metadataAttributes": attributes}, ensure_ascii=False, sort_keys=True).encode()


def description_of(data: bytes) -> str:
    """The description a sidecar carries; `""` where it carries none or is not one."""
    try:
        text = json.loads(data)["metadataAttributes"]["description"]["value"]["stringValue"]
    except (ValueError, KeyError, TypeError):
        return ""
    return text if isinstance(text, str) else ""


def _attribute(text: str, *, embed: bool = False) -> dict[str, object]:
    return {"value": {"type": "STRING", "stringValue": _clamped(text)}, "includeForEmbedding": embed}


def _clamped(text: str) -> str:
    if len(text) <= MAX_VALUE_CHARS and len(text.encode()) <= MAX_DESCRIPTION_BYTES:
        return text
    cut = text[: MAX_VALUE_CHARS - len(_CUT)].encode()[: MAX_DESCRIPTION_BYTES - len(_CUT.encode())]
    return cut.decode(errors="ignore") + _CUT
