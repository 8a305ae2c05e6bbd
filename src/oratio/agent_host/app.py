"""The host's HTTP face: AgentCore's data plane on loopback.

POST   /runtimes/{id or ARN}/invocations?qualifier=live   → SSE: delta*, then done or error; a `drill` in the body
                                                            (ours) only for a version that no endpoint is pinned to
DELETE /runtimes/{id}                                     → 204, its processes stopped (ours, not AgentCore's)
GET    /healthz                                           → {"status", "isolation", "reason", "processes"}
GET    /metrics                                           → Prometheus text
"""

import contextlib
import json
import logging
import secrets
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from oratio.agent_host.host import AgentHost
from oratio.agent_host.metrics import CONTENT_TYPE
from oratio.agent_host.process import SESSION_HEADER
from oratio.domain.plan.agent_plan import Drill
from oratio.errors import OratioError
from oratio.protocol.sse import event as encoded

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 2 * 1024 * 1024
SESSION_ID_CHARS = range(33, 257)


def create_app(host: AgentHost, token: str) -> Starlette:
    """The application over a host that has been started."""

    async def healthz(_: Request) -> Response:
        isolation = host.isolation
        body = {"status": "ok", "isolation": isolation.tier, "reason": isolation.reason, "processes": host.processes}
        return JSONResponse(body)

    async def invocations(request: Request) -> Response:
        if not _authorized(request, token):
            return _refusal(401, "not_authenticated", "the agent host's token is missing or wrong")
        session_id = request.headers.get(SESSION_HEADER, "")
        if len(session_id) not in SESSION_ID_CHARS:
            return _refusal(400, "bad_request", f"{SESSION_HEADER} has {len(session_id)} characters, not 33 to 256")
        body = await _body(request)
        payload = _payload(body)
        if payload is None:
            return _refusal(400, "bad_request", "the body is not a JSON object with a prompt")
        runtime_id = unquote(request.path_params["runtime"]).rpartition("runtime/")[2]
        qualifier = request.query_params.get("qualifier", "live")
        try:
            events = await host.invoke(
                runtime_id, qualifier, session_id, payload, traceparent=request.headers.get("traceparent")
            )
        except OratioError as error:
            status = 424 if error.status >= 500 and not error.retryable else error.status
            return _refusal(status, error.code, str(error))
        return StreamingResponse(_sse(events), media_type="text/event-stream", headers={SESSION_HEADER: session_id})

    async def metrics(_: Request) -> Response:
        return Response(host.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def delete(request: Request) -> Response:
        if not _authorized(request, token):
            return _refusal(401, "not_authenticated", "the agent host's token is missing or wrong")
        await host.delete(request.path_params["runtime"])
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/metrics", metrics),
            Route("/runtimes/{runtime:path}/invocations", invocations, methods=["POST"]),
            Route("/runtimes/{runtime}", delete, methods=["DELETE"]),
        ],
    )


def _authorized(request: Request, token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return secrets.compare_digest(given.encode(), f"Bearer {token}".encode())


async def _body(request: Request) -> bytes | None:
    """The request's body; None when it is over the limit."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _payload(body: bytes | None) -> dict[str, Any] | None:
    """The fields that concern the host, checked; the rest is the agent's to check."""
    try:
        value = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("prompt"), str):
        return None
    deadline_ms = value.setdefault("deadlineMs", 30_000)
    if value.get("drill", Drill.CALL_TOOLS) not in set(Drill):
        return None
    return value if isinstance(deadline_ms, int) and deadline_ms > 0 else None


async def _sse(events: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(events) as open_events:
        async for event in open_events:
            yield encoded(event)


def _refusal(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": message}, status_code=status)
