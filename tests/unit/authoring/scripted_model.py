"""A Strands model that says what it is told to, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Any

from strands.models import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent

type Answer = dict[str, Any] | str | Exception | None
"""Input of the structured output tool, or words, or what is raised; None never answers."""

TOKENS = 100


class ScriptedAuthor(Model):
    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def update_config(self, **model_config: Any) -> None:
        raise AssertionError("nobody configures a script")

    def get_config(self) -> dict[str, Any]:
        return {}

    def structured_output(
        self, output_model: Any, prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        raise AssertionError("the agent asks by tool")

    async def stream(self, messages: Messages, *args: Any, **kwargs: Any) -> AsyncIterable[StreamEvent]:
        self.asked.append(json.dumps(messages))
        answer = self._answers.pop(0) if self._answers else "I have nothing more to say."
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        for event in converse_events(answer or {}):
            yield event


def converse_events(answer: dict[str, Any] | str) -> list[Any]:
    """Events in the shape of Bedrock's Converse stream: a tool use for a dict, text for a string."""
    if isinstance(answer, str):
        start: dict[str, Any] = {}
        delta: dict[str, Any] = {"text": answer}
    else:
        start = {"toolUse": {"toolUseId": "t1", "name": "Improvements"}}
        delta = {"toolUse": {"input": json.dumps(answer)}}
    return [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"contentBlockIndex": 0, "start": start}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": delta}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn" if isinstance(answer, str) else "tool_use"}},
        {
            "metadata": {
                "usage": {"inputTokens": TOKENS, "outputTokens": 0, "totalTokens": TOKENS},
                "metrics": {"latencyMs": 1},
            }
        },
    ]
