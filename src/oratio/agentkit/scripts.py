"""Scripts in a model's place, for the drills of a rehearsal."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import Any, cast, override

from pydantic import BaseModel
from strands.models import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec

MAX_CALLS = 64
_TEXT = "example"


class _Script(Model):
    """A model without settings and without structured output."""

    @override
    def update_config(self, **model_config: Any) -> None:
        """Nothing to configure."""

    @override
    def get_config(self) -> dict[str, Any]:
        return {}

    @override
    def structured_output[T: BaseModel](
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        raise ValueError("a script has no structured output")


class Failing(_Script):
    """Fails with a text that no one must repeat."""

    def __init__(self, text: str) -> None:
        self._text = text

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[StreamEvent]:
        for event in self._failed():
            yield event

    def _failed(self) -> list[StreamEvent]:
        raise RuntimeError(self._text)


class ToolCaller(_Script):
    """Calls every tool with all its arguments, and once more with only those it demands."""

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[StreamEvent]:
        results = [block["toolResult"] for block in messages[-1]["content"] if "toolResult" in block]
        if results:
            good = sum(result.get("status") == "success" for result in results)
            events = _said(f"{good} of {len(results)} tool calls succeeded.")
        else:
            events = _called(list(_calls(tool_specs or []))[:MAX_CALLS])
        for event in events:
            yield event


def _calls(specs: list[ToolSpec]) -> Iterator[tuple[str, dict[str, Any]]]:
    schemas = {spec["name"]: _schema(spec) for spec in specs}
    full = {name: arguments(schema) for name, schema in schemas.items()}
    yield from full.items()
    for name, schema in schemas.items():
        demanded = {key: value for key, value in full[name].items() if key in schema.get("required", ())}
        if demanded != full[name]:
            yield name, demanded


def _schema(spec: ToolSpec) -> Mapping[str, Any]:
    schema = cast(dict[str, Any], spec["inputSchema"])
    return cast(Mapping[str, Any], schema.get("json", schema))


def arguments(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A value of the right type for each property of an object's JSON schema."""
    properties = schema.get("properties")
    return {name: _value(part) for name, part in properties.items()} if isinstance(properties, dict) else {}


def _value(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return _TEXT
    if schema.get("enum"):
        return schema["enum"][0]
    choices = [part for part in schema.get("anyOf", ()) if isinstance(part, dict) and part.get("type") != "null"]
    if choices:
        return _value(choices[0])
    match schema.get("type"):
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "array":
            return []
        case "object":
            return arguments(schema)
    return _TEXT


def _said(text: str) -> list[StreamEvent]:
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"start": {}}},
        {"contentBlockDelta": {"delta": {"text": text}}},
        {"contentBlockStop": {}},
        {"messageStop": {"stopReason": "end_turn"}},
    ]


def _called(calls: list[tuple[str, dict[str, Any]]]) -> list[StreamEvent]:
    if not calls:
        return _said("There is no tool to call.")
    events: list[StreamEvent] = [{"messageStart": {"role": "assistant"}}]
    for number, (name, values) in enumerate(calls):
        events += [
            {"contentBlockStart": {"start": {"toolUse": {"name": name, "toolUseId": f"drill{number}"}}}},
            {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(values)}}}},
            {"contentBlockStop": {}},
        ]
    return [*events, {"messageStop": {"stopReason": "tool_use"}}]
