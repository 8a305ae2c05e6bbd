"""Converse and ConverseStream: a brain thinks in Strands' events, this says them as Bedrock does."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oratio.adapters.local.builtin_model import BuiltinModel
from oratio.domain.plan.agent_plan import AgentPlan
from tests.fakes.aws.model import AwsError
from tests.fakes.aws.state import CloudState

type Events = Iterable[Mapping[str, Any]]
type Brain = Callable[[list[Any], str, list[Any]], Events]
"""Messages, system prompt and tool specifications in; what the model says out."""

_OURS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")


class ConverseFake:
    """The operations of bedrock-runtime by their names.

    Attributes:
        brain: What answers; set another to script it.
        missing: Models this account has no access to.
    """

    def __init__(self, world: CloudState, brain: Brain) -> None:
        self._world = world
        self.brain = brain
        self.missing: set[str] = set()

    def converse_stream(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"stream": self._events(params)}

    def converse(self, params: dict[str, Any]) -> dict[str, Any]:
        blocks: dict[int, dict[str, Any]] = {}
        stop, usage = "end_turn", {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
        for event in self._events(params):
            ((name, value),) = event.items()
            if name == "contentBlockStart":
                blocks[value["contentBlockIndex"]] = {"toolUse": {**value["start"]["toolUse"], "input": ""}}
            elif name == "contentBlockDelta":
                block, delta = blocks.setdefault(value["contentBlockIndex"], {"text": ""}), value["delta"]
                if "text" in delta:
                    block["text"] += delta["text"]
                else:
                    block["toolUse"]["input"] += delta["toolUse"]["input"]
            elif name == "messageStop":
                stop = value["stopReason"]
            elif name == "metadata":
                usage = value["usage"]
        for block in blocks.values():
            if "toolUse" in block:
                block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
        message = {"role": "assistant", "content": [blocks[index] for index in sorted(blocks)]}
        return {"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 1}}

    def _events(self, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What the model says, each event as Bedrock's model of it has it."""
        if params["modelId"] in self.missing:
            raise AwsError("AccessDeniedException", "You don't have access to the model with the specified model ID.")
        system = "\n".join(part["text"] for part in params.get("system", ()) if "text" in part)
        tools = [tool["toolSpec"] for tool in params.get("toolConfig", {}).get("tools", ()) if "toolSpec" in tool]
        return self._said(list(self.brain(params.get("messages", []), system, tools)))

    @staticmethod
    def _said(events: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        index = 0
        for event in events:
            ((name, value),) = event.items()
            if name not in _OURS or (name == "contentBlockStart" and not value.get("start")):
                continue
            if name.startswith("contentBlock"):
                value = {**value, "contentBlockIndex": index}
            yield {name: value}
            index += name == "contentBlockStop"
        if not any("metadata" in event for event in events):
            usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
            yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}}


class BuiltinBrain:
    """Answers as the builtin model does, by the plan whose prompt it is given; and improves no draft.

    Args:
        folders: Where packages lie unzipped.
    """

    def __init__(self, folders: Callable[[], Path]) -> None:
        self._folders = folders

    def __call__(self, messages: list[Any], system: str, tools: list[Any]) -> Events:
        if any(tool["name"] == "Improvements" for tool in tools):
            return tool_call("Improvements", {})
        plan = self._plan(system)
        if plan is None:
            return text("I have no plan to follow.")
        return asyncio.run(_thought(BuiltinModel(plan), messages, system, tools))

    def _plan(self, system: str) -> AgentPlan | None:
        for prompt in self._folders().glob("*/*/prompt.md"):
            if system.startswith(prompt.read_text().strip()):
                return AgentPlan.model_validate_json(prompt.with_name("plan.json").read_bytes())
        return None


async def _thought(model: BuiltinModel, messages: list[Any], system: str, tools: list[Any]) -> list[Mapping[str, Any]]:
    return [dict(event) async for event in model.stream(messages, tools, system)]


def text(words: str) -> list[dict[str, Any]]:
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": words}}},
        {"contentBlockStop": {}},
        {"messageStop": {"stopReason": "end_turn"}},
    ]


def tool_call(name: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"start": {"toolUse": {"name": name, "toolUseId": "tooluse_fake"}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(arguments)}}}},
        {"contentBlockStop": {}},
        {"messageStop": {"stopReason": "tool_use"}},
    ]
