"""The embedded issuer: its tokens, its keys, their rotation."""

import json
import stat
from pathlib import Path

import jwt
import pytest

from oratio.adapters.local import identity
from oratio.adapters.local.identity import AUDIENCE, ISSUER, MAX_TTL_S, EmbeddedIssuer
from oratio.errors import InvalidInput, NotAuthenticated
from tests.fakes.clock import FakeClock

DAY_S = 24 * 3600
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # small keys are quick


@pytest.fixture(autouse=True)
def small_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_KEY_BITS", 1024)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def issuer(tmp_path: Path, clock: FakeClock) -> EmbeddedIssuer:
    return EmbeddedIssuer(tmp_path / "keys", clock)


def test_a_token_names_its_tenant(issuer: EmbeddedIssuer) -> None:
    assert issuer.verify(issuer.issue("alice", ttl_s=60)) == ("alice", ISSUER)


def test_a_token_of_another_process_on_the_same_folder_holds(issuer: EmbeddedIssuer, tmp_path: Path) -> None:
    other = EmbeddedIssuer(tmp_path / "keys", FakeClock())
    issuer.issue("warm-up", ttl_s=60)

    assert issuer.verify(other.issue("alice", ttl_s=60)).user_id == "alice"
    assert len(list((tmp_path / "keys").glob("*.pem"))) == 1


def test_a_token_of_another_folder_does_not_hold(issuer: EmbeddedIssuer, tmp_path: Path) -> None:
    stranger = EmbeddedIssuer(tmp_path / "other", FakeClock())
    issuer.issue("warm-up", ttl_s=60)
    with pytest.raises(NotAuthenticated):
        issuer.verify(stranger.issue("alice", ttl_s=60))


def test_a_token_ends(issuer: EmbeddedIssuer, clock: FakeClock) -> None:
    token = issuer.issue("alice", ttl_s=60)
    clock.advance(89)
    issuer.verify(token)
    clock.advance(2)
    with pytest.raises(NotAuthenticated, match="expired"):
        issuer.verify(token)


def test_a_token_from_the_future_does_not_hold_yet(issuer: EmbeddedIssuer, clock: FakeClock) -> None:
    clock.advance(3600)
    token = issuer.issue("alice", ttl_s=7200)
    clock.advance(-3600)
    with pytest.raises(NotAuthenticated, match="not valid yet"):
        issuer.verify(token)


@pytest.mark.parametrize("change", [{"aud": "other"}, {"aud": None}, {"iss": "x"}, {"sub": "a/b"}, {"sub": ""},
                                    {"sub": None}, {"sub": 7}, {"exp": None}, {"exp": "soon"}, {"iat": None},
                                    {"iat": True}, {"nbf": 2**60}, {"sub": ".."}, {"sub": "x" * 200}])  # fmt: skip
def test_a_token_with_a_wrong_claim_does_not_hold(
    issuer: EmbeddedIssuer, clock: FakeClock, change: dict[str, object]
) -> None:
    now = clock.now_ms() // 1000
    key = issuer._signing_key(clock.now_ms())  # a good signature, so that only the claim is wrong
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 60, **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    private = key.private
    token = jwt.PyJWS().encode(json.dumps(claims).encode(), private, algorithm="RS256", headers={"kid": key.kid})
    with pytest.raises(NotAuthenticated):
        issuer.verify(token)


def test_keys_are_for_their_owner_alone(issuer: EmbeddedIssuer, tmp_path: Path) -> None:
    issuer.issue("alice", ttl_s=60)
    (path,) = (tmp_path / "keys").glob("*.pem")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_next_key_is_public_a_day_before_it_signs_and_old_tokens_hold_through_the_change(
    issuer: EmbeddedIssuer, clock: FakeClock
) -> None:
    first = jwt.get_unverified_header(issuer.issue("alice", ttl_s=60))["kid"]
    clock.advance(29 * DAY_S + 1)
    longest = issuer.issue("alice", ttl_s=MAX_TTL_S)
    assert jwt.get_unverified_header(longest)["kid"] == first
    assert len(issuer.jwks()["keys"]) == 2
    clock.advance(DAY_S + 1)
    second = jwt.get_unverified_header(issuer.issue("alice", ttl_s=60))["kid"]
    assert second != first
    clock.advance(5 * DAY_S)
    assert issuer.verify(longest).user_id == "alice"
    clock.advance(25 * DAY_S)
    assert first not in [key["kid"] for key in issuer.jwks()["keys"]]


def test_the_public_keys_verify_what_was_signed_and_hold_no_private_part(issuer: EmbeddedIssuer) -> None:
    token = issuer.issue("alice", ttl_s=60)
    (entry,) = issuer.jwks()["keys"]
    assert set(entry) == {"kty", "e", "n", "kid", "alg", "use"}
    jwt.decode(token, jwt.PyJWK(entry), algorithms=["RS256"], audience=AUDIENCE, options={"verify_exp": False,
                                                                                      "verify_iat": False})  # fmt: skip


@pytest.mark.parametrize(("user", "ttl"), [("", 60), ("a/b", 60), ("..", 60), ("alice", 0), ("alice", MAX_TTL_S + 1)])
def test_a_token_nobody_should_have_is_not_issued(issuer: EmbeddedIssuer, user: str, ttl: int) -> None:
    with pytest.raises(InvalidInput):
        issuer.issue(user, ttl_s=ttl)
