"""The world of the API's tests on the stores of `aws`; who signs tokens and what runs agents stay as they are there."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from oratio.adapters.aws.dynamodb.tables import names
from oratio.adapters.aws.setup import create_buckets, create_tables
from oratio.bootstrap import Platform, build_platform
from oratio.bootstrap.aws import aws_parts, platform_with
from oratio.ports.secrets import SecretName
from oratio.settings import Settings
from tests.api.conftest import World
from tests.fakes.aws.tenant_wall import TenantWall
from tests.fakes.moto import aws_on, moto_server, reset


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    with moto_server() as address:
        yield address


@pytest.fixture
def moto(moto_address: str) -> Iterator[str]:
    reset(moto_address)
    with aws_on(moto_address, "DYNAMODB", "S3", "STS", "SECRETS_MANAGER", "COGNITO_IDENTITY_PROVIDER"):
        yield moto_address


def on_aws(config: Settings) -> Platform:
    """The platform of `aws`, made from nothing, with the engines and the issuer of the embedded one."""
    parts = aws_parts(config)
    create_tables(parts.session, names(config))
    create_buckets(parts.session, [config.knowledge_bucket, config.code_bucket, config.conversations_bucket])
    vault = parts.session.client("secretsmanager")
    for name in SecretName:
        vault.create_secret(Name=f"{config.secrets_prefix}{name}", SecretString=f"{name} {'x' * 40}")
    embedded = build_platform(config.model_copy(update={"platform": "local"}))
    platform = platform_with(parts, embedded.knowledge, embedded.runtime)
    return dataclasses.replace(platform, identity=embedded.identity, token_issuer=embedded.token_issuer)


class AwsWorld(World):
    def stored(self) -> list[str]:
        stores = (self.platform.documents, self.platform.code, self.platform.recordings)
        return [store.uri(found.key) for store in stores for found in store.list("")] + super().stored()


TENANT_ROLE = "arn:aws:iam::123456789012:role/oratio-tenant-test"


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Iterator[TenantWall]:
    """Every call for a tenant is held against the rights of the tenant's session."""
    wall = TenantWall()
    wall.build(monkeypatch)
    yield wall
    assert wall.refused == []


@pytest.fixture
def world(configure: Callable[..., Settings], moto: str, wall: TenantWall) -> World:
    outside = {"jwt_issuer": "https://id.example", "jwt_audience": "oratio", "jwt_jwks_url": "https://id.example/jwks"}
    settings = configure(platform="aws", aws_region="us-east-1", tenant_role_arn=TENANT_ROLE, **outside)
    return AwsWorld(settings, on_aws)
