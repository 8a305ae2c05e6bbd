"""Tracing across processes, from a submit to its agent and from a call's first word to its last sound.

Off unless `ORATIO_OTLP_ENDPOINT` is set; then spans cost a check of one variable and OpenTelemetry is never imported.
A span holds ids, names, counts and times; no other attributes than those below exist, so that no word of an SOP, a
document, a prompt or an answer can leave this way. Between processes a span is named by its W3C `traceparent`.
"""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from oratio.errors import OratioError
from oratio.settings import Settings

type Attribute = str | int | float | bool | None

# The only attributes of a span: the name in this code, and OpenTelemetry's name.
ATTRIBUTES: Mapping[str, str] = {
    "agent_id": "oratio.agent.id",
    "user_id": "oratio.tenant.id",
    "version": "oratio.agent.version",
    "conversation_id": "oratio.conversation.id",
    "run_id": "oratio.run.id",
    "attempt": "oratio.attempt",
    "step": "oratio.step",
    "channel": "oratio.channel",
    "turn": "oratio.turn",
    "status": "oratio.status",
    "error": "error.type",
    "count": "oratio.count",
    "request_id": "oratio.request.id",
    "drill": "oratio.drill",
    "latency_ms": "oratio.latency_ms",
    "dead_air_ms": "oratio.dead_air_ms",
    "http_method": "http.request.method",
    "http_route": "http.route",
    "http_status": "http.response.status_code",
    "model": "gen_ai.request.model",
    "tool": "gen_ai.tool.name",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "aws_service": "rpc.service",
    "aws_operation": "rpc.method",
    "aws_request_id": "aws.request_id",
    "aws_attempts": "oratio.aws.attempts",
}


class Span(Protocol):
    """One piece of work. As a context manager it is the parent of what starts inside; `end` ends one that is not.

    Contract:
    1. `set` takes the names of `ATTRIBUTES` alone; `None` sets nothing.
    2. An error that passes through a `with` marks the span failed, by the error's code or type, never by its words.
    3. `end` may be called twice.
    """

    @property
    @abstractmethod
    def traceparent(self) -> str | None:
        """Return the name of this span for another process's `parent`; None while tracing is off."""
        ...

    @abstractmethod
    def set(self, **attributes: Attribute) -> None: ...

    @abstractmethod
    def rename(self, name: str) -> None: ...

    @abstractmethod
    def failed(self, error: BaseException) -> None: ...

    @abstractmethod
    def end(self, *, after_ms: int | None = None) -> None:
        """End now, or `after_ms` after the start."""
        ...

    @abstractmethod
    def within(self) -> AbstractContextManager[object]:
        """Be the parent of what starts inside, and not end with it."""
        ...

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    """Source of spans."""

    @abstractmethod
    def begin(
        self,
        name: str,
        parent: str | None,
        link: str | None,
        started_ms: int | None,
        attributes: Mapping[str, Attribute],
    ) -> Span: ...

    @abstractmethod
    def current(self) -> str | None: ...

    @abstractmethod
    def flush(self) -> None: ...


class _Nothing(Span):
    """Span of a process that traces nothing."""

    @property
    def traceparent(self) -> str | None:
        return None

    def set(self, **attributes: Attribute) -> None: ...

    def rename(self, name: str) -> None: ...

    def failed(self, error: BaseException) -> None: ...

    def end(self, *, after_ms: int | None = None) -> None: ...

    def within(self) -> AbstractContextManager[object]:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


NOTHING = _Nothing()
_tracer: Tracer | None = None


def configure(settings: Settings, *, service: str) -> None:
    """Start to export this process's spans, if the settings name a collector."""
    global _tracer
    if settings.tracing.otlp_endpoint is None:
        return
    from oratio.otlp import OtlpTracer

    _tracer = OtlpTracer(settings, service=service)


def span(
    name: str,
    *,
    parent: str | None = None,
    link: str | None = None,
    started_ms: int | None = None,
    **attributes: Attribute,
) -> Span:
    """Return a span that starts now, or started at `started_ms` (ms since 1970).

    Args:
        name: The work, in few words; from a small set.
        parent: The `traceparent` of the work this belongs to; unset, the span around this code.
        link: The `traceparent` of work that this one builds on without being part of it.
        attributes: By the names of `ATTRIBUTES`.
    """
    if _tracer is None:
        return NOTHING
    return _tracer.begin(name, parent, link, started_ms, attributes)


def current() -> str | None:
    """Return the `traceparent` of the span around this code."""
    return _tracer.current() if _tracer else None


def flush() -> None:
    """Send the unsent spans, before a process ends."""
    if _tracer:
        _tracer.flush()


def error_name(error: BaseException) -> str:
    """Return the name of an error, without its words."""
    return error.code if isinstance(error, OratioError) else type(error).__name__
