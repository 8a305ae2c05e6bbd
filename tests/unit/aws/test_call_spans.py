"""A call of AWS made for somebody is a span: which call, how often tried, AWS's id of it; never what it held."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto import mock_aws

from oratio import tracing
from oratio.adapters.aws.agentcore.invocations import Invoker
from oratio.adapters.aws.session import AwsSession
from oratio.errors import NotFound
from oratio.otlp import OtlpTracer
from oratio.settings import load
from tests.fakes.otlp import Collector, collecting

WORDS = "the-words-of-a-caller"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ARN = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/o_a-0123456789"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.delenv("OTEL_SDK_DISABLED", raising=False)
    with collecting() as collector:
        tracer = OtlpTracer(load(otlp_endpoint=collector.endpoint), service="test")
        monkeypatch.setattr(tracing, "_tracer", tracer)
        yield collector


@mock_aws
def test_a_call_that_is_tried_again_is_one_span_under_the_work_it_is_for(collector: Collector) -> None:
    client = AwsSession("us-east-1").client("dynamodb", "data")
    busy = [503]

    def answer(request: Any, **_: Any) -> Any:
        return AWSResponse(request.url, busy.pop(), {}, SimpleNamespace(stream=lambda: [b"{}"])) if busy else None

    client.meta.events.register_first("before-send", answer)
    with tracing.span("work"):
        client.list_tables()
    tracing.flush()
    call, work = sorted(collector.spans, key=lambda span: span.name)
    assert call.name == "aws dynamodb.ListTables"
    assert call.parent_id == work.span_id
    assert call.attributes["oratio.aws.attempts"] == 2
    assert call.attributes["aws.request_id"]
    assert (call.attributes["rpc.service"], call.attributes["rpc.method"]) == ("dynamodb", "ListTables")
    assert not call.failed


@mock_aws
def test_a_refused_call_is_told_by_its_code_and_not_by_what_it_asked_for(collector: Collector) -> None:
    client = AwsSession("us-east-1").client("s3")
    with tracing.span("work"), pytest.raises(ClientError):
        client.get_object(Bucket=WORDS, Key=WORDS)
    tracing.flush()
    call = next(span for span in collector.spans if span.name == "aws s3.GetObject")
    assert call.failed
    assert call.attributes["error.type"] == "NoSuchBucket"
    assert not any(WORDS.encode() in body for body in collector.bodies)


def test_a_call_that_nobody_answers_is_a_failed_span(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    client = AwsSession("us-east-1").client("dynamodb")
    with pytest.raises(Exception, match="connect"), tracing.span("work"):
        client.list_tables()
    tracing.flush()
    call = next(span for span in collector.spans if span.name == "aws dynamodb.ListTables")
    assert call.failed
    assert call.attributes["error.type"] == "EndpointConnectionError"


@mock_aws
def test_a_call_in_the_background_makes_no_trace_of_its_own(collector: Collector) -> None:
    AwsSession("us-east-1").client("dynamodb").list_tables()
    tracing.flush()
    assert collector.spans == []


async def test_a_turn_tells_agentcore_which_trace_it_belongs_to(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing_agentcore() as (address, seen):
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", address)
        turn = Invoker(AwsSession("us-east-1")).turn(
            ARN, "live", session_id="s" * 33, body=WORDS.encode(), deadline_s=5, traceparent=PARENT
        )
        with pytest.raises(NotFound):
            await anext(turn)
    tracing.flush()
    [call] = collector.spans
    assert call.name == "aws bedrock-agentcore.InvokeAgentRuntime"
    assert (call.trace_id, call.parent_id) == (PARENT.split("-")[1], PARENT.split("-")[2])
    assert seen == [f"00-{call.trace_id}-{call.span_id}-01"]
    assert call.failed
    assert call.attributes["aws.request_id"] == "request-1"
    assert not any(WORDS.encode() in body for body in collector.bodies)


@contextmanager
def refusing_agentcore() -> Iterator[tuple[str, list[str | None]]]:
    """AgentCore's data plane, which knows no runtime and keeps the `traceparent` of whoever asks."""
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.headers["traceparent"])
            body = json.dumps({"message": "no such runtime"}).encode()
            self.send_response(404)
            self.send_header("x-amzn-errortype", "ResourceNotFoundException")
            self.send_header("x-amzn-requestid", "request-1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
