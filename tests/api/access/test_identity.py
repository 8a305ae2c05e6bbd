"""Whose tokens the API believes, against issuers that run beside it: our own process, an OpenID provider, Cognito."""

import dataclasses
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import jwt
import pytest
from moto.server import ThreadedMotoServer

from oratio.adapters.issuers import believed
from oratio.settings import Settings
from tests.api.conftest import World, assert_problem, create
from tests.e2e.installation import free_base
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import Issuer, issuer_process

AUDIENCE = "oratio-console"


async def ask(world: World, token: str) -> httpx.Response:
    async with world.client(None) as client:
        return await client.get("/api/agents", headers={"Authorization": f"Bearer {token}"})


async def assert_refused(world: World, token: str) -> None:
    assert_problem(await ask(world, token), 401, "not_authenticated")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuer_process(AUDIENCE) as (issuer, _):
        yield issuer


@pytest.fixture(scope="module")
def further() -> Iterator[Issuer]:
    with issuer_process(AUDIENCE) as (issuer, _):
        yield issuer


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_base()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _until_it_answers(f"{url}/.well-known/openid-configuration")
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class TestAnIssuerProcess:
    @pytest.fixture
    def world(self, configure: Callable[..., Settings], issuer: Issuer) -> World:
        return World(configure(jwt_issuer=issuer.url, jwt_audience=AUDIENCE))

    async def test_its_keys_are_found_by_discovery_and_its_tokens_hold(self, world: World, issuer: Issuer) -> None:
        assert (await ask(world, issuer.token())).status_code == 200
        assert (await ask(world, issuer.token(aud=["another", AUDIENCE]))).status_code == 200

    async def test_the_embedded_issuer_is_believed_beside_it(self, world: World) -> None:
        assert (await ask(world, world.token())).status_code == 200

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "another"}, {"aud": None}, {"iss": "http://127.0.0.1:1"}, {"iss": "embedded"}, {"sub": None},
            {"sub": "../bob"}, {"iat": None}, {"exp": None}, {"exp": 1}, {"nbf": 2**40}, {"token_use": "id"},
        ],
    )  # fmt: skip
    async def test_a_token_with_a_wrong_claim_is_refused(
        self, world: World, issuer: Issuer, claims: dict[str, Any]
    ) -> None:
        await assert_refused(world, issuer.token(**claims))

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "ES256"])
    async def test_the_algorithm_is_ours_to_say(self, world: World, issuer: Issuer, algorithm: str) -> None:
        await assert_refused(world, issuer.token(algorithm))

    async def test_a_signature_of_somebody_else_is_refused(self, world: World, issuer: Issuer) -> None:
        head, body, _ = issuer.token().split(".")
        await assert_refused(world, f"{head}.{body}.{issuer.token(sub='eve').split('.')[2]}")

    async def test_a_rotated_key_is_taken_up_and_a_silent_issuer_borne(
        self, configure: Callable[..., Settings]
    ) -> None:
        clock = FakeClock(int(time.time() * 1000))
        with issuer_process(AUDIENCE) as (issuer, process):
            world = World(configure())
            identity = believed(configure(jwt_issuer=issuer.url, jwt_audience=AUDIENCE), clock, {})
            world.platform = dataclasses.replace(world.platform, identity=identity)
            world.use_runtime(world.runtime)
            old = issuer.token()
            assert (await ask(world, old)).status_code == 200
            issuer.rotate()
            clock.advance(31)
            new = issuer.token(exp=int(time.time()) + 7200)
            assert (await ask(world, new)).status_code == 200
            await assert_refused(world, old)
            process.kill()
            process.wait()
            clock.advance(3_000)
            assert (await ask(world, new)).status_code == 200
            clock.advance(700)
            assert_problem(await ask(world, new), 503, "unavailable")


class TestTwoIssuers:
    """One names tenants by `sub`; the tenants of a further one are its own, whatever its `sub` says."""

    @pytest.fixture
    def world(self, configure: Callable[..., Settings], issuer: Issuer, further: Issuer) -> World:
        algorithms = ["RS256", "ES256"]
        listed = [{"issuer": further.url, "audience": AUDIENCE, "algorithms": algorithms}]
        return World(configure(jwt_issuer=issuer.url, jwt_audience=AUDIENCE, jwt_issuers=listed))

    async def test_equal_subjects_of_two_issuers_are_two_tenants(
        self, world: World, issuer: Issuer, further: Issuer
    ) -> None:
        async with world.client(None) as one, world.client(None) as other:
            one.headers["Authorization"] = f"Bearer {issuer.token()}"
            other.headers["Authorization"] = f"Bearer {further.token()}"
            agent_id = await create(one)

            assert (await one.get(f"/api/agents/{agent_id}")).status_code == 200
            assert_problem(await other.get(f"/api/agents/{agent_id}"), 404, "not_found")
            assert (await other.get("/api/agents")).json()["agents"] == []
            theirs = await create(other)
            assert_problem(await one.get(f"/api/agents/{theirs}"), 404, "not_found")

    async def test_no_subject_reaches_a_tenant_of_a_further_issuer(
        self, world: World, issuer: Issuer, further: Issuer
    ) -> None:
        derived = world.platform.identity.verify(further.token()).user_id
        assert derived == world.platform.identity.verify(further.token(exp=int(time.time()) + 60)).user_id
        assert derived.startswith("oidc-")

        await assert_refused(world, issuer.token(sub=derived))
        assert world.platform.identity.verify(further.token(sub=derived)).user_id != derived

    async def test_a_further_issuers_subject_may_hold_anything(self, world: World, further: Issuer) -> None:
        for subject in ("https://orcid.example/0000-0001", "../alice", "zo\u00eb"):
            assert (await ask(world, further.token(sub=subject))).status_code == 200
        for wrong in ("", "x" * 256, 7, ["alice"]):
            await assert_refused(world, further.token(sub=wrong))

    async def test_each_issuer_signs_with_what_the_settings_allow_it(
        self, world: World, issuer: Issuer, further: Issuer
    ) -> None:
        assert (await ask(world, further.token("ES256"))).status_code == 200
        await assert_refused(world, issuer.token("ES256"))
        for algorithm in ("none", "HS256"):
            await assert_refused(world, further.token(algorithm))


class TestAnOpenIdProvider:
    """oidc-provider-mock in a process: its access tokens are opaque, its id tokens are what a console would hold."""

    @pytest.fixture
    def world(self, configure: Callable[..., Settings], provider: str) -> World:
        return World(configure(jwt_issuer=provider, jwt_audience=AUDIENCE))

    async def test_a_login_by_code_ends_in_a_token_that_names_the_tenant(self, world: World, provider: str) -> None:
        tokens = _sign_in(provider, "carol", AUDIENCE)

        assert (await ask(world, tokens["id_token"])).status_code == 200
        assert world.platform.identity.verify(tokens["id_token"]).user_id == "carol"
        await assert_refused(world, tokens["access_token"])

    async def test_a_token_for_another_client_is_refused(self, world: World, provider: str) -> None:
        await assert_refused(world, _sign_in(provider, "carol", "another")["id_token"])


class TestCognito:
    """moto's Cognito: every pool signs with the same key, so only the exact issuer keeps pools apart."""

    @pytest.fixture
    def pool(self, moto: str) -> "KeyPool":
        return KeyPool(moto)

    @pytest.fixture
    def world(self, configure: Callable[..., Settings], moto: str, pool: "KeyPool") -> World:
        keys = f"{moto}/{pool.pool_id}/.well-known/jwks.json"
        return World(configure(jwt_issuer=pool.issuer, jwt_audience=pool.client_id, jwt_jwks_url=keys))

    async def test_an_access_token_of_our_client_holds(self, world: World, pool: "KeyPool") -> None:
        token = pool.sign_in()["AccessToken"]

        assert (await ask(world, token)).status_code == 200
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["token_use"], claims["client_id"]) == ("access", pool.client_id)
        assert world.platform.identity.verify(token).user_id == claims["sub"]

    async def test_an_id_token_is_refused(self, world: World, pool: "KeyPool") -> None:
        await assert_refused(world, pool.sign_in()["IdToken"])

    async def test_another_client_of_the_pool_is_refused(self, world: World, pool: "KeyPool") -> None:
        await assert_refused(world, pool.sign_in(pool.add_client())["AccessToken"])

    async def test_another_pool_is_refused_though_it_signs_with_the_same_key(self, world: World, moto: str) -> None:
        await assert_refused(world, KeyPool(moto).sign_in()["AccessToken"])


class KeyPool:
    """A user pool with one client and one user."""

    def __init__(self, moto: str) -> None:
        self._cognito = boto3.client("cognito-idp", region_name="us-east-1", endpoint_url=moto)
        self.pool_id = self._cognito.create_user_pool(PoolName="operators")["UserPool"]["Id"]
        self.issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{self.pool_id}"
        self.client_id = self.add_client()
        self._password = f"Aa1!{secrets.token_hex(8)}"
        self._cognito.admin_create_user(UserPoolId=self.pool_id, Username="dora", TemporaryPassword=self._password)
        self._cognito.admin_set_user_password(
            UserPoolId=self.pool_id, Username="dora", Password=self._password, Permanent=True
        )

    def add_client(self) -> str:
        made = self._cognito.create_user_pool_client(
            UserPoolId=self.pool_id, ClientName="console", ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"]
        )
        return str(made["UserPoolClient"]["ClientId"])

    def sign_in(self, client_id: str | None = None) -> dict[str, str]:
        answer = self._cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=client_id or self.client_id,
            AuthFlow="ADMIN_NO_SRP_AUTH",
            AuthParameters={"USERNAME": "dora", "PASSWORD": self._password},
        )
        return dict(answer["AuthenticationResult"])


def _sign_in(provider: str, user: str, client_id: str) -> dict[str, str]:
    """The authorization code flow, the provider's page included."""
    back = "http://127.0.0.1:1/signed-in"
    with httpx.Client(base_url=provider, trust_env=False) as browser:
        asked = {"client_id": client_id, "redirect_uri": back, "response_type": "code", "scope": "openid"}
        agreed = browser.post("/oauth2/authorize", params=asked, data={"sub": user})
        code = parse_qs(urlsplit(agreed.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        answer = browser.post("/oauth2/token", data=form, auth=(client_id, "secret"))
        tokens: dict[str, str] = answer.raise_for_status().json()
        return tokens


def _until_it_answers(url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < end
            time.sleep(0.1)
