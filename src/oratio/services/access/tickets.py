"""Signed tickets of this deployment: short-lived, and used once where that matters."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from oratio.errors import NotAuthenticated
from oratio.ports.clock import Clock
from oratio.ports.repositories import IdempotencyRepository

_MAX_CHARS = 2_000


class Tickets:
    """Tickets of one kind; one of another kind is invalid.

    Args:
        kind: Purpose of the tickets, part of the signature.
        pepper: The server's secret; not in the record store.
        used: Stores a tenant's used tickets for longer than a ticket lives.
    """

    def __init__(
        self, kind: str, *, pepper: Callable[[], bytes], clock: Clock, used: IdempotencyRepository | None = None
    ) -> None:
        self._kind = kind
        self._pepper = pepper
        self._clock = clock
        self._used = used

    def issue(self, claims: Mapping[str, Any], ttl_ms: int) -> tuple[str, int]:
        """Return a ticket with the claims, and its expiry (ms since 1970)."""
        expires_at = self._clock.now_ms() + ttl_ms
        said = {**claims, "e": expires_at, "j": secrets.token_hex(12)}
        body = _encode(json.dumps(said, separators=(",", ":")).encode())
        return f"{body}.{self._sign(body)}", expires_at

    def read(self, ticket: str) -> dict[str, Any]:
        """Return the claims of a valid ticket without using it up.

        Raises:
            NotAuthenticated: Not a ticket of this kind, or expired.
        """
        body, _, signature = ticket[:_MAX_CHARS].partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            raise self.refused()
        claims: dict[str, Any] = json.loads(_decode(body))
        if claims["e"] <= self._clock.now_ms():
            raise self.refused()
        return claims

    def use_up(self, user_id: str, claims: Mapping[str, Any]) -> None:
        """Mark the ticket with these claims as used.

        Raises:
            NotAuthenticated: It is used already.
        """
        assert self._used is not None
        use = secrets.token_hex(16)
        if self._used.claim(user_id, f"{self._kind}:{claims['j']}", "", use) != use:
            raise self.refused()

    @staticmethod
    def refused() -> NotAuthenticated:
        return NotAuthenticated("invalid ticket", hint="ask for a new one; it is valid once, for 60 s")

    def _sign(self, body: str) -> str:
        return _encode(hmac.new(self._pepper(), f"{self._kind}:{body}".encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
