"""Claims that every bearer token must have, from any issuer; checked against an injected clock."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jwt
from jwt.types import Options

from oratio.errors import NotAuthenticated

MAX_TOKEN_BYTES = 8192
LEEWAY_S = 30
ALGORITHM = "RS256"
# The subject names the tenant in object keys and record keys: no separators, no path parts.
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@|:+=-]{0,127}")
MAX_SUBJECT = 255  # OpenID Connect Core 1.0, section 2


def refused(why: str) -> NotAuthenticated:
    return NotAuthenticated(f"invalid token ({why})", hint="sign in again, or `oratio token`")


def key_id(token: str, algorithms: Collection[str] = (ALGORITHM,)) -> str:
    """The `kid` of a token whose header names one of our algorithms.

    Raises:
        NotAuthenticated: It is no JWT, is too long, or names another algorithm or no key.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise refused("it is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, UnicodeError):
        raise refused("it is not a JWT") from None
    kid = header.get("kid")
    if header.get("alg") not in algorithms or not isinstance(kid, str):
        raise refused("wrong algorithm or no key id")
    return kid


def verified(
    token: str, key: Any, *, issuer: str, now_s: float, algorithms: Sequence[str] = (ALGORITHM,)
) -> Mapping[str, Any]:
    """The claims of a token signed by `key` and good now; `sub` is a text.

    Raises:
        NotAuthenticated: Wrong signature, issuer, time or subject.
    """
    options: Options = {
        "require": ["exp", "iat", "iss", "sub"],
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
        "verify_aud": False,
        "verify_iss": False,
    }
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=list(algorithms), options=options)
    except jwt.MissingRequiredClaimError as error:
        raise refused(f"no claim {error.claim!r}") from None
    except (jwt.InvalidTokenError, jwt.PyJWTError, UnicodeError, ValueError):
        raise refused("wrong signature") from None
    if claims["iss"] != issuer:
        raise refused("unknown issuer")
    _check_times(claims, now_s)
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= MAX_SUBJECT:
        raise refused("its subject cannot name a tenant")
    return claims


def tenant(subject: str) -> str:
    """A subject that names its tenant by itself.

    Raises:
        NotAuthenticated: It cannot be part of a key.
    """
    if not SUBJECT.fullmatch(subject):
        raise refused("its subject cannot name a tenant")
    return subject


def _check_times(claims: Mapping[str, Any], now_s: float) -> None:
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in times.values()):
        raise refused("a time is not a number")
    if times["exp"] <= now_s - LEEWAY_S:
        raise refused("it has expired")
    if max(times["iat"], times.get("nbf", 0)) > now_s + LEEWAY_S:
        raise refused("it is not valid yet")
