"""Tokens of an outside issuer, with a key set that a test can change or take away."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from oratio import settings
from oratio.adapters.issuers import IssuerChoice, believed
from oratio.adapters.oidc_identity import KeySet, OidcIdentity
from oratio.errors import InvalidInput, NotAuthenticated, Unavailable
from tests.fakes.clock import FakeClock

ISSUER = "https://issuer.example/pool"
CLIENT = "client-1"
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # small keys are quick


class Provider:
    """Signs tokens and publishes its keys; counts how often it is asked."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        self.kid = "first"
        self.asked = 0
        self.down = False

    def rotate(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        self.kid = "second"

    def token(self, kid: str | None = None, **claims: Any) -> str:
        now = self._clock.now_ms() // 1000
        body = {"iss": ISSUER, "sub": "alice", "aud": CLIENT, "iat": now, "exp": now + 900, **claims}
        body = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(body, self._key, algorithm="RS256", headers={"kid": kid or self.kid})

    def fetch(self, _url: str) -> Mapping[str, Any]:
        self.asked += 1
        if self.down:
            raise httpx.ConnectError("down")
        entry = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**entry, "kid": self.kid, "use": "sig", "alg": "RS256"}]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def provider(clock: FakeClock) -> Provider:
    return Provider(clock)


@pytest.fixture
def identity(provider: Provider, clock: FakeClock) -> OidcIdentity:
    keys = KeySet(ISSUER, clock, url="https://issuer.example/jwks.json", fetch=provider.fetch)
    return OidcIdentity(issuer=ISSUER, audience=CLIENT, keys=keys, clock=clock)


def test_a_token_for_this_service_holds(identity: OidcIdentity, provider: Provider) -> None:
    assert identity.verify(provider.token()) == ("alice", ISSUER)
    assert identity.verify(provider.token(aud=["other", CLIENT])).user_id == "alice"


def test_cognitos_access_token_goes_by_its_client_and_its_id_token_is_refused(
    identity: OidcIdentity, provider: Provider
) -> None:
    assert identity.verify(provider.token(aud=None, token_use="access", client_id=CLIENT)).user_id == "alice"
    for claims in ({"token_use": "id"}, {"token_use": "access", "client_id": "other"}, {"token_use": "access"}):
        with pytest.raises(NotAuthenticated):
            identity.verify(provider.token(**claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "other"}, {"aud": None}, {"iss": ISSUER + "/"}, {"sub": None}, {"sub": "a/b"}, {"exp": None},
        {"iat": None}, {"exp": 1}, {"nbf": 2**40},
    ],
)  # fmt: skip
def test_a_wrong_claim_is_refused(identity: OidcIdentity, provider: Provider, claims: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        identity.verify(provider.token(**claims))


def test_the_keys_are_fetched_once_in_five_minutes(
    identity: OidcIdentity, provider: Provider, clock: FakeClock
) -> None:
    for _ in range(10):
        identity.verify(provider.token())
    assert provider.asked == 1
    clock.advance(301)
    identity.verify(provider.token())
    assert provider.asked == 2


def test_a_rotated_key_is_found_and_forged_ids_cause_no_storm(
    identity: OidcIdentity, provider: Provider, clock: FakeClock
) -> None:
    identity.verify(provider.token())
    provider.rotate()
    clock.advance(31)
    identity.verify(provider.token())
    for number in range(50):
        with pytest.raises(NotAuthenticated):
            identity.verify(provider.token(kid=f"forged-{number}"))
    assert provider.asked == 2


def test_a_silent_issuer_is_borne_for_an_hour(identity: OidcIdentity, provider: Provider, clock: FakeClock) -> None:
    identity.verify(provider.token())
    provider.down = True
    clock.advance(3500)
    identity.verify(provider.token())
    clock.advance(200)
    with pytest.raises(Unavailable):
        identity.verify(provider.token())
    provider.down = False
    clock.advance(31)
    identity.verify(provider.token())


def test_the_issuer_is_chosen_by_its_exact_name(identity: OidcIdentity, provider: Provider) -> None:
    choice = IssuerChoice({ISSUER: identity})
    assert choice.verify(provider.token()).user_id == "alice"
    for issuer in (ISSUER + "/", "https://evil.example", "7", None):
        with pytest.raises(NotAuthenticated):
            choice.verify(provider.token(iss=issuer))


FURTHER = {"issuer": ISSUER, "audience": CLIENT}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"jwt_issuer": ISSUER, "jwt_jwks_url": "https://issuer.example/jwks.json"}, "ORATIO_JWT_AUDIENCE"),
        ({"jwt_issuer": ISSUER, "jwt_audience": CLIENT, "jwt_jwks_url": "http://issuer.example/k"}, "https"),
        ({"jwt_issuers": [{"issuer": "http://issuer.example", "audience": CLIENT}]}, "ORATIO_JWT_ISSUERS"),
        ({"jwt_issuers": [{**FURTHER, "jwks_url": "http://issuer.example/k"}]}, "ORATIO_JWT_ISSUERS"),
        ({"jwt_issuers": [FURTHER, FURTHER]}, "a second time"),
        ({"jwt_issuer": ISSUER, "jwt_audience": CLIENT, "jwt_issuers": [FURTHER]}, "a second time"),
        ({"jwt_issuers": [{"issuer": ISSUER}]}, "jwt_issuers.0.audience"),
        ({"jwt_issuers": [{**FURTHER, "algorithms": ["HS256"]}]}, "jwt_issuers.0.algorithms"),
        ({"jwt_issuers": [{**FURTHER, "algorithms": []}]}, "jwt_issuers.0.algorithms"),
        ({}, "ORATIO_JWT_ISSUER"),
    ],
)
def test_what_is_wrong_with_outside_issuers_is_named(clock: FakeClock, given: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        believed(settings.load(**given), clock, {})


def test_further_issuers_are_read_from_the_environment_and_handed_to_children(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    monkeypatch.setenv("ORATIO_JWT_ISSUERS", json.dumps([FURTHER]))
    found = settings.load()
    child = settings.child_environment(found, "api")
    for name in ("ORATIO_JWT_ISSUERS", "ORATIO_JWT_ALGORITHMS"):
        monkeypatch.setenv(name, child[name])
    assert settings.load() == found
    assert isinstance(believed(found, clock, {}), OidcIdentity)
    monkeypatch.setenv("ORATIO_JWT_ISSUERS", "https://issuer.example")
    with pytest.raises(InvalidInput, match="jwt_issuers"):
        settings.load()


def test_a_key_that_cannot_be_read_hides_no_other(clock: FakeClock, provider: Provider) -> None:
    def fetch(url: str) -> Mapping[str, Any]:
        broken = [
            {"kty": "RSA", "kid": "a", "n": "?", "e": "AQAB"},
            {"kty": "RSA"},
            {"kty": "oct", "kid": "b", "k": "x"},
        ]
        return {"keys": [*broken, *provider.fetch(url)["keys"]]}

    identity = OidcIdentity(
        issuer=ISSUER, audience=CLIENT, keys=KeySet(ISSUER, clock, fetch=fetch, url=ISSUER), clock=clock
    )
    assert identity.verify(provider.token()).user_id == "alice"


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://other.example", "jwks_uri": "https://issuer.example/jwks.json"},
        {"issuer": ISSUER, "jwks_uri": "http://issuer.example/jwks.json"},
        {"issuer": ISSUER},
        {},
    ],
)
def test_a_discovery_document_that_is_not_the_issuers_own_is_not_believed(
    provider: Provider, clock: FakeClock, document: dict[str, str]
) -> None:
    def fetch(url: str) -> Mapping[str, Any]:
        return document if url.endswith("/.well-known/openid-configuration") else provider.fetch(url)

    identity = OidcIdentity(issuer=ISSUER, audience=CLIENT, keys=KeySet(ISSUER, clock, fetch=fetch), clock=clock)
    with pytest.raises(Unavailable):
        identity.verify(provider.token())
    assert provider.asked == 0
