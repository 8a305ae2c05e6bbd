"""Outermost middleware: request ids, one access line a request, metrics, security headers, no traceback outside."""

import logging
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oratio import logs, tracing
from oratio.api import problems
from oratio.api.metrics import ApiMetrics

logger = logging.getLogger("oratio.api.access")

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")
_UNMATCHED = "(none)"
_UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observe:
    """Middleware round the whole application. Never logs a body, a query string or a header."""

    def __init__(self, app: ASGIApp, *, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        with logs.bound(request_id=request_id):
            if scope["path"] in _UNTRACED:
                await self._observed(scope, receive, send, request_id)
                return
            with tracing.span("http", parent=_traceparent(scope), request_id=request_id) as span:
                status = await self._observed(scope, receive, send, request_id)
                self._describe(span, scope, status)

    async def _observed(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> int:
        """Answer the request and return the status that was sent, 0 for none."""
        started = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _headers(message["headers"], request_id)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            logger.exception("request_id=<%s> | request failed", request_id)
            if status == 0:
                await problems.internal(request_id)(scope, receive, sending)
        finally:
            self._tell(scope, request_id, status, time.perf_counter() - started)
        return status

    @staticmethod
    def _describe(span: tracing.Span, scope: Scope, status: int) -> None:
        method, route = _labels(scope)
        caller = scope.get("state", {}).get("caller")
        span.rename(f"{method} {route}")
        span.set(http_method=method, http_route=route, http_status=status, user_id=caller.user_id if caller else None)

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        method, route = _labels(scope)
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.latency.labels(route).observe(seconds)
        if problem := scope.get("state", {}).get("problem") or ("internal" if status == 500 else ""):
            self._metrics.errors.labels(problem).inc()
        caller = scope.get("state", {}).get("caller")
        logger.info(
            "request_id=<%s> user_id=<%s> | %s %s %d %.1f ms",
            request_id,
            caller.user_id if caller else "",
            method,
            scope["path"],
            status,
            seconds * 1000,
        )


def _labels(scope: Scope) -> tuple[str, str]:
    """Return method and route as labels from a small set, for any request."""
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    return method, getattr(scope.get("route"), "path", _UNMATCHED)


def _traceparent(scope: Scope) -> str | None:
    """Return the caller's own trace, if it sent one."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)


def _headers(given: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    headers = [*given, *_HEADERS, (b"x-request-id", request_id.encode())]
    return headers if any(name == b"cache-control" for name, _ in given) else [*headers, _NO_STORE]
