"""Authentication and body limits, before a byte of a body is parsed: pure ASGI.

FastAPI parses bodies before its security dependencies run, so they would be too late.
"""

import asyncio
import re
from contextlib import ExitStack

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oratio.api import problems
from oratio.api.caller import Caller
from oratio.api.middleware import revocation
from oratio.api.middleware.limits import CallLimits
from oratio.api.problems import Refusal
from oratio.domain import api_keys
from oratio.domain.api_keys import Scope as KeyScope
from oratio.errors import NotAllowed, NotAuthenticated, OratioError, TooLarge
from oratio.ports.identity import Identity
from oratio.services.access.access import AccessService
from oratio.services.knowledge.resumable_uploads import TICKET_PREFIX, ResumableUploads
from oratio.tenancy import acting_for

MAX_JSON_BYTES = 512 * 1024
MAX_LIST_BYTES = 4 * 1024 * 1024  # a thousand paths at their longest, as JSON
BODY_TIMEOUT_S = 60.0
KEY_PREFIX = "orat_"
_FORM_ALLOWANCE = 32 * 1024 * 1024  # the text fields, and the parts' own headers
_SMALL_REMAINDER = 1 << 20  # read and dropped, so that the client sees the answer; more closes the connection
_OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/openapi.json", "/api/system"})
_KEYED = re.compile(r"/api/agents/([^/]+)/(invocations|voice-tickets)")
_TURN = re.compile(r"/api/agents/[^/]+/invocations")
_LISTS = "/api/uploads"
_PART = re.compile(r"/api/uploads/([^/]+)/files/[^/]+")
_FORMS = re.compile(r"/api/agents(?:/[^/]+/versions)?")
_SCOPES = {"invocations": KeyScope.INVOKE, "voice-tickets": KeyScope.VOICE}


class Guard:
    """Middleware that admits a request with a valid token or key and a body within bounds; sets `state.caller`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        identity: Identity,
        access: AccessService,
        kept: ResumableUploads,
        limits: CallLimits,
        max_upload_bytes: int,
        max_file_bytes: int,
    ) -> None:
        self._app = app
        self._limits = limits
        self._kept = kept
        self._max_file_bytes = max_file_bytes
        self._identity = identity
        self._access = access
        self._max_form_bytes = max_upload_bytes + _FORM_ALLOWANCE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with ExitStack() as held:
            headers = Headers(scope=scope)
            try:
                caller = None if scope["path"] in _OPEN else await self._admit(scope, headers)
                scope.setdefault("state", {})["caller"] = caller
                most, streamed = self._bounds(scope["method"], scope["path"])
                self._check_head(headers, most)
                receive = _patient(receive) if streamed else await _whole(_patient(receive), headers, most)
                if caller is not None and _TURN.fullmatch(scope["path"]):
                    held.enter_context(self._limits.turn(caller))
            except (OratioError, Refusal, ClientDisconnect) as error:
                scope.setdefault("state", {})["problem"] = problems.code_of(error)
                answer = problems.of_exception(error)
                assert answer is not None
                if _unread(headers) > _SMALL_REMAINDER:
                    answer.headers["Connection"] = "close"
                await answer(scope, receive, send)
                return
            if caller is not None:
                held.enter_context(acting_for(caller.user_id))
            if caller is not None and (key := caller.key) is not None and _TURN.fullmatch(scope["path"]):
                await revocation.while_valid(
                    self._app, scope, receive, send, valid=lambda: self._access.is_valid(key.key_id)
                )
            else:
                await self._app(scope, receive, send)

    def _bounds(self, method: str, path: str) -> tuple[int, bool]:
        """Return the most bytes a body may have, and True if its route reads it as a stream."""
        if method == "POST" and _FORMS.fullmatch(path):
            return self._max_form_bytes, True
        if method == "PUT" and _PART.fullmatch(path):
            return self._max_file_bytes, True
        return (MAX_LIST_BYTES if path == _LISTS else MAX_JSON_BYTES), False

    async def _admit(self, scope: Scope, headers: Headers) -> Caller:
        try:
            caller = await self._authenticate(scope["path"], headers)
        except NotAuthenticated:
            if "authorization" in headers or "x-api-key" in headers:
                self._limits.count_failure((scope.get("client") or ("",))[0])
            raise
        self._limits.admit(caller)
        return caller

    async def _authenticate(self, path: str, headers: Headers) -> Caller:
        token = _token(headers)
        keyed = _KEYED.fullmatch(path)
        if token.startswith(TICKET_PREFIX):
            part = _PART.fullmatch(path)
            if part is None:
                raise NotAllowed("an upload ticket does not allow this call", hint="use the operator's token")
            return Caller(await run_in_threadpool(self._kept.redeem, token, part[1]))
        if not token.startswith(KEY_PREFIX):
            principal = await run_in_threadpool(self._identity.verify, token)
            return Caller(principal.user_id)
        if keyed is None:
            if api_keys.key_id_of(token) is None:
                raise NotAuthenticated("invalid API key", hint="create one with `oratio keys create`")
            raise NotAllowed("an API key does not allow this call", hint="use the operator's token")
        agent_id, call = keyed.groups()
        key = await run_in_threadpool(
            self._access.authenticate, token, agent_id, _SCOPES[call], origin=headers.get("origin")
        )
        return Caller(key.user_id, key)

    @staticmethod
    def _check_head(headers: Headers, limit: int) -> None:
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Refusal(415, "unsupported_media_type", "compressed bodies are not supported; send it uncompressed")
        length = headers.get("content-length")
        if length is not None and length.isdecimal() and int(length) > limit:
            raise TooLarge(f"the body has {length} bytes; at most {limit} are allowed")


def _token(headers: Headers) -> str:
    given = [value for name, value in headers.items() if name == "authorization"]
    if len(given) > 1:
        raise NotAuthenticated("more than one Authorization header", hint="send one")
    if given:
        scheme, _, token = given[0].partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticated("the Authorization header is not `Bearer <token>`")
        return token.strip()
    if key := headers.get("x-api-key"):
        if not key.startswith(KEY_PREFIX):
            raise NotAuthenticated("invalid API key", hint="create one with `oratio keys create`")
        return key
    raise NotAuthenticated("no token", hint="send `Authorization: Bearer <token>`")


def _unread(headers: Headers) -> int:
    length = headers.get("content-length", "")
    if length.isdecimal():
        return int(length)
    return _SMALL_REMAINDER + 1 if "transfer-encoding" in headers else 0


def _patient(receive: Receive) -> Receive:
    """Return a `receive` that gives up on a silent sender before its body is complete."""
    complete = False

    async def read() -> Message:
        nonlocal complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                message = await receive()
        except TimeoutError:
            raise Refusal(408, "request_timeout", "the body stopped coming; send it again") from None
        complete = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    return read


async def _whole(receive: Receive, headers: Headers, most: int) -> Receive:
    """Read a small body to its end and return a `receive` that replays it.

    Raises:
        TooLarge: It is longer than `most` bytes.
        ClientDisconnect: The client went away first.
    """
    if _unread(headers) == 0:
        return receive
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLarge(f"the body is longer than {most} bytes")
        more = message.get("more_body", False)
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
