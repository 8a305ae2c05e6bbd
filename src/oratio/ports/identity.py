"""Who is calling."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol


class Principal(NamedTuple):
    """A signed-in operator; `user_id` names the tenant: the token's `sub`, or what stands for it and its issuer."""

    user_id: str
    issuer: str


class Identity(Protocol):
    @abstractmethod
    def verify(self, token: str) -> Principal:
        """Check a bearer token.

        Raises:
            NotAuthenticated: It is malformed, expired, not yet valid, wrongly signed or of an unknown issuer.
        """
        ...


class TokenIssuer(Protocol):
    """The embedded issuer, on the embedded platform only."""

    @abstractmethod
    def issue(self, user_id: str, *, ttl_s: int) -> str: ...

    @abstractmethod
    def jwks(self) -> Mapping[str, Any]:
        """The public keys its tokens are signed with, as a JSON Web Key Set (RFC 7517)."""
        ...
