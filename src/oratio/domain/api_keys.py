"""API keys: their form, their checksum and what is stored of them.

Form: `orat_live_<key id: 12><secret: 43><crc32: 6>`, base62. The checksum refuses typing errors without a
look-up and lets secret scanners be certain. Only an HMAC-SHA256 under the server's pepper is stored; the
secret has 256 bits, so a slow password hash would add cost and no safety.
"""

import hmac
import re
import zlib
from enum import StrEnum
from hashlib import sha256, sha512

from oratio.domain.refs import Value

PREFIX = "orat_live_"
MAX_LENGTH = 90
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY_ID, _SECRET, _CHECK = 12, 43, 6
_FORM = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_KEY_ID}}})([0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_CHECK}}})")


_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


class Scope(StrEnum):
    INVOKE = "invoke"
    VOICE = "voice"


class ApiKey(Value):
    """The row of `oratio-api-keys`; times are ms since 1970."""

    key_id: str
    user_id: str
    agent_id: str
    name: str
    hash: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: int
    origins: tuple[str, ...] = ()
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None
    revision: int = 0

    def is_valid(self, now_ms: int) -> bool:
        """Return True if it may be used: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now_ms)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits


def compose(random: bytes) -> tuple[str, str]:
    """A new key from 48 random bytes.

    Returns:
        The key id and the whole key.
    """
    key_id = _base62(int.from_bytes(random[:12]), _KEY_ID)
    body = PREFIX + key_id + _base62(int.from_bytes(random[12:48]), _SECRET)
    return key_id, body + _checksum(body)


def derived(pepper: bytes, nonce: str) -> bytes:
    """48 random bytes that come again from the same nonce, and from neither of the two alone."""
    return hmac.new(pepper, f"api-key:{nonce}".encode(), sha512).digest()[:48]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK)


def key_id_of(key: str) -> str | None:
    """The key id of a well-formed key whose checksum holds, else None."""
    if len(key) > MAX_LENGTH or not (match := _FORM.fullmatch(key)):
        return None
    return match[1] if hmac.compare_digest(match[3], _checksum(key[:-_CHECK])) else None


def digest(key: str, pepper: bytes) -> str:
    return hmac.new(pepper, key.encode(), sha256).hexdigest()


def shown_prefix(key: str) -> str:
    return key[: len(PREFIX) + 6]


def is_origin(text: str) -> bool:
    """Whether a browser could send this as its `Origin`: scheme, host and port, in small letters, and nothing more."""
    return _ORIGIN.fullmatch(text) is not None
