"""Issuers whose tokens are accepted."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from oratio.settings.section import SettingsSection

type JwtAlgorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]  # fmt: skip


class FurtherIssuer(BaseModel):
    """One OIDC provider more; its tenants are named by the issuer and the `sub` together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=1)
    audience: str = Field(min_length=1)
    jwks_url: str | None = None
    algorithms: tuple[JwtAlgorithm, ...] = Field(("RS256",), min_length=1)


class IdentitySettings(SettingsSection):
    """Issuers whose tokens are accepted."""

    jwt_issuer: str | None = Field(None, description="Exact `iss` of an outside OIDC provider; unset: embedded issuer.")
    jwt_audience: str | None = Field(None, description="`aud` (or Cognito `client_id`) that tokens must carry.")
    jwt_jwks_url: str | None = Field(
        None, description="Where the outside issuer's keys are; unset: where its discovery document says."
    )
    jwt_algorithms: tuple[JwtAlgorithm, ...] = Field(
        ("RS256",), min_length=1, description="What the outside issuer may sign with, as a JSON list."
    )
    jwt_issuers: tuple[FurtherIssuer, ...] = Field(
        (),
        description="Further issuers, a JSON list of {issuer, audience, jwks_url?, algorithms?} (docs/api.md, Tokens).",
    )
