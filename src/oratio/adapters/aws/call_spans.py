"""A span for each call of AWS that is made inside another span; whatever polls in the background makes none."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from oratio import tracing

_SPAN = "oratio_span"


def trace_calls(client: Any) -> None:
    """Have a client's calls traced, once tracing is on: service, operation, attempts, request id, and error code."""
    events = client.meta.events
    events.register("before-call", _begin)
    events.register("after-call", _end)
    events.register("after-call-error", _break)


def call_span(service: str, operation: str, *, parent: str | None = None) -> tracing.Span:
    return tracing.span(f"aws {service}.{operation}", parent=parent, aws_service=service, aws_operation=operation)


def _begin(model: Any, context: dict[str, Any], **_: Any) -> None:
    if tracing.current() is not None:
        context[_SPAN] = call_span(model.service_model.service_name, model.name)


def _end(parsed: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    span: tracing.Span | None = context.pop(_SPAN, None)
    if span is None:
        return
    told = parsed.get("ResponseMetadata", {})
    span.set(
        aws_request_id=told.get("RequestId"),
        aws_attempts=told.get("RetryAttempts", 0) + 1,
        http_status=told.get("HTTPStatusCode"),
    )
    if told.get("HTTPStatusCode", 200) >= 300:
        span.failed(ClientError(dict(parsed), model.name))
        span.set(error=parsed.get("Error", {}).get("Code"))
    span.end()


def _break(exception: Exception, context: dict[str, Any], **_: Any) -> None:
    span: tracing.Span | None = context.pop(_SPAN, None)
    if span is not None:
        span.set(aws_attempts=context.get("retries", {}).get("attempt"))
        span.failed(exception)
        span.end()
