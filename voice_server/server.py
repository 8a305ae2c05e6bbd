"""The WebSocket server: health and metrics, admission before the upgrade, sockets to calls."""

import asyncio
import functools
import http
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from oratio.errors import NotAuthenticated, NotFound, OratioError, RateLimited, Unavailable
from oratio.ports.repositories import AgentRepository
from voice_server import wire
from voice_server.gate import Access, Grant, Handshake, admit, agent_of, credential_of, subprotocol_of
from voice_server.limits import KeyedBuckets
from voice_server.metrics import CONTENT_TYPE, Metrics
from voice_server.switchboard import Switchboard
from voice_server.wire import CloseCode

logger = logging.getLogger(__name__)
# Of the library's own log only what it could not survive is of interest: every bad handshake is an error to it.
_library_logger = logging.getLogger("voice_server.websockets")
_library_logger.setLevel(logging.CRITICAL)

_RETRY_AFTER_S = 5.0
_HALF_OPEN = 256
_CODES = {1009: CloseCode.TOO_LARGE, 1007: CloseCode.BAD_MESSAGE}


class Connection(ServerConnection):
    """A connection that is counted from its first byte, and closes by the contract's codes."""

    grant: Grant | None = None
    _switchboard: Switchboard | None = None

    def __init__(self, *args: Any, metrics: Metrics, limit: int, counted: set["Connection"], **options: Any) -> None:
        super().__init__(*args, **options)
        self._metrics, self._limit, self._counted = metrics, limit, counted
        fail = self.protocol.fail
        self.protocol.fail = lambda code, reason="": fail(_CODES.get(code, code), reason)  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._counted) >= self._limit:
            self.abort()
            return
        self._counted.add(self)
        self._metrics.connections.set(len(self._counted))

    def connection_lost(self, exc: Exception | None) -> None:
        self._counted.discard(self)
        self._metrics.connections.set(len(self._counted))
        if self.grant is not None and self._switchboard is not None:
            self._switchboard.release(self.grant)
        super().connection_lost(exc)

    def hold(self, grant: Grant, switchboard: Switchboard) -> None:
        """Take the caller's place; it is free again when the connection is lost, whatever became of it.

        Raises:
            Unavailable, RateLimited: There is no place.
        """
        switchboard.reserve(grant)
        self.grant, self._switchboard = grant, switchboard

    def abort(self) -> None:
        self.transport.abort()


class VoiceServer:
    """Takes calls on one address.

    Args:
        per_address: Handshakes a second one address may make, and twice that at once.
        failures_per_minute: Refused credentials after which an address has to wait.
    """

    def __init__(
        self,
        *,
        access: Access,
        agents: AgentRepository,
        switchboard: Switchboard,
        metrics: Metrics,
        per_address: float = 20,
        failures_per_minute: float = 60,
    ) -> None:
        self._access = access
        self._agents = agents
        self._switchboard = switchboard
        self._metrics = metrics
        self._handshakes = KeyedBuckets(per_address, per_address * 4)
        self._failures = KeyedBuckets(failures_per_minute / 60, failures_per_minute)

    @asynccontextmanager
    async def listening(self, host: str, port: int, *, max_calls: int) -> AsyncIterator[Server]:
        connection = functools.partial(
            Connection, metrics=self._metrics, limit=max_calls * 2 + _HALF_OPEN, counted=set()
        )
        async with serve(
            self._handle,
            host,
            port,
            create_connection=connection,  # type: ignore[arg-type]
            process_request=self._admit,  # type: ignore[arg-type]
            select_subprotocol=_select,
            compression=None,
            max_size=wire.MAX_FRAME_BYTES,
            max_queue=32,
            write_limit=32_768,
            open_timeout=5,
            ping_interval=20,
            ping_timeout=20,
            close_timeout=3,
            server_header=None,
            logger=_library_logger,
        ) as server:
            yield server

    # --- before the upgrade

    async def _admit(self, connection: Connection, request: Request) -> Response | None:
        if request.path == "/healthz":
            draining = self._switchboard.draining
            return _json(503 if draining else 200, {"status": "draining" if draining else "ok"})
        if request.path == "/metrics":
            return _response(200, self._metrics.text(), CONTENT_TYPE)
        try:
            grant = await self._granted(connection, request)
            if request.headers.get("Upgrade", "").lower() == "websocket":
                connection.hold(grant, self._switchboard)
            return None
        except OratioError as error:
            return self._refusal(error)

    async def _granted(self, connection: Connection, request: Request) -> Grant:
        agent_id = agent_of(request.path)
        if agent_id is None:
            raise NotFound("there is nothing here", hint="calls go to /v1/agents/{agentId}/voice")
        address = str((connection.remote_address or ("?",))[0])
        now_ms = time.monotonic() * 1000
        for buckets in (self._handshakes, self._failures):
            if wait_s := buckets.wait_s(address, now_ms):
                raise RateLimited("too many attempts from this address", retry_after_s=max(1.0, wait_s))
        self._handshakes.take(address, now_ms)
        self._switchboard.check_room()
        protocols = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        credential = credential_of(request.path, request.headers, protocols)
        try:
            if credential is None:
                raise NotAuthenticated("an API key or ticket is needed", hint="send `Authorization: Bearer <key>`")
            shown = Handshake(agent_id, credential, request.headers.get("Origin"))
            return await asyncio.to_thread(admit, shown, self._access, self._agents)
        except NotAuthenticated:
            self._failures.take(address, now_ms)
            raise

    def _refusal(self, error: OratioError) -> Response:
        self._metrics.refused.labels(str(error.status)).inc()
        body = {
            "type": f"urn:oratio:problem:{error.code}",
            "title": http.HTTPStatus(error.status).phrase,
            "status": error.status,
            "detail": str(error),
            "code": error.code,
        }
        response = _json(error.status, body, "application/problem+json")
        if isinstance(error, RateLimited | Unavailable):
            after = error.retry_after_s if isinstance(error, RateLimited) else _RETRY_AFTER_S
            response.headers["Retry-After"] = str(max(1, round(after)))
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    # --- after it

    async def _handle(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        assert connection.grant is not None
        call = self._switchboard.open(connection.grant)
        call.attach(connection)
        try:
            first = await connection.recv()
            resume = _resume_of(first)
            if resume is None:
                call.receive(first)
            else:
                fresh, call = call, self._switchboard.find(resume, connection.grant) or call
                if call is fresh:
                    call.refuse_resume()
                else:
                    fresh.lost(connection)
                    await call.take_over(connection)
            async for frame in connection:
                call.receive(frame)
        except ConnectionClosed:
            pass
        except Exception:
            logger.exception("conversation_id=<%s> | socket failed", call.session_id)
            raise
        finally:
            call.lost(connection)


def _resume_of(frame: str | bytes) -> wire.Resume | None:
    """The call the first message asks for, None for a new one."""
    if not isinstance(frame, str):
        return None
    try:
        message = wire.parse(frame)
    except wire.BadMessage:
        return None
    return message.resume if isinstance(message, wire.SessionStart) else None


def _select(_connection: ServerConnection, offered: Any) -> Subprotocol | None:
    chosen = subprotocol_of(",".join(offered))
    return Subprotocol(chosen) if chosen else None


def _json(status: int, body: dict[str, object], content_type: str = "application/json") -> Response:
    return _response(status, json.dumps(body).encode(), content_type)


def _response(status: int, body: bytes, content_type: str) -> Response:
    headers = Headers({"Content-Type": content_type, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, http.HTTPStatus(status).phrase, headers, body)
