"""Checks what an agent process asks of the model: only messages, tools and a system prompt, within bounds."""

from dataclasses import dataclass
from typing import Any, cast

from strands.types.content import Messages
from strands.types.tools import ToolChoice, ToolSpec

MAX_MESSAGES = 1_000
MAX_BLOCKS = 64
MAX_TOOLS = 64
MAX_SYSTEM_PROMPT_CHARS = 200_000
_BLOCKS = frozenset({"text", "toolUse", "toolResult", "reasoningContent"})
_TOOL_SPEC = frozenset({"name", "description", "inputSchema"})


class BadRequest(Exception):
    """The request has a field that is missing, of the wrong type or too large."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    messages: Messages
    tool_specs: list[ToolSpec] | None
    system_prompt: str | None
    tool_choice: ToolChoice | None


def read_model_request(request: dict[str, Any]) -> ModelRequest:
    """The request, or `BadRequest`. Cache points and other blocks are refused: the host decides about those."""
    system_prompt, tool_choice = request.get("systemPrompt"), request.get("toolChoice")
    if system_prompt is not None and (
        not isinstance(system_prompt, str) or len(system_prompt) > MAX_SYSTEM_PROMPT_CHARS
    ):
        raise BadRequest("systemPrompt")
    if tool_choice is not None and not isinstance(tool_choice, dict):
        raise BadRequest("toolChoice")
    return ModelRequest(
        messages=cast(Messages, [_message(entry) for entry in _list(request, "messages", MAX_MESSAGES)]),
        tool_specs=[_tool_spec(entry) for entry in _list(request, "toolSpecs", MAX_TOOLS)] or None,
        system_prompt=system_prompt,
        tool_choice=cast(ToolChoice | None, tool_choice),
    )


def _list(request: dict[str, Any], name: str, limit: int) -> list[Any]:
    value = request.get(name)
    if not isinstance(value, list) or len(value) > limit:
        raise BadRequest(name)
    return value


def _message(entry: object) -> dict[str, Any]:
    if not isinstance(entry, dict) or entry.get("role") not in ("user", "assistant"):
        raise BadRequest("messages")
    blocks = _list(entry, "content", MAX_BLOCKS)
    for block in blocks:
        if not isinstance(block, dict) or not block.keys() <= _BLOCKS:
            raise BadRequest("messages")
    return {"role": entry["role"], "content": blocks}


def _tool_spec(entry: object) -> ToolSpec:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("name", "description")):
        raise BadRequest("toolSpecs")
    if not isinstance(entry.get("inputSchema"), dict):
        raise BadRequest("toolSpecs")
    return cast(ToolSpec, {key: entry[key] for key in _TOOL_SPEC})
