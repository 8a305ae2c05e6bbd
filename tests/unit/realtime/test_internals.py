"""Canaries for private names of Strands, Smithy and botocore.

A canary that fails: the library changed the name. Read its source, adapt the one `*_internals.py` of
`oratio.speech.realtime` that knows it, and run `tests/unit/realtime/test_nova_sonic.py`.
"""

import asyncio
import inspect
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest
from awscrt import io as crt_io
from botocore.credentials import Credentials, RefreshableCredentials
from smithy_http.aio import crt
from strands.bidi.models import bedrock
from strands.bidi.models.bedrock import BedrockNovaSonicModel

from oratio.speech.realtime.botocore_internals import expiry_of
from oratio.speech.realtime.smithy_internals import NetworkThread, SharedTransport
from oratio.speech.realtime.strands_internals import BedrockHttpClient, NovaSonicConnection, ResponseState


class _Session:
    region_name = "us-east-1"


class _Input:
    """The sending end of a stream."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed = False

    async def send(self, chunk: Any) -> None:
        self.sent.append(json.loads(chunk.value.bytes_)["event"])

    async def close(self) -> None:
        self.closed = True


class _Client:
    """A client of Bedrock with one stream."""

    def __init__(self) -> None:
        self.input_stream = _Input()

    async def invoke_model_with_bidirectional_stream(self, request: Any) -> "_Client":
        assert request.model_id == "amazon.nova-2-sonic-v1:0"
        return self

    async def await_output(self) -> tuple[None, str]:
        return None, "output"

    @property
    def kinds(self) -> list[str]:
        return [kind for event in self.input_stream.sent for kind in event]


@pytest.fixture
async def opened() -> tuple[NovaSonicConnection, _Client]:
    connection = NovaSonicConnection(
        boto_session=cast(boto3.Session, _Session()), model_id="amazon.nova-2-sonic-v1:0", voice="tiffany"
    )
    client = _Client()
    await connection.open(cast(Any, client), "Be brief.", [])
    return connection, client


class TestStrands:
    def test_bedrock_http_client(self) -> None:
        """Gone: the workaround for CRT writers may be in Smithy itself; then build on `AWSCRTHTTPClient`."""
        assert BedrockHttpClient is bedrock._BedrockAWSCRTHTTPClient
        assert issubclass(BedrockHttpClient, crt.AWSCRTHTTPClient)

    def test_response_state(self) -> None:
        """Changed: see what the converter keeps between events."""
        state = ResponseState(connection_id="c", idle=asyncio.Event())
        assert (state.response_id, state.generation_stage) == (None, None)

    def test_config(self) -> None:
        """Gone: `get_config()` is the public way."""
        connection = NovaSonicConnection(boto_session=cast(boto3.Session, _Session()), model_id="m")
        assert connection.model_id == "m"

    async def test_build_initialization_events_and_send_nova_events(
        self, opened: tuple[NovaSonicConnection, _Client]
    ) -> None:
        """Changed: what comes before history must still be session, prompt and system prompt."""
        _, client = opened
        expected = ["sessionStart", "promptStart", "contentStart", "textInput", "contentEnd"]
        assert client.kinds == expected

    async def test_connection_id_is_the_prompts_name(self, opened: tuple[NovaSonicConnection, _Client]) -> None:
        """Changed: every event must name the prompt that `promptStart` named."""
        connection, client = opened
        assert client.input_stream.sent[1]["promptStart"]["promptName"] == connection.connection_id

    async def test_get_message_history_events(self, opened: tuple[NovaSonicConnection, _Client]) -> None:
        """Changed: history must go as text that asks for no answer."""
        connection, client = opened
        before = len(client.kinds)
        await connection.send_history([{"role": "user", "content": [{"text": "Hello."}]}])
        start, text, end = client.input_stream.sent[before:]
        assert start["contentStart"]["interactive"] is False
        assert text["textInput"]["content"] == "Hello."
        assert "contentEnd" in end

    async def test_client_and_stream_are_the_ones_given(self, opened: tuple[NovaSonicConnection, _Client]) -> None:
        """Changed: the base class reads its stream and its client from other attributes."""
        connection, client = opened
        assert cast(Any, connection.client) is client
        output, state = await connection.output()
        assert output == "output"
        assert state.connection_id == connection.connection_id
        assert "_stream.input_stream" in inspect.getsource(BedrockNovaSonicModel._send_nova_events)

    async def test_response_idle_is_what_a_response_sets(self, opened: tuple[NovaSonicConnection, _Client]) -> None:
        """Changed: tool results after a renewal wait on another event."""
        connection, _ = opened
        _, state = await connection.output()
        assert "_response_idle" in inspect.getsource(BedrockNovaSonicModel)
        connection.convert({"contentStart": {"type": "AUDIO", "role": "ASSISTANT", "contentId": "a"}}, state)
        connection.convert({"contentEnd": {"type": "AUDIO", "stopReason": "END_TURN"}}, state)
        assert state.idle.is_set()

    async def test_convert_nova_event_is_the_one_converter(self, opened: tuple[NovaSonicConnection, _Client]) -> None:
        """Changed: `convert` must be asked wherever Strands converts."""
        connection, _ = opened
        _, state = await connection.output()
        events = connection.convert({"contentEnd": {"type": "TEXT", "stopReason": "INTERRUPTED"}}, state)
        assert [event["type"] for event in events] == ["bidi_barge_in"]
        assert "self._convert_nova_event(" in inspect.getsource(BedrockNovaSonicModel.receive)

    async def test_complete_response_ends_what_is_open(self, opened: tuple[NovaSonicConnection, _Client]) -> None:
        """Changed: a tool call must end the reply before it."""
        connection, _ = opened
        _, state = await connection.output()
        state.response_id = "r"
        assert [event["type"] for event in connection.complete(state)] == ["bidi_response_stop"]
        assert state.response_id is None

    async def test_the_goodbye_is_prompt_end_and_session_end(self, opened: tuple[NovaSonicConnection, _Client]) -> None:
        """Changed: `_end_audio_input`, `_get_prompt_end_event` or `_get_connection_end_event` has another name."""
        connection, client = opened
        before = len(client.kinds)
        await connection.say_goodbye()
        assert client.kinds[before:] == ["promptEnd", "sessionEnd"]
        assert client.input_stream.closed
        for name in ("_end_audio_input", "_get_prompt_end_event", "_get_connection_end_event"):
            assert f"self.{name}()" in inspect.getsource(BedrockNovaSonicModel.stop)


class TestSmithy:
    def test_network_thread_has_a_bootstrap(self) -> None:
        """Gone: see what `AWSCRTHTTPClient` takes as `eventloop`."""
        assert NetworkThread is crt._AWSCRTEventLoop
        assert NetworkThread().bootstrap is not None

    def test_shared_transport_sets_what_the_client_sets(self) -> None:
        """Changed: set in `SharedTransport.__init__` what `AWSCRTHTTPClient.__init__` sets."""
        thread = NetworkThread()
        shared = SharedTransport(thread, crt_io.ClientTlsContext(crt_io.TlsContextOptions()))
        assert vars(shared).keys() == vars(crt.AWSCRTHTTPClient(thread)).keys()


class TestBotocore:
    def test_expiry_time_of_refreshable_credentials(self) -> None:
        """Gone: find when `RefreshableCredentials` refreshes; without it a connection outlives its credentials."""
        ends = datetime.now(UTC) + timedelta(hours=1)
        refreshable = RefreshableCredentials(
            "key",
            "secret",
            "token",
            ends,
            refresh_using=lambda: {},
            method="sts",
            time_fetcher=lambda: datetime.now(UTC),
        )
        assert expiry_of(refreshable) == ends
        assert expiry_of(Credentials("key", "secret")) is None
