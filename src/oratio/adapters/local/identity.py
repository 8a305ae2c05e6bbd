"""The embedded issuer: signs operators' tokens and checks them, with keys in one folder of this machine."""

import base64
import fcntl
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from oratio.adapters import jwt_claims
from oratio.errors import FieldProblem, InvalidInput, Unavailable
from oratio.ports.clock import Clock
from oratio.ports.identity import Identity, Principal, TokenIssuer

ISSUER = "https://oratio.local/"
AUDIENCE = "oratio"
MAX_TTL_S = 7 * 24 * 3600
ROTATE_MS = 30 * 24 * 3600 * 1000
PUBLISH_MS = 24 * 3600 * 1000  # a key is in the JWKS this long before it signs
RETIRE_MS = ROTATE_MS + PUBLISH_MS + MAX_TTL_S * 1000 + 3600 * 1000
_KEY_BITS = 2048


class _SigningKey(NamedTuple):
    """One key; `created_at` in ms since 1970 decides when it signs and when it goes."""

    kid: str
    created_at: int
    private: RSAPrivateKey
    public: RSAPublicKey


class EmbeddedIssuer(Identity, TokenIssuer):
    """RS256 keys as files `jwt-<created ms>.pem` (0600), shared by all processes on the data folder.

    A new key is made `PUBLISH_MS` before the newest turns `ROTATE_MS` old and signs when it has been public that
    long; a key goes when no token it signed can still be good. A key id is the key's RFC 7638 thumbprint.
    """

    def __init__(self, keys_dir: Path, clock: Clock) -> None:
        self._folder = keys_dir
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: object = None
        self._keys: list[_SigningKey] = []

    def issue(self, user_id: str, *, ttl_s: int) -> str:
        """A token of `user_id`.

        Raises:
            InvalidInput: The user id cannot name a tenant, or the time is not within 1 s and `MAX_TTL_S`.
        """
        problems = []
        if not jwt_claims.SUBJECT.fullmatch(user_id):
            problems.append(FieldProblem(("user",), "must be letters, digits and ._@|:+=- (at most 128)"))
        if not 1 <= ttl_s <= MAX_TTL_S:
            problems.append(FieldProblem(("ttl",), f"must be between 1 second and {MAX_TTL_S // 86400} days"))
        if problems:
            raise InvalidInput(f"{problems[0].loc[0]} {problems[0].msg}", problems)
        now_ms = self._clock.now_ms()
        key = self._signing_key(now_ms)
        claims = {
            "iss": ISSUER,
            "sub": user_id,
            "aud": AUDIENCE,
            "iat": now_ms // 1000,
            "exp": now_ms // 1000 + ttl_s,
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(claims, key.private, algorithm=jwt_claims.ALGORITHM, headers={"kid": key.kid})

    def verify(self, token: str) -> Principal:
        kid = jwt_claims.key_id(token)
        key = self._find(kid) or self._find(kid, reread=True)
        if key is None:
            raise jwt_claims.refused("unknown key")
        claims = jwt_claims.verified(token, key.public, issuer=ISSUER, now_s=self._clock.now_ms() / 1000)
        if claims.get("aud") != AUDIENCE:
            raise jwt_claims.refused("not for this service")
        return Principal(jwt_claims.tenant(claims["sub"]), ISSUER)

    def jwks(self) -> Mapping[str, Any]:
        """The public keys, as RFC 7517 says."""
        self._signing_key(self._clock.now_ms())
        return {"keys": [_jwk(key) for key in self._current()]}

    def _find(self, kid: str, *, reread: bool = False) -> _SigningKey | None:
        """A key by id; `reread` for one that another process made within a tick of the file system's clock."""
        if reread:
            self._seen = None
        return next((key for key in self._current() if key.kid == kid), None)

    def _signing_key(self, now_ms: int) -> _SigningKey:
        keys = self._current()
        if not keys or now_ms - keys[-1].created_at >= ROTATE_MS - PUBLISH_MS:
            with self._exclusive():
                keys = self._current()  # another process may have made it in the meantime
                if not keys or now_ms - keys[-1].created_at >= ROTATE_MS - PUBLISH_MS:
                    self._make(now_ms)
                self._retire(now_ms)
                self._seen = None
            keys = self._current()
        return next((key for key in reversed(keys) if now_ms - key.created_at >= PUBLISH_MS), keys[0])

    def _make(self, now_ms: int) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        data = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        draft = self._folder / f".jwt-{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / f"jwt-{now_ms}.pem")

    def _retire(self, now_ms: int) -> None:
        for key in self._current():
            if now_ms - key.created_at > RETIRE_MS:
                (self._folder / f"jwt-{key.created_at}.pem").unlink(missing_ok=True)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / ".jwt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _current(self) -> list[_SigningKey]:
        """The keys in the folder, oldest first; read again when the folder has changed."""
        try:
            status = self._folder.stat()
        except FileNotFoundError:
            return []
        stamp = (status.st_mtime_ns, status.st_ino)
        with self._lock:
            if stamp != self._seen:
                known = {key.created_at: key for key in self._keys}
                created = sorted(int(path.stem[4:]) for path in self._folder.glob("jwt-*.pem"))
                self._keys = [known.get(at) or self._load(at) for at in created]
                self._seen = stamp
            return self._keys

    def _load(self, created_at: int) -> _SigningKey:
        path = self._folder / f"jwt-{created_at}.pem"
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise Unavailable(f"the signing key {path.name} cannot be read", hint="restore it or remove it") from error
        assert isinstance(private, RSAPrivateKey)
        public = private.public_key()
        return _SigningKey(_thumbprint(public), created_at, private, public)


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _members(public: RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}


def _thumbprint(public: RSAPublicKey) -> str:
    """RFC 7638: SHA-256 over the required members in order."""
    canonical = json.dumps(_members(public), separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _jwk(key: _SigningKey) -> dict[str, str]:
    return {**_members(key.public), "kid": key.kid, "alg": jwt_claims.ALGORITHM, "use": "sig"}
