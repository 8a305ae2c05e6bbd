"""Amazon Nova Sonic through Strands' bidirectional Bedrock model, made fit for calls.

What it does otherwise than Strands' class, whose steps are in `strands_internals`: connections share one network thread
and one TLS context; the endpoint is botocore's, so that `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` and `AWS_CA_BUNDLE` hold; a
stream that ends cleanly counts as lost; both forms of interruption are heard; the words really spoken are given out; a
hang-up waits for no one.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import botocore.session
from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig
from aws_sdk_bedrock_runtime.models import ModelTimeoutException, ValidationException
from awscrt import io as crt_io
from smithy_aws_core.identity import AWSCredentialsIdentity, AWSIdentityProperties
from smithy_core.aio.interfaces.identity import IdentityResolver
from strands.bidi.models.model import ConnectionTimeoutError
from strands.bidi.types.events import BidiConnectionStartEvent, BidiOutputEvent, BidiUsageEvent
from strands.types.content import Messages
from strands.types.tools import ToolSpec

from oratio.errors import Unavailable
from oratio.speech.realtime.botocore_internals import expiry_of
from oratio.speech.realtime.smithy_internals import NetworkThread, SharedTransport
from oratio.speech.realtime.strands_internals import NovaSonicConnection, ResponseState
from oratio.speech.realtime.translation import FINAL_TEXT, PIECE

DEFAULT_MODEL = "amazon.nova-2-sonic-v1:0"
LIMIT_S = 480.0
"""Bedrock ends a stream after 8 minutes."""

_CREDENTIALS_LEFT_S = 60.0
_GOODBYE_S = 0.5
_QUIET_ERROR = "InternalErrorCode=531"
_INTERRUPTED_MARKER = {"interrupted": True}


class _Frozen(IdentityResolver[AWSCredentialsIdentity, AWSIdentityProperties]):
    """The credentials a connection began with: its frames are signed with them to its end."""

    def __init__(self, identity: AWSCredentialsIdentity) -> None:
        self._identity = identity

    async def get_identity(self, *, properties: AWSIdentityProperties) -> AWSCredentialsIdentity:
        return self._identity


class NovaAccess:
    """How to reach Bedrock: one a process.

    Args:
        region: None takes the AWS configuration's, or us-east-1.
    """

    def __init__(self, region: str | None) -> None:
        self._wanted_region = region
        self._lock = asyncio.Lock()
        self._session: boto3.Session | None = None
        self._loop: NetworkThread | None = None
        self._tls: crt_io.ClientTlsContext | None = None
        self._config: AsyncBedrockRuntimeConfig | None = None

    def _prepare(self) -> tuple[str, str]:
        """Endpoint and region; blocks for as long as botocore loads its data."""
        settings = botocore.session.get_session()
        session = self._session = boto3.Session(botocore_session=settings)
        region = self._wanted_region or session.region_name or "us-east-1"
        endpoint = session.client("bedrock-runtime", region_name=region).meta.endpoint_url
        bundle = settings.get_config_variable("ca_bundle")
        options = crt_io.TlsContextOptions()
        if bundle:
            options.override_default_trust_store_from_path(None, bundle)
        self._loop = NetworkThread()
        self._tls = crt_io.ClientTlsContext(options)
        return endpoint, region

    async def client(self) -> tuple[AsyncBedrockRuntimeClient, float | None]:
        """A client for one connection, and the loop time up to which its credentials hold (None: for ever).

        Raises:
            Unavailable: There are no credentials, or they cannot be had.
        """
        async with self._lock:
            if self._config is None:
                try:
                    endpoint, region = await asyncio.to_thread(self._prepare)
                except Exception as error:
                    hint = "check the AWS region and AWS_CA_BUNDLE"
                    raise Unavailable(f"AWS cannot be set up ({error})", hint=hint) from error
                self._config = await AsyncBedrockRuntimeConfig.resolve(
                    endpoint_uri=endpoint, region=region, transport=self._transport(), user_agent_extra="oratio"
                )
        identity, good_for_s = await asyncio.to_thread(self._credentials)
        config = copy(self._config)
        config.transport = self._transport()
        config.aws_credentials_identity_resolver = _Frozen(identity)
        client = AsyncBedrockRuntimeClient(config=config)
        until = None if good_for_s is None else asyncio.get_running_loop().time() + good_for_s - _CREDENTIALS_LEFT_S
        return client, until

    def _transport(self) -> SharedTransport:
        assert self._loop is not None
        assert self._tls is not None
        return SharedTransport(self._loop, self._tls)

    def _credentials(self) -> tuple[AWSCredentialsIdentity, float | None]:
        """Keys, and for how many seconds they hold; may ask a metadata service or STS."""
        assert self._session is not None
        try:
            found = self._session.get_credentials()
            frozen = found.get_frozen_credentials() if found is not None else None
        except Exception as error:
            raise Unavailable(f"AWS credentials cannot be had ({error})", hint="check the AWS configuration") from error
        if found is None or frozen is None or not frozen.access_key or not frozen.secret_key:
            hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role"
            raise Unavailable("there are no AWS credentials for Nova Sonic", hint=hint)
        ends = expiry_of(found)
        left = None if ends is None else (ends - datetime.now(UTC)).total_seconds()
        identity = AWSCredentialsIdentity(
            access_key_id=frozen.access_key, secret_access_key=frozen.secret_key, session_token=frozen.token
        )
        return identity, left


class NovaSonic(NovaSonicConnection):
    """One connection."""

    def __init__(self, access: NovaAccess, *, model_id: str, voice: str, endpointing: str) -> None:
        # The region of the base class names an endpoint that is never used; ours is `access`'s.
        super().__init__(
            boto_session=cast(boto3.Session, _NoSession()),
            model_id=model_id,
            voice=voice,
            audio={"input": {"sample_rate": 16_000}, "output": {"sample_rate": 24_000}},
            params={"turnDetectionConfiguration": {"endpointingSensitivity": endpointing}},
        )
        self._access = access
        self.good_until_s: float | None = None
        self._totals = (0, 0)

    async def connect(self, system_prompt: str, tools: list[ToolSpec]) -> None:
        client, self.good_until_s = await self._access.client()
        await self.open(client, system_prompt, tools)

    async def prime(self, messages: Messages) -> None:
        """History may be given once, before any audio."""
        if messages:
            await self.send_history(messages)

    async def start(
        self,
        system_prompt: str | None = None,
        tools: list[ToolSpec] | None = None,
        messages: Messages | None = None,
        **_kwargs: Any,
    ) -> None:
        await self.connect(system_prompt or "", tools or [])
        await self.prime(messages or [])

    async def receive(self) -> AsyncGenerator[BidiOutputEvent, None]:
        """As the base class's, but a stream that ends while no one hung up is a connection lost."""
        output, state = await self.output()
        yield BidiConnectionStartEvent(connection_id=self.connection_id, model=self.model_id)
        while True:
            try:
                event = await output.receive()
            except ModelTimeoutException as error:
                raise ConnectionTimeoutError("the model's time is over") from error
            except ValidationException as error:
                if _QUIET_ERROR in (error.message or ""):
                    raise ConnectionTimeoutError("the model heard nothing for too long") from error
                raise
            if event is None:
                return
            for converted in self.convert(json.loads(event.value.bytes_)["event"], state):
                yield converted

    def convert(self, event: dict[str, Any], state: ResponseState) -> list[BidiOutputEvent]:
        match event:
            case {"contentStart": {"type": "TEXT", "role": "ASSISTANT"} as start} if _stage(start) != "FINAL":
                # Text that tells no stage is what is being said.
                staged = {**start, "additionalModelFields": '{"generationStage":"SPECULATIVE"}'}
                events = super().convert({"contentStart": staged}, state)
                return [*events, cast(BidiOutputEvent, {"type": PIECE})]
            case {"textOutput": {"role": "ASSISTANT", "content": text}} if _is_marker(text):
                return self._interrupted(state)
            case {"textOutput": {"role": "ASSISTANT", "content": text}} if state.generation_stage == "FINAL":
                return [cast(BidiOutputEvent, {"type": FINAL_TEXT, "text": text})]
            case {"contentEnd": {"type": "AUDIO", "stopReason": "INTERRUPTED"}}:
                return self._interrupted(state)
            case {"contentEnd": {"type": "TOOL", "stopReason": "TOOL_USE"}}:
                # What is said after the result is another reply.
                return self.complete(state) if state.response_id is not None else []
            case {"usageEvent": usage}:
                return self._usage(usage)
        return super().convert(event, state)

    def _interrupted(self, state: ResponseState) -> list[BidiOutputEvent]:
        """The same as the form the base class knows: text that ends INTERRUPTED."""
        return super().convert({"contentEnd": {"type": "TEXT", "stopReason": "INTERRUPTED"}}, state)

    def _usage(self, usage: Mapping[str, Any]) -> list[BidiOutputEvent]:
        """Tokens since the last event; of speech and text apart when the event tells them."""
        delta = (usage.get("details") or {}).get("delta")
        if delta:
            given, taken = delta.get("input") or {}, delta.get("output") or {}
            heard, read = given.get("speechTokens", 0), given.get("textTokens", 0)
            said, wrote = taken.get("speechTokens", 0), taken.get("textTokens", 0)
        else:
            totals = usage.get("totalInputTokens", 0), usage.get("totalOutputTokens", 0)
            heard = said = 0
            read, wrote = (max(0, now - before) for now, before in zip(totals, self._totals, strict=True))
            self._totals = totals
        if not heard + read + said + wrote:
            return []
        return [
            BidiUsageEvent(
                input_tokens=heard + read,
                output_tokens=said + wrote,
                total_tokens=heard + read + said + wrote,
                input_token_details={"audio": heard, "text": read},
                output_token_details={"audio": said, "text": wrote},
            )
        ]

    async def stop(self) -> None:
        """Say goodbye if it can be said at once, and close the connection whatever the service does."""
        client = self.client
        if client is None:
            return
        try:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_GOODBYE_S):
                    await self.say_goodbye()
        finally:
            self.forget()
            await client.close()


class _NoSession:
    """Takes the place of a boto session of its own: making one would stop the loop for 10 ms a call."""

    region_name = None


def _stage(start: Mapping[str, Any]) -> str | None:
    try:
        stage: str | None = json.loads(start.get("additionalModelFields") or "{}").get("generationStage")
    except (ValueError, AttributeError):
        return None
    return stage


def _is_marker(text: str) -> bool:
    if "interrupted" not in text or not text.lstrip().startswith("{"):
        return False
    try:
        return bool(json.loads(text) == _INTERRUPTED_MARKER)
    except ValueError:
        return False
