"""Which issuers' tokens are believed, from the settings."""

from collections.abc import Iterator, Mapping

import jwt

from oratio.adapters import jwt_claims
from oratio.adapters.oidc_identity import KeySet, OidcIdentity
from oratio.errors import FieldProblem, InvalidInput
from oratio.ports.clock import Clock
from oratio.ports.identity import Identity, Principal
from oratio.settings import Settings


class IssuerChoice(Identity):
    """Several issuers: a token is checked by the one its `iss` names exactly, and by no other."""

    def __init__(self, identities: Mapping[str, Identity]) -> None:
        self._identities = identities

    def verify(self, token: str) -> Principal:
        if len(token) > jwt_claims.MAX_TOKEN_BYTES:
            raise jwt_claims.refused("it is too long")
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, UnicodeError, ValueError):
            raise jwt_claims.refused("it is not a JWT") from None
        issuer = claims.get("iss")
        identity = self._identities.get(issuer) if isinstance(issuer, str) else None
        if identity is None:
            raise jwt_claims.refused("unknown issuer")
        return identity.verify(token)


def believed(settings: Settings, clock: Clock, embedded: Mapping[str, Identity]) -> Identity:
    """The outside issuers of the settings, next to the embedded one where there is one.

    Raises:
        InvalidInput: There is none at all; one is half described, its keys are not on https, or it is named twice.
    """
    identities = dict(embedded)
    for identity in _outside(settings, clock, required=not embedded):
        if identity.issuer in identities:
            problem = FieldProblem(("jwt_issuers",), f"names {identity.issuer} a second time")
            raise InvalidInput(f"ORATIO_JWT_ISSUERS {problem.msg}", [problem])
        identities[identity.issuer] = identity
    (first, *others) = identities.values()
    return IssuerChoice(identities) if others else first


def _outside(settings: Settings, clock: Clock, *, required: bool) -> Iterator[OidcIdentity]:
    own = settings.identity
    given = {"jwt_issuer": own.jwt_issuer, "jwt_audience": own.jwt_audience}
    if any((*given.values(), own.jwt_jwks_url)) or (required and not own.jwt_issuers):
        missing = [name for name, value in given.items() if not value]
        if own.jwt_issuer is None or own.jwt_audience is None or missing:
            problems = [FieldProblem((name,), "is needed for an outside issuer") for name in missing]
            names = ", ".join(f"ORATIO_{name.upper()}" for name in missing)
            raise InvalidInput(f"{names} must be set with the outside issuer", problems)
        keys = KeySet(
            own.jwt_issuer,
            clock,
            url=own.jwt_jwks_url,
            algorithms=own.jwt_algorithms,
        )
        yield OidcIdentity(issuer=own.jwt_issuer, audience=own.jwt_audience, keys=keys, clock=clock)
    named = ("jwt_issuers", "jwt_issuers")
    for one in own.jwt_issuers:
        keys = KeySet(one.issuer, clock, url=one.jwks_url, algorithms=one.algorithms, settings=named)
        yield OidcIdentity(issuer=one.issuer, audience=one.audience, keys=keys, clock=clock, derived=True)
