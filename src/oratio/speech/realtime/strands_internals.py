"""Private names of Strands' Nova Sonic model under names of our own, the only file that uses them.

Strands is pinned; each name has a canary in `tests/unit/speech_to_speech/test_internals.py`. Its class opens its own
connection with credentials, endpoint and TLS context of its own, and has no public step in between.
"""

import json
import uuid
from typing import Any, cast

from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient, InvokeModelWithBidirectionalStreamOperationInput
from strands.bidi.models.bedrock import BedrockNovaSonicModel
from strands.bidi.models.bedrock import _BedrockAWSCRTHTTPClient as BedrockHttpClient
from strands.bidi.models.bedrock import _ResponseState as ResponseState
from strands.bidi.types.events import BidiOutputEvent
from strands.types.content import Messages
from strands.types.tools import ToolSpec

__all__ = ["BedrockHttpClient", "NovaSonicConnection", "ResponseState"]


class NovaSonicConnection(BedrockNovaSonicModel):
    """One connection of Strands' model, step by step."""

    @property
    def model_id(self) -> str:
        return self._config["model_id"]

    @property
    def client(self) -> AsyncBedrockRuntimeClient | None:
        """The client that `open` was given; None before."""
        return getattr(self, "_client", None)

    @property
    def connection_id(self) -> str:
        """The id in every event of the connection, which is open."""
        return cast(str, self._connection_id)

    async def open(self, client: AsyncBedrockRuntimeClient, system_prompt: str, tools: list[ToolSpec]) -> None:
        """Open the stream with this client and send all that comes before history."""
        self._client = client
        self._connection_id = str(uuid.uuid4())
        self._stream = await client.invoke_model_with_bidirectional_stream(
            InvokeModelWithBidirectionalStreamOperationInput(model_id=self.model_id)
        )
        await self._send_nova_events(self._build_initialization_events(system_prompt, tools, None))

    async def send_history(self, messages: Messages) -> None:
        await self._send_nova_events(self._get_message_history_events(messages))

    async def output(self) -> tuple[Any, ResponseState]:
        """Return the receiver of the model's events and the state in which they are converted."""
        _, output = await self._stream.await_output()
        return output, ResponseState(connection_id=self.connection_id, idle=self._response_idle)

    def convert(self, event: dict[str, Any], state: ResponseState) -> list[BidiOutputEvent]:
        """Return Strands' events for one of the model's; to be refined."""
        return super()._convert_nova_event(event, state)

    def complete(self, state: ResponseState) -> list[BidiOutputEvent]:
        """Return the events that end the open response."""
        return self._complete_response(state)

    async def say_goodbye(self) -> None:
        """End audio, prompt and session, then the stream; nothing where none was opened."""
        stream = getattr(self, "_stream", None)
        if stream is None:
            return
        await self._end_audio_input()
        await self._send_nova_events([self._get_prompt_end_event(), self._get_connection_end_event()])
        await stream.input_stream.close()

    def forget(self) -> None:
        """Let go of the connection's id, so that the model may be started again."""
        self._connection_id = None

    def _convert_nova_event(self, nova_event: dict[str, Any], response_state: ResponseState) -> list[BidiOutputEvent]:
        return self.convert(nova_event, response_state)

    def _get_connection_end_event(self) -> str:
        # Bedrock's documentation has `sessionEnd`; Strands sends `connectionEnd`.
        return json.dumps({"event": {"sessionEnd": {}}})
