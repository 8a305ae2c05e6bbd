"""The WebSocket server: health and metrics, admission before the upgrade, sockets to calls."""

import asyncio
import functools
import http
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from oratio.errors import NotAuthenticated, NotFound, OratioError, RateLimited, Unavailable
from oratio.ports.identity import Identity
from oratio.ports.live_calls import LiveCallRepository
from oratio.ports.repositories import AgentRepository
from oratio.protocol import voice as protocol
from oratio.protocol.problems import MEDIA_TYPE, problem_body
from oratio.protocol.voice import CloseCode
from oratio.protocol.voice_events import SessionEnded
from oratio.tenancy import acting_for
from oratio.token_bucket import KeyedBuckets
from voice_server.server import fast_path
from voice_server.server.auth import (
    Access,
    CallerGrant,
    Handshake,
    OperatorAccess,
    OperatorGrant,
    RelayGrant,
    admit,
    admit_operator,
    agent_of,
    conversation_of,
    credential_of,
    subprotocol_of,
)
from voice_server.server.call_registry import CallRegistry
from voice_server.server.connection import Connection
from voice_server.server.live_call_publisher import CallOwner
from voice_server.server.metrics import CONTENT_TYPE, VoiceMetrics
from voice_server.server.relay import Relay
from voice_server.server.sockets import closed
from voice_server.server.static import page

logger = logging.getLogger(__name__)
# Of the library's own log only what it could not survive is of interest: every bad handshake is an error to it.
_library_logger = logging.getLogger("voice_server.websockets")
_library_logger.setLevel(logging.CRITICAL)

_RETRY_AFTER_S = 5.0
_HALF_OPEN = 256


type _Admission = Callable[[Connection, Request], Awaitable[Response | None]]


class VoiceServer:
    """Takes calls on one address.

    Args:
        per_address: Handshakes a second one address may make, and twice that at once.
        failures_per_minute: Refused credentials after which an address has to wait.
        use_fast_path: Whether audio may pass by the library's parser.
    """

    def __init__(
        self,
        *,
        access: Access,
        operators: OperatorAccess,
        identity: Identity,
        agents: AgentRepository,
        live_calls: LiveCallRepository,
        switchboard: CallRegistry,
        relay: Relay,
        owner: CallOwner,
        metrics: VoiceMetrics,
        per_address: float = 20,
        failures_per_minute: float = 60,
        use_fast_path: bool = True,
    ) -> None:
        self._access = access
        self._operators = operators
        self._identity = identity
        self._live_calls = live_calls
        self._relay = relay
        self._owner = owner
        self._agents = agents
        self._switchboard = switchboard
        self._metrics = metrics
        self._wants_fast_path = use_fast_path
        # Known when `listening` begins.
        self._fast = False
        self._handshakes = KeyedBuckets(per_address, per_address * 4)
        self._failures = KeyedBuckets(failures_per_minute / 60, failures_per_minute)

    @asynccontextmanager
    async def listening(
        self, host: str, port: int, *, max_calls: int, internal_host: str = "127.0.0.1", reuse_port: bool = False
    ) -> AsyncIterator[Server]:
        """Take calls on one address, and other processes' sockets on a free port of `internal_host`."""
        self._fast, limit = fast_path.available(wanted=self._wants_fast_path), max_calls * 2 + _HALF_OPEN
        async with self._serving(self._admit_process, internal_host, 0, limit) as internal:
            self._owner.address = f"ws://{internal_host}:{internal.sockets[0].getsockname()[1]}"
            async with self._serving(self._admit, host, port, limit, reuse_port=reuse_port) as server:
                yield server

    def _serving(self, admit: _Admission, host: str, port: int, limit: int, **options: Any) -> serve:
        connection = functools.partial(Connection, metrics=self._metrics, limit=limit, counted=set(), fast=self._fast)
        return serve(
            self._handle,
            host,
            port,
            create_connection=connection,  # type: ignore[arg-type]
            process_request=admit,  # type: ignore[arg-type]
            select_subprotocol=_select,
            compression=None,
            max_size=protocol.MAX_FRAME_BYTES,
            max_queue=32,
            write_limit=32_768,
            open_timeout=5,
            ping_interval=None if self._fast else Connection.ping_s,  # on the fast path `Connection` pings
            ping_timeout=Connection.pong_s,
            close_timeout=3,
            server_header=None,
            logger=_library_logger,
            **options,
        )

    # --- before the upgrade

    async def _admit(self, connection: Connection, request: Request) -> Response | None:
        if request.path == "/healthz":
            draining = self._switchboard.draining
            return _json(503 if draining else 200, {"status": "draining" if draining else "ok"})
        if request.path == "/metrics":
            return _response(200, self._metrics.text(), CONTENT_TYPE)
        if (asset := page(request.path)) is not None:
            body, given = asset
            return _response(200, body, given.pop("Content-Type"), given)
        try:
            if conversation_id := conversation_of(request.path):
                connection.visit = await self._visit(connection, request, conversation_id)
                return None
            grant, elsewhere = await self._granted(connection, request)
            if request.headers.get("Upgrade", "").lower() == "websocket":
                connection.hold(grant, self._switchboard, elsewhere)
            return None
        except OratioError as error:
            return self._refusal(error)

    async def _admit_process(self, connection: Connection, request: Request) -> Response | None:
        try:
            given = request.headers.get("Authorization", "")
            connection.passed = await asyncio.to_thread(self._relay.read, request.path, given)
            return None
        except OratioError as error:
            return self._refusal(error)

    async def _granted(self, connection: Connection, request: Request) -> tuple[CallerGrant, int]:
        """Who calls whom, and how many calls of the same holder other processes have."""
        agent_id = agent_of(request.path)
        if agent_id is None:
            raise NotFound("there is nothing here", hint="calls go to /v1/agents/{agentId}/voice")

        def check(credential: str) -> tuple[CallerGrant, int]:
            shown = Handshake(agent_id, credential, request.headers.get("Origin"))
            grant = admit(shown, self._access, self._agents)
            return grant, self._live_calls.held(grant.user_id, grant.holder, besides=self._owner.process_id)

        return await self._checked(connection, request, check)

    async def _visit(self, connection: Connection, request: Request, conversation_id: str) -> OperatorGrant:
        return await self._checked(
            connection,
            request,
            lambda credential: admit_operator(conversation_id, credential, self._operators, self._identity),
        )

    async def _checked[T](self, connection: Connection, request: Request, check: Callable[[str], T]) -> T:
        """Check a handshake's credential, within the limits of its address."""
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
                raise NotAuthenticated("a credential is needed", hint="send `Authorization: Bearer <key>`")
            return await asyncio.to_thread(check, credential)
        except NotAuthenticated:
            self._failures.take(address, now_ms)
            raise

    def _refusal(self, error: OratioError) -> Response:
        self._metrics.refused.labels(str(error.status)).inc()
        response = _json(error.status, problem_body(error.status, error.code, str(error)), MEDIA_TYPE)
        if isinstance(error, RateLimited | Unavailable):
            after = error.retry_after_s if isinstance(error, RateLimited) else _RETRY_AFTER_S
            response.headers["Retry-After"] = str(max(1, round(after)))
        if error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    # --- after it

    async def _handle(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        # The handshake is over: its headers, and the credential in them, are not kept for the length of a call.
        assert connection.request is not None
        connection.request.headers.clear()
        connection.response = None
        try:
            if connection.visit is not None:
                await self._operate(connection, connection.visit)
            elif connection.passed is not None:
                await self._handed_on(connection, connection.passed)
            else:
                assert connection.grant is not None
                grant = connection.grant
                with acting_for(grant.user_id, agent_id=grant.agent.agent_id):
                    await self._take_call(connection, grant)
        except ConnectionClosed:
            pass
        except Exception:
            logger.exception("| socket failed")
            raise

    async def _take_call(self, connection: Connection, grant: CallerGrant) -> None:
        call = self._switchboard.open(grant)
        call.attach(connection)
        try:
            first = await connection.recv()
            resume = _resume_of(first)
            if resume is None:
                call.receive(first)
            else:
                fresh, found = call, self._switchboard.find(resume, grant.user_id, grant.agent.agent_id)
                remote = None if found else await self._relay.elsewhere(grant.user_id, resume.session_id)
                if remote is not None:
                    fresh.lost(connection)
                    await self._relay.forward(connection, remote, operator=None, first=[first])
                    return
                if found is None:
                    call.refuse_resume()
                else:
                    fresh.lost(connection)
                    call = found
                    await call.take_over(connection)
            connection.hear_with(call.receive)
            async for frame in connection:
                call.receive(frame)
        finally:
            connection.hear_with(None)
            call.lost(connection)

    async def _operate(self, connection: Connection, visit: OperatorGrant) -> None:
        if self._relay.is_elsewhere(visit.call):
            await self._relay.forward(connection, visit.call, operator=visit.operator)
        else:
            await self._join(connection, visit.call.user_id, visit.call.conversation_id, visit.operator)

    async def _join(self, connection: Connection, user_id: str, conversation_id: str, operator: str) -> None:
        call = self._switchboard.live(user_id, conversation_id)
        if call is None:
            await closed(connection, CloseCode.ENDED, "the call is over")
        else:
            await call.operators.serve(connection, operator)

    async def _handed_on(self, connection: Connection, passed: RelayGrant) -> None:
        """A socket that another process got and this one owns the call of."""
        if passed.operator is not None:
            await self._join(connection, passed.user_id, passed.conversation_id, passed.operator)
            return
        resume = _resume_of(await connection.recv())
        call = self._switchboard.find(resume, passed.user_id, passed.agent_id) if resume else None
        if call is None:
            await connection.send(protocol.dumps(protocol.error("resume_failed", protocol.NOT_RESUMED, fatal=True)))
            await connection.send(protocol.dumps(SessionEnded(reason="resume_failed")))
            await closed(connection, CloseCode.BAD_MESSAGE, "resume_failed")
            return
        await call.take_over(connection)
        try:
            async for frame in connection:
                call.receive(frame)
        finally:
            call.lost(connection)


def _resume_of(frame: str | bytes) -> protocol.ResumeRequest | None:
    """The call the first message asks for, None for a new one."""
    if not isinstance(frame, str):
        return None
    try:
        message = protocol.parse(frame)
    except protocol.BadMessage:
        return None
    return message.resume if isinstance(message, protocol.SessionStart) else None


def _select(_connection: ServerConnection, offered: Any) -> Subprotocol | None:
    chosen = subprotocol_of(",".join(offered))
    return Subprotocol(chosen) if chosen else None


def _json(status: int, body: dict[str, object], content_type: str = "application/json") -> Response:
    return _response(status, json.dumps(body).encode(), content_type)


def _response(status: int, body: bytes, content_type: str, given: Mapping[str, str] | None = None) -> Response:
    headers = Headers({"Content-Type": content_type, "Content-Length": str(len(body)), "Connection": "close"})
    headers.update(given or {})
    return Response(status, http.HTTPStatus(status).phrase, headers, body)
