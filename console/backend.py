"""Access to the HTTP API: one pool of connections a process, the operator's token with each call."""

import base64
import hashlib
import json
import ssl
import time
from functools import cache

import httpx

from oratio.client import Client
from oratio.errors import NotAuthenticated
from oratio.settings import Settings, load

_TIMEOUT_S = 20.0
_TRUST_S = 60.0
_MAX_KNOWN = 10_000


@cache
def settings() -> Settings:
    return load()


def api_base() -> str:
    return settings().local_url("api")


class _Shared(httpx.BaseTransport):
    """Transport that outlives the clients that use it."""

    def __init__(self) -> None:
        # The API is on this machine over plain HTTP: a certificate store would only cost time.
        self._pool = httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False, retries=1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._pool.handle_request(request)

    def close(self) -> None:
        pass


@cache
def transport() -> httpx.BaseTransport:
    return _Shared()


def client(token: str, *, timeout_s: float = _TIMEOUT_S) -> Client:
    """Return a client with a token; cheap to create, closed by `with`."""
    return Client(api_base(), token, timeout_s=timeout_s, transport=transport())


_known: dict[str, tuple[str, float]] = {}


def tenant_of(token: str) -> str:
    """Return the tenant of a token; the API checks it, at most once a minute.

    Raises:
        NotAuthenticated: The API refuses it.
        Unavailable: The API does not answer.
    """
    digest = hashlib.sha256(token.encode()).hexdigest()
    tenant, until = _known.get(digest, ("", 0.0))
    if time.monotonic() < until:
        return tenant
    if not token:
        raise NotAuthenticated("not signed in")
    with client(token) as api:
        api.agents(limit=1)
    if len(_known) >= _MAX_KNOWN:
        _known.clear()
    tenant = _subject(token)
    _known[digest] = (tenant, time.monotonic() + _TRUST_S)
    return tenant


def _subject(token: str) -> str:
    """Return the `sub` of a token whose signature the API has checked."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["sub"])
    except (IndexError, ValueError, KeyError, TypeError):
        raise NotAuthenticated("invalid token (no subject)") from None


def expires_at(token: str) -> int | None:
    """Return a token's expiry, in seconds since 1970; None when it has none."""
    try:
        payload = token.split(".")[1]
        return int(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return None
