"""OpenTelemetry spans, sent to a collector as OTLP over HTTP.

The provider is ours alone and never the process's global one: what Prefect and Strands trace by themselves holds
parameters, prompts and answers, and is sent nowhere.
"""

import logging
import re
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from oratio import __version__
from oratio.errors import InvalidInput
from oratio.settings import Settings
from oratio.tracing import ATTRIBUTES, Attribute, Span, Tracer, error_name

_EXPORT_TIMEOUT_S = 5.0
_DELAY_MS = 1_000
_FLUSH_MS = 3_000
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def span_context(traceparent: str | None) -> SpanContext | None:
    """Return the span that a `traceparent` names; None for a malformed one."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & 1))
    return context if context.is_valid else None


def _traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"


class OtlpSpan(Span):
    def __init__(self, span: trace.Span, started_ns: int) -> None:
        self._span = span
        self._started_ns = started_ns
        self._use: AbstractContextManager[object] | None = None

    @property
    def traceparent(self) -> str | None:
        return _traceparent(self._span.get_span_context())

    def set(self, **attributes: Attribute) -> None:
        self._span.set_attributes(_named(attributes))

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def failed(self, error: BaseException) -> None:
        name = error_name(error)
        self._span.set_attribute(ATTRIBUTES["error"], name)
        self._span.set_status(Status(StatusCode.ERROR, name))

    def end(self, *, after_ms: int | None = None) -> None:
        if self._span.is_recording():
            self._span.end(None if after_ms is None else self._started_ns + after_ms * 1_000_000)

    def within(self) -> AbstractContextManager[object]:
        return trace.use_span(self._span, end_on_exit=False, record_exception=False, set_status_on_exception=False)

    def __enter__(self) -> Self:
        self._use = self.within()
        self._use.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.failed(error)
        assert self._use is not None
        self._use.__exit__(None, None, None)
        self.end()


class OtlpTracer(Tracer):
    """Tracer that samples by `trace_ratio`; children follow their parent's choice."""

    def __init__(self, settings: Settings, *, service: str) -> None:
        assert settings.tracing.otlp_endpoint is not None
        headers = settings.tracing.otlp_headers.get_secret_value() if settings.tracing.otlp_headers else ""
        exporter = OTLPSpanExporter(
            endpoint=f"{settings.tracing.otlp_endpoint.rstrip('/')}/v1/traces",
            headers=_headers(headers),
            timeout=_EXPORT_TIMEOUT_S,
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.tracing.trace_ratio)),
            resource=Resource(
                {
                    "service.name": f"oratio-{service}",
                    "service.namespace": "oratio",
                    "service.version": __version__,
                    "deployment.environment.name": settings.environment,
                }
            ),
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY_MS))
        self._tracer = self._provider.get_tracer("oratio", __version__)
        # An unreachable collector is one line a batch, without a traceback.
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)

    def begin(
        self,
        name: str,
        parent: str | None,
        link: str | None,
        started_ms: int | None,
        attributes: Mapping[str, Attribute],
    ) -> Span:
        above = span_context(parent)
        context = trace.set_span_in_context(NonRecordingSpan(above), Context()) if above else None
        linked = span_context(link)
        started_ns = time.time_ns() if started_ms is None else started_ms * 1_000_000
        span = self._tracer.start_span(
            name,
            context=context,
            attributes=_named(attributes),
            links=[Link(linked)] if linked else [],
            start_time=started_ns,
        )
        return OtlpSpan(span, started_ns)

    def current(self) -> str | None:
        context = trace.get_current_span().get_span_context()
        return _traceparent(context) if context.is_valid else None

    def flush(self) -> None:
        self._provider.force_flush(_FLUSH_MS)


def _named(attributes: Mapping[str, Attribute]) -> dict[str, str | int | float | bool]:
    """Return the attributes by OpenTelemetry's names; an unknown name is a fault of this code."""
    return {ATTRIBUTES[name]: value for name, value in attributes.items() if value is not None}


def _headers(text: str) -> dict[str, str]:
    """Return `name=value,name=value` as headers.

    Raises:
        InvalidInput: The setting has another form.
    """
    pairs = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    if not all(name.strip() and sign for name, sign, _ in pairs):
        raise InvalidInput("ORATIO_OTLP_HEADERS is not a list of name=value", hint="separate several by commas")
    return {name.strip(): value.strip() for name, _, value in pairs}
