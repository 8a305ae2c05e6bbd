"""Sign-in on `aws`: a Cognito user pool is the only issuer."""

import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

from oratio.adapters.aws.session import AwsSession
from oratio.adapters.local.identity import EmbeddedIssuer
from oratio.bootstrap.aws import aws_parts, platform_with
from oratio.errors import InvalidInput
from oratio.settings import Settings
from tests.api.aws.conftest import CloudAccount, on_aws
from tests.api.conftest import FORM, World, create

PASSWORD = "Correct-horse-7"


class CognitoPool(NamedTuple):
    """One user pool with one client."""

    client: Any
    pool_id: str
    client_id: str

    def settings(self, moto: str) -> dict[str, str]:
        issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{self.pool_id}"
        keys = f"{moto}/{self.pool_id}/.well-known/jwks.json"
        return {"jwt_issuer": issuer, "jwt_audience": self.client_id, "jwt_jwks_url": keys}

    def sign_in(self) -> dict[str, str]:
        """The tokens of a new user."""
        name = secrets.token_hex(6)
        self.client.admin_create_user(UserPoolId=self.pool_id, Username=name)
        self.client.admin_set_user_password(UserPoolId=self.pool_id, Username=name, Password=PASSWORD, Permanent=True)
        answer = self.client.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens


@pytest.fixture
def pool(moto: str) -> CognitoPool:
    client = AwsSession("us-east-1").client("cognito-idp")
    pool_id = client.create_user_pool(PoolName="oratio")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = client.create_user_pool_client(UserPoolId=pool_id, ClientName="console", ExplicitAuthFlows=flows)
    return CognitoPool(client, pool_id, made["UserPoolClient"]["ClientId"])


class CognitoWorld(World):
    """The issuer stays the platform's own."""

    def caller(self, token: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://oratio", headers=headers)


@pytest.fixture
def world(configure: Callable[..., Settings], moto: str, account: CloudAccount, pool: CognitoPool) -> CognitoWorld:
    settings = configure(platform="aws", aws_region="us-east-1", **pool.settings(moto))

    def build(config: Settings) -> Any:
        made = on_aws(config, account)
        return platform_with(aws_parts(config), made.knowledge, made.runtime)

    return CognitoWorld(settings, build)


async def test_an_operator_of_the_pool_creates_an_agent_that_no_other_sees(
    world: CognitoWorld, pool: CognitoPool
) -> None:
    async with world.caller(pool.sign_in()["AccessToken"]) as ada, world.caller(pool.sign_in()["AccessToken"]) as eve:
        agent_id = await create(ada)
        shown = (await ada.get(f"/api/agents/{agent_id}")).json()
        assert shown["sop"] == FORM["sop"]
        assert (await eve.get(f"/api/agents/{agent_id}")).status_code == 404
        assert (await eve.get("/api/agents")).json()["agents"] == []


async def test_an_id_token_is_not_an_access_token(world: CognitoWorld, pool: CognitoPool) -> None:
    async with world.caller(pool.sign_in()["IdToken"]) as caller:
        assert (await caller.get("/api/agents")).status_code == 401


async def test_the_embedded_issuer_is_a_stranger_here(world: CognitoWorld) -> None:
    embedded = EmbeddedIssuer(world.data / "keys", world.platform.clock)
    async with world.caller(embedded.issue("ada", ttl_s=60)) as caller:
        assert (await caller.get("/api/agents")).status_code == 401
        assert (await caller.get("/.well-known/jwks.json")).status_code == 404


def test_without_an_outside_issuer_there_is_no_platform(configure: Callable[..., Settings], world: World) -> None:
    parts = aws_parts(configure(platform="aws", aws_region="us-east-1"))
    with pytest.raises(InvalidInput) as caught:
        platform_with(parts, world.platform.knowledge, world.platform.runtime)
    assert {problem.loc for problem in caught.value.problems} == {("jwt_issuer",), ("jwt_audience",)}
