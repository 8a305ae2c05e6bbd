"""Tokens of an outside OIDC provider, Cognito's access tokens included."""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import jwt

from oratio.adapters import jwt_claims
from oratio.errors import FieldProblem, InvalidInput, Unavailable
from oratio.ports.clock import Clock
from oratio.ports.identity import Identity, Principal

logger = logging.getLogger(__name__)

FETCH_TIMEOUT_S = 3.0
FRESH_MS = 300_000
COOLDOWN_MS = 30_000
STALE_MS = 3_600_000
_MAX_BYTES = 1 << 20
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_DERIVED = re.compile(r"oidc-[0-9a-f]{40}")


def fetch_json(url: str) -> Mapping[str, Any]:
    """GET a key set or a discovery document: no redirects, 3 s, at most 1 MiB.

    Raises:
        httpx.HTTPError, ValueError: It did not come, is too large or is not JSON.
    """
    body = b""
    with httpx.stream("GET", url, timeout=FETCH_TIMEOUT_S, follow_redirects=False, trust_env=False) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _MAX_BYTES:
                raise ValueError("the answer is too large")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("the answer is no JSON object")
    return found


def _require_private(address: str, setting: str) -> None:
    """Refuse an address whose answer somebody on the way could change.

    Raises:
        InvalidInput: It is not https, nor on this machine.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        problem = FieldProblem((setting,), "must be an https address")
        raise InvalidInput(f"ORATIO_{setting.upper()} must be an https address", [problem])


class PublicKey(NamedTuple):
    """One key of an issuer, and those of the algorithms we allow that it may sign with."""

    key: Any
    algorithms: Sequence[str]


class KeySet:
    """An issuer's public keys: fetched when 5 minutes old, kept up to an hour when the issuer does not answer.

    An unknown key id asks again at most every 30 s, so forged ids cause no storm. Without an address of the keys, the
    issuer's own discovery document names it (OpenID Connect Discovery 1.0, section 4), each time they are fetched.
    """

    def __init__(
        self,
        issuer: str,
        clock: Clock,
        *,
        url: str | None = None,
        algorithms: Sequence[str] = (jwt_claims.ALGORITHM,),
        settings: tuple[str, str] = ("jwt_issuer", "jwt_jwks_url"),
        fetch: Callable[[str], Mapping[str, Any]] = fetch_json,
    ) -> None:
        """Make it; `settings` are the names of those that gave the issuer and the address, for a refusal.

        Raises:
            InvalidInput: The address is not https, nor on this machine.
        """
        _require_private(*((url, settings[1]) if url else (issuer, settings[0])))
        self._issuer = issuer
        self._url = url
        self.algorithms = algorithms
        self._clock = clock
        self._fetch = fetch
        self._lock = threading.Lock()
        self._keys: dict[str, PublicKey] = {}
        self._fetched_at: int | None = None
        self._tried_at: int | None = None

    def find(self, kid: str) -> PublicKey | None:
        """The key of an id, or None.

        Raises:
            Unavailable: The issuer does not answer and nothing fresh enough is kept.
        """
        with self._lock:
            now = self._clock.now_ms()
            outdated = self._fetched_at is None or now - self._fetched_at >= FRESH_MS
            rested = self._tried_at is None or now - self._tried_at >= COOLDOWN_MS
            if (outdated or kid not in self._keys) and rested:
                self._refresh(now)
            if self._fetched_at is None or now - self._fetched_at >= STALE_MS:
                raise Unavailable("the token issuer's keys cannot be fetched", hint="check ORATIO_JWT_ISSUER")
            return self._keys.get(kid)

    def _refresh(self, now_ms: int) -> None:
        self._tried_at = now_ms
        try:
            entries = self._fetch(self._url or self._discovered()).get("keys", [])
            keys = {entry["kid"]: key for entry in entries if (key := self._usable(entry))}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError, TypeError) as error:
            logger.warning("error=<%s> | key set not fetched, the kept one serves on", type(error).__name__)
            return
        self._keys = keys
        self._fetched_at = now_ms

    def _discovered(self) -> str:
        """Where the issuer says its keys are.

        Raises:
            httpx.HTTPError, ValueError: The document did not come, is another issuer's, or names no private address.
        """
        document = self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self._issuer:
            raise ValueError("the discovery document is another issuer's")
        url = str(document.get("jwks_uri"))
        try:
            _require_private(url, "jwt_issuer")
        except InvalidInput:
            raise ValueError("the discovery document names no https address of keys") from None
        return url

    def _usable(self, entry: Mapping[str, Any]) -> PublicKey | None:
        """A signing key of a key set (RFC 7517); None for one that is for something else, or cannot be read."""
        algorithms = [
            name
            for name in self.algorithms
            if entry.get("kty") == _KEY_TYPES[name[:2]] and entry.get("alg", name) == name
        ]
        if not algorithms or entry.get("use", "sig") != "sig" or not isinstance(entry.get("kid"), str):
            return None
        try:
            return PublicKey(jwt.PyJWK(dict(entry), algorithm=algorithms[0]).key, algorithms)
        except jwt.PyJWTError:
            return None


class OidcIdentity(Identity):
    """One outside issuer.

    The tenant is the token's `sub`, or with `derived` a name made of issuer and `sub`, which no other issuer can give.
    A token with Cognito's `token_use` must be an access token of the client `audience` (`client_id`: Cognito's access
    tokens have no `aud`); any other must carry `audience` in `aud`.
    """

    def __init__(self, *, issuer: str, audience: str, keys: KeySet, clock: Clock, derived: bool = False) -> None:
        self.issuer = issuer
        self._derived = derived
        self._audience = audience
        self._keys = keys
        self._clock = clock

    def verify(self, token: str) -> Principal:
        """See `Identity.verify`; also raises `Unavailable` when the issuer's keys cannot be had."""
        found = self._keys.find(jwt_claims.key_id(token, self._keys.algorithms))
        if found is None:
            raise jwt_claims.refused("unknown key")
        now_s = self._clock.now_ms() / 1000
        claims = jwt_claims.verified(token, found.key, issuer=self.issuer, now_s=now_s, algorithms=found.algorithms)
        if "token_use" in claims:
            access = claims["token_use"] == "access"  # noqa: S105 - a kind of token
            meant_for_us = access and claims.get("client_id") == self._audience
        else:
            audience = claims.get("aud")
            meant_for_us = self._audience in (audience if isinstance(audience, list) else [audience])
        if not meant_for_us:
            raise jwt_claims.refused("not for this service")
        return Principal(self._tenant(claims["sub"]), self.issuer)

    def _tenant(self, subject: str) -> str:
        if self._derived:
            return f"oidc-{hashlib.sha256(f'{self.issuer}\0{subject}'.encode()).hexdigest()[:40]}"
        if _DERIVED.fullmatch(subject):
            raise jwt_claims.refused("its subject is kept for tenants of other issuers")
        return jwt_claims.tenant(subject)
