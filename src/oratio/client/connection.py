"""How both clients reach a server."""

import ssl
from typing import Any
from urllib.parse import urlsplit

import httpx

MAX_LOST = 5
RECONNECT_S = 0.5
PARTS_AT_ONCE = 4  # files of one upload; each waits for the server's disk
UPLOAD_TIMEOUT = httpx.Timeout(600.0, connect=5.0)  # the server stores every file before it answers
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def options(base_url: str, token: str | None, timeout_s: float) -> dict[str, Any]:
    """The arguments of an httpx client: no proxy on this machine, no certificate store for plain http."""
    address = urlsplit(base_url)
    verify = ssl.create_default_context() if address.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return {
        "base_url": base_url,
        "headers": {"Authorization": f"Bearer {token}"} if token else {},
        "timeout": httpx.Timeout(timeout_s, connect=5.0),
        "trust_env": address.hostname not in _LOOPBACK,
        "verify": verify,
        "follow_redirects": False,
    }
