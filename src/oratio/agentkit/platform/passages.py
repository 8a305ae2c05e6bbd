"""Bedrock's Retrieve as plain values: the request for one version's documents, and the passages in the answer."""

import re
from collections.abc import Mapping
from typing import Any

from oratio.agentkit.platform.connections import FoundPassage

MANAGED = "MANAGED"
MAX_QUERY_CHARS = 2_000
MAX_EXCERPT_CHARS = 400
VERSION_KEY = "version"
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s+|\n+")
_WORD = re.compile(r"\w{3,}")


def version_value(version: int) -> str:
    """How a version is in the metadata of its documents; text, as every store compares text."""
    return f"{version:06d}"


def retrieve_request(engine_id: str, kind: str, query: str, *, version: int, limit: int) -> dict[str, Any]:
    """The parameters of Retrieve. The kind decides the key: the wrong one is a ValidationException."""
    search: dict[str, Any] = {
        "numberOfResults": limit,
        "filter": {"equals": {"key": VERSION_KEY, "value": version_value(version)}},
    }
    if kind == MANAGED:
        configuration = {"managedSearchConfiguration": search}
    else:
        configuration = {"vectorSearchConfiguration": search | {"overrideSearchType": "SEMANTIC"}}
    return {
        "knowledgeBaseId": engine_id,
        "retrievalQuery": {"text": query[:MAX_QUERY_CHARS]},
        "retrievalConfiguration": configuration,
    }


def found_passages(answer: Mapping[str, Any], query: str) -> list[FoundPassage]:
    """The passages of an answer, best first, each once; results that hold no text are left out."""
    found: dict[str, FoundPassage] = {}
    for result in answer.get("retrievalResults", ()):
        text = str(result.get("content", {}).get("text") or "").strip()
        metadata: Mapping[str, Any] = result.get("metadata") or {}
        uri = str(result.get("location", {}).get("s3Location", {}).get("uri") or "")
        path = str(metadata.get("path") or uri.rpartition("/")[2])
        if not text or not path:
            continue
        chunk = str(metadata.get("x-amz-bedrock-kb-chunk-id") or text[:80])
        page = metadata.get("x-amz-bedrock-kb-document-page-number")
        passage = FoundPassage(
            id=f"{path}#{chunk}",
            path=path,
            page=int(page) if isinstance(page, int | float) and page >= 1 else None,
            heading=None,
            text=text,
            excerpt=excerpt(text, query),
            score=round(min(1.0, max(0.0, float(result.get("score") or 0.0))), 4),
            similarity=None,
        )
        found.setdefault(passage["id"], passage)
    return sorted(found.values(), key=lambda passage: -passage["score"])


def excerpt(text: str, query: str) -> str:
    """The run of sentences with most of the question's words, verbatim, at most `MAX_EXCERPT_CHARS`."""
    if len(text) <= MAX_EXCERPT_CHARS:
        return text
    wanted = {word.casefold() for word in _WORD.findall(query)}
    starts = [0, *(found.end() for found in _SENTENCE.finditer(text))]
    windows = [text[start : start + MAX_EXCERPT_CHARS] for start in starts if start < len(text)]
    best = max(windows, key=lambda window: len(wanted & {word.casefold() for word in _WORD.findall(window)}))
    if len(best) < MAX_EXCERPT_CHARS:
        return best.strip()
    ends = [found.start() for found in _SENTENCE.finditer(best)]
    cut = ends[-1] if ends and ends[-1] > MAX_EXCERPT_CHARS // 2 else best.rfind(" ")
    return best[: cut if cut > 0 else MAX_EXCERPT_CHARS].strip()
