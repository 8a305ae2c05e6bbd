"""A Strands model whose thinking happens on the host."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel
from strands.event_loop.streaming import process_stream
from strands.models import Model
from strands.tools import convert_pydantic_to_tool_spec
from strands.types.content import Messages
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec

from oratio.agentkit.platform.connections import ConnectionFailed
from oratio.agentkit.platform.framing import BadFrame, encode, read_frame
from oratio.agentkit.turn import TurnRecorder, trace

if TYPE_CHECKING:
    from oratio.agentkit.platform.gateway import Gateway

T = TypeVar("T", bound=BaseModel)
PROVENANCE = "oratioProvenance"
CONTEXT_WINDOW_TOKENS = 200_000


class GatewayModel(Model):
    """Forwards each request to the gateway's `model` operation and yields the events that come back.

    The one event that is not Strands's, `{"oratioProvenance": {answered, passageIds, stepIds}}`, goes to the turn's
    recorder instead.
    """

    def __init__(self, gateway: "Gateway", turn: TurnRecorder) -> None:
        self._gateway = gateway
        self._turn = turn
        self._config: dict[str, Any] = {"context_window_limit": CONTEXT_WINDOW_TOKENS}

    def update_config(self, **model_config: Any) -> None:
        self._config.update(model_config)

    def get_config(self) -> dict[str, Any]:
        return self._config

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[StreamEvent]:
        request = {
            "op": "model",
            "messages": messages,
            "toolSpecs": tool_specs or [],
            "systemPrompt": system_prompt,
            "toolChoice": tool_choice,
            "trace": trace.get(),
        }
        reader, writer = await self._gateway.open()
        try:
            writer.write(encode(request))
            await writer.drain()
            async for event in _events(reader):
                if PROVENANCE in event:
                    self._turn.note_provenance(event[PROVENANCE])
                else:
                    yield cast(StreamEvent, event)
        finally:
            writer.close()

    async def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        spec = convert_pydantic_to_tool_spec(output_model)
        chosen = cast(ToolChoice, {"tool": {"name": spec["name"]}})
        events = self.stream(prompt, [spec], system_prompt, tool_choice=chosen, **kwargs)
        stopped: Any = None
        async for event in process_stream(events):
            yield cast(dict[str, Any], event)
            stopped = event.get("stop", stopped)
        message = stopped[1] if stopped else {"content": []}
        for block in message["content"]:
            if "toolUse" in block and block["toolUse"]["name"] == spec["name"]:
                yield {"output": output_model(**block["toolUse"]["input"])}
                return
        raise ValueError("the model returned no structured output")


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    """The events of one answer, up to its end frame.

    Raises:
        ModelThrottledException: The model is over its limits; Strands retries.
        ContextWindowOverflowException: The conversation is too long; Strands shortens it.
        ConnectionFailed: Anything else that went wrong at the host.
    """
    while True:
        try:
            frame = await read_frame(reader)
        except BadFrame:
            raise ConnectionFailed("unavailable") from None
        if frame is None:
            raise ConnectionFailed("unavailable")
        if "event" in frame:
            yield frame["event"]
        elif frame.get("end"):
            return
        else:
            code = str(frame.get("error", "unavailable"))
            if code == "throttled":
                raise ModelThrottledException("the model is over its limits")
            if code == "context_overflow":
                raise ContextWindowOverflowException("the conversation is too long for the model")
            raise ConnectionFailed(code)
