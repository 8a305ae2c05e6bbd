"""Tokens of an outside OIDC provider, Cognito's access tokens included."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any
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
        fetch: Callable[[str], Mapping[str, Any]] = fetch_json,
    ) -> None:
        _require_private(*((url, "jwt_jwks_url") if url else (issuer, "jwt_issuer")))
        self._issuer = issuer
        self._url = url
        self._clock = clock
        self._fetch = fetch
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched_at: int | None = None
        self._tried_at: int | None = None

    def find(self, kid: str) -> Any | None:
        """The RSA key of an id, or None.

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
            keys = [jwt.PyJWK(entry, algorithm=jwt_claims.ALGORITHM) for entry in entries if _usable(entry)]
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError, TypeError, jwt.PyJWTError) as error:
            logger.warning("error=<%s> | key set not fetched, the kept one serves on", type(error).__name__)
            return
        self._keys = {key.key_id: key.key for key in keys if key.key_id}
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


def _usable(entry: Mapping[str, Any]) -> bool:
    alg = entry.get("alg", jwt_claims.ALGORITHM)
    return entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig" and alg == jwt_claims.ALGORITHM


class OidcIdentity(Identity):
    """One outside issuer. The tenant is the token's `sub`.

    A token with Cognito's `token_use` must be an access token of the client `audience` (`client_id`: Cognito's access
    tokens have no `aud`); any other must carry `audience` in `aud`.
    """

    def __init__(self, *, issuer: str, audience: str, keys: KeySet, clock: Clock) -> None:
        self.issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock

    def verify(self, token: str) -> Principal:
        """See `Identity.verify`; also raises `Unavailable` when the issuer's keys cannot be had."""
        key = self._keys.find(jwt_claims.key_id(token))
        if key is None:
            raise jwt_claims.refused("unknown key")
        claims = jwt_claims.verified(token, key, issuer=self.issuer, now_s=self._clock.now_ms() / 1000)
        if "token_use" in claims:
            access = claims["token_use"] == "access"  # noqa: S105 - a kind of token
            meant_for_us = access and claims.get("client_id") == self._audience
        else:
            audience = claims.get("aud")
            meant_for_us = self._audience in (audience if isinstance(audience, list) else [audience])
        if not meant_for_us:
            raise jwt_claims.refused("not for this service")
        return Principal(claims["sub"], self.issuer)


class IssuerChoice(Identity):
    """Several issuers: a token is checked by the one its `iss` names exactly, and by no other."""

    def __init__(self, identities: Mapping[str, Identity]) -> None:
        self._identities = identities

    def verify(self, token: str) -> Principal:
        jwt_claims.key_id(token)
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, UnicodeError, ValueError):
            raise jwt_claims.refused("it is not a JWT") from None
        issuer = claims.get("iss")
        identity = self._identities.get(issuer) if isinstance(issuer, str) else None
        if identity is None:
            raise jwt_claims.refused("unknown issuer")
        return identity.verify(token)


def outside_identity(issuer: str | None, audience: str | None, jwks_url: str | None, clock: Clock) -> OidcIdentity:
    """The outside issuer of the settings; without `jwks_url`, its discovery document says where its keys are.

    Raises:
        InvalidInput: The issuer or the audience is missing.
    """
    given = {"jwt_issuer": issuer, "jwt_audience": audience}
    missing = [name for name, value in given.items() if not value]
    if issuer is None or audience is None or missing:
        problems = [FieldProblem((name,), "is needed for an outside issuer") for name in missing]
        names = ", ".join(f"ORATIO_{name.upper()}" for name in missing)
        raise InvalidInput(f"{names} must be set with the outside issuer", problems)
    return OidcIdentity(issuer=issuer, audience=audience, keys=KeySet(issuer, clock, url=jwks_url), clock=clock)
