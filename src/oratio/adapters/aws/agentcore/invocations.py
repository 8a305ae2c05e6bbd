"""InvokeAgentRuntime, signed by botocore and streamed by httpx, so that a turn holds no thread and can be cancelled."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from oratio import tracing
from oratio.adapters.aws.call_spans import call_span
from oratio.adapters.aws.session import AwsSession, as_oratio_error, translated
from oratio.adapters.turn_events import SESSION_HEADER, turn_event
from oratio.domain.conversations.conversation import TurnEvent, TurnResult
from oratio.errors import AgentFailed, Unavailable
from oratio.protocol import sse

SERVICE = "bedrock-agentcore"
CONNECT_TIMEOUT_S = 5.0
SLACK_S = 5.0
"""How much longer than the deadline the agent may take to say that it has passed; starting a machine is in it."""
_AGENT_FAULTS = ("RuntimeClientError",)


class Invoker:
    """Calls the data plane of one region."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    async def turn(
        self,
        arn: str,
        qualifier: str,
        *,
        session_id: str,
        body: bytes,
        deadline_s: float,
        traceparent: str | None = None,
    ) -> AsyncGenerator[TurnEvent]:
        """The events of one turn; leaving the iteration ends the turn.

        Args:
            arn: The runtime.
            qualifier: Its endpoint.
            session_id: Which of its machines.
            body: What the agent is asked.
            deadline_s: How long the whole turn may take.
            traceparent: The span the turn belongs to; sent to AgentCore in the header that W3C names.

        Raises:
            NotFound: There is no such runtime or endpoint.
            AgentFailed: The agent failed, or passed its deadline.
            Unavailable: AgentCore does not answer.
        """
        span = call_span(SERVICE, "InvokeAgentRuntime", parent=traceparent)
        headers = {SESSION_HEADER: session_id}
        if parent := span.traceparent or traceparent:
            headers["traceparent"] = parent
        try:
            request = await asyncio.to_thread(self._signed, arn, qualifier, headers, body)
            async with aclosing(self._events(request, qualifier, deadline_s, span)) as events:
                async for event in events:
                    yield event
        except Exception as error:
            span.failed(error)
            raise
        finally:
            span.end()

    async def _events(
        self, request: Any, qualifier: str, deadline_s: float, span: tracing.Span
    ) -> AsyncGenerator[TurnEvent]:
        timeout = httpx.Timeout(deadline_s + SLACK_S, connect=CONNECT_TIMEOUT_S)
        result: TurnResult | None = None
        try:
            async with (
                asyncio.timeout(deadline_s + SLACK_S),
                httpx.AsyncClient(timeout=timeout, trust_env=False) as client,
                client.stream(
                    request.method, request.url, headers=dict(request.headers), content=request.body
                ) as response,
            ):
                span.set(
                    aws_attempts=1,
                    aws_request_id=response.headers.get("x-amzn-requestid"),
                    http_status=response.status_code,
                )
                if response.status_code != httpx.codes.OK:
                    raise _refused(response, await response.aread(), qualifier)
                async with aclosing(sse.aread(response)) as events:
                    async for found in events:
                        event = turn_event(found.data)
                        if isinstance(event, TurnResult):
                            result = event
                            break
                        yield event
        except httpx.ConnectError:
            raise Unavailable("AgentCore does not answer", hint="check the network and ORATIO_AWS_REGION") from None
        except (httpx.TimeoutException, TimeoutError):
            raise AgentFailed("the agent did not answer in time") from None
        except httpx.HTTPError:
            raise AgentFailed("the connection to the agent broke off") from None
        if result is None:
            raise AgentFailed("the agent stopped in the middle of its answer")
        yield result  # with the connection given back: the reader of the result may leave at once

    def _signed(self, arn: str, qualifier: str, told: Mapping[str, str], body: bytes) -> Any:
        with translated("AgentCore"):
            client = self._session.client(SERVICE, "stream")
            url = f"{client.meta.endpoint_url}/runtimes/{quote(arn, safe='')}/invocations"
            request = AWSRequest(
                "POST",
                f"{url}?{urlencode({'qualifier': qualifier})}",
                data=body,
                headers={"Content-Type": "application/json", "Accept": "text/event-stream", **told},
            )
            SigV4Auth(self._session.credentials, SERVICE, client.meta.region_name).add_auth(request)
            return request.prepare()


def _refused(response: httpx.Response, body: bytes, qualifier: str) -> Exception:
    """The error that a refusal before the answer began stands for."""
    code = response.headers.get("x-amzn-errortype", "").partition(":")[0]
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = f"AgentCore answered {response.status_code}"
    if code in _AGENT_FAULTS or response.status_code == 424:
        # Its words are the agent's, thus maybe the caller's.
        return AgentFailed("the agent failed before it answered", hint="see its log group in CloudWatch")
    said = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": response.status_code}}
    return as_oratio_error(ClientError(said, "InvokeAgentRuntime"), f"the agent's endpoint {qualifier}")
