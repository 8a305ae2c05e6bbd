"""The `builtin` model: a Strands model without weights that follows the plan by rule and never invents."""

import json
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, TypedDict, cast, override

from pydantic import BaseModel
from strands.models import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec

from oratio.adapters.local.dialogue import transcript
from oratio.adapters.local.dialogue.decide import SEARCH, ToolUse, decide
from oratio.adapters.local.dialogue.evidence import DEFAULT_THRESHOLD
from oratio.adapters.local.dialogue.replies import BuiltinReply
from oratio.adapters.local.dialogue.transcript import ChatHistory
from oratio.agentkit.guidance import guidance_of
from oratio.domain.plan.agent_plan import AgentPlan
from oratio.errors import InvalidInput

MODEL_ID = "builtin"
PROVENANCE_EVENT = "oratioProvenance"
"""Key of one extra event before `messageStop` of a final reply: `{"answered": bool, "passageIds": [str],
"stepIds": [str]}`. The gateway takes it out of the stream; Strands itself would pass over it."""


class BuiltinConfig(TypedDict, total=False):
    """What can be configured: the evidence (0 to 1) wanted before an answer is given."""

    model_id: str
    context_window_limit: int | None
    answer_threshold: float


class BuiltinModel(Model):
    """Answers extractively from what the tools return and follows the SOP's procedures.

    It keeps nothing between calls: the conversation is read from the messages, so one instance serves any number of
    sessions at once.
    """

    def __init__(self, plan: AgentPlan, *, answer_threshold: float | None = None) -> None:
        self._plan = plan
        self._config = BuiltinConfig(
            model_id=MODEL_ID,
            answer_threshold=DEFAULT_THRESHOLD if answer_threshold is None else answer_threshold,
        )

    @override
    def update_config(self, **model_config: Any) -> None:
        """Change `answer_threshold`; raises InvalidInput for any other name."""
        if unknown := sorted(set(model_config) - set(BuiltinConfig.__annotations__)):
            raise InvalidInput(f"the builtin model has no setting {', '.join(unknown)}")
        self._config = cast(BuiltinConfig, {**self._config, **model_config})

    @override
    def get_config(self) -> BuiltinConfig:
        return self._config

    @override
    def structured_output[T: BaseModel](
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        """Rules write no structured output.

        Raises:
            InvalidInput: Always.
        """
        raise InvalidInput(
            "the builtin model cannot fill a structured output", hint="set ORATIO_MODEL to a model that can"
        )

    def _decide(
        self, said: ChatHistory, tools: Mapping[str, Mapping[str, Any]], guidance: Sequence[str]
    ) -> Sequence[ToolUse] | BuiltinReply:
        """What to do next. Guidance is words to search with; where the caller's own words find no answer, it says what
        they are about. It is never said.
        """
        threshold = self._config["answer_threshold"]
        decision = decide(self._plan, said, tools, threshold)
        hints = " ".join(guidance)
        if not hints:
            return decision
        if not isinstance(decision, BuiltinReply):
            return [_searching(call, hints) for call in decision]
        if not decision.answered:
            meant = decide(self._plan, said._replace(prompt=f"{said.prompt} {hints}"), tools, threshold)
            if isinstance(meant, BuiltinReply) and meant.passage_ids:
                return meant
        return decision

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[StreamEvent]:
        """The next tool calls, or the reply, as Strands events; of `system_prompt` only an operator's guidance counts,
        the plan says the rest.
        """
        tools = {spec["name"]: _parameters(spec) for spec in tool_specs or []}
        decision = self._decide(transcript.read(messages), tools, guidance_of(system_prompt or ""))
        yield {"messageStart": {"role": "assistant"}}
        if isinstance(decision, BuiltinReply):
            for event in _reply_events(decision):
                yield event
        else:
            for call in decision:
                for event in _call_events(call):
                    yield event
        yield {"messageStop": {"stopReason": "end_turn" if isinstance(decision, BuiltinReply) else "tool_use"}}
        yield {
            "metadata": {
                "usage": {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
                "metrics": {"latencyMs": 0},
            }
        }


def _searching(call: ToolUse, hints: str) -> ToolUse:
    """The call, with the hints among the words to search with."""
    return (
        ToolUse(call.name, {**call.input, "query": f"{call.input['query']} {hints}"}) if call.name == SEARCH else call
    )


def _parameters(spec: ToolSpec) -> Mapping[str, Any]:
    """The JSON schemas of a tool's parameters by name."""
    schema: Any = spec.get("inputSchema") or {}
    schema = schema.get("json", schema)
    return schema.get("properties") or {}


def _call_events(call: ToolUse) -> list[StreamEvent]:
    tool_use_id = f"tooluse_{uuid.uuid4().hex[:24]}"
    return [
        {"contentBlockStart": {"start": {"toolUse": {"name": call.name, "toolUseId": tool_use_id}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(call.input)}}}},
        {"contentBlockStop": {}},
    ]


def _reply_events(reply: BuiltinReply) -> list[StreamEvent]:
    provenance: Mapping[str, Any] = {
        PROVENANCE_EVENT: {
            "answered": reply.answered,
            "passageIds": list(reply.passage_ids),
            "stepIds": list(reply.step_ids),
        }
    }
    return [
        {"contentBlockStart": {"start": {}}},
        *[cast(StreamEvent, {"contentBlockDelta": {"delta": {"text": piece}}}) for piece in _pieces(reply.text)],
        {"contentBlockStop": {}},
        cast(StreamEvent, provenance),
    ]


def _pieces(text: str) -> list[str]:
    """A reply in sentences, so that a voice can begin with the first."""
    pieces: list[str] = []
    for word in text.split(" "):
        if pieces and not pieces[-1].rstrip().endswith((".", "!", "?")):
            pieces[-1] += f" {word}"
        else:
            pieces.append(f" {word}" if pieces else word)
    return pieces
