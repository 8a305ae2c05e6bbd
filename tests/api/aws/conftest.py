"""The world of the API's tests on the stores of `aws`; who signs tokens and what runs agents stay as they are there."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from moto.backends import get_backend

from oratio.adapters.aws.dynamodb.tables import names
from oratio.adapters.aws.secrets import SecretsManager
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.aws.setup import create_buckets, create_tables
from oratio.bootstrap import Platform, build_platform
from oratio.bootstrap.aws import aws_parts, platform_with
from oratio.ports.secrets import SecretName
from oratio.settings import Settings, load
from tests.api.conftest import World
from tests.fakes.aws.state import ACCOUNT
from tests.fakes.aws.tenant_wall import TenantWall
from tests.fakes.moto import aws_on, moto_server

TENANT_ROLE = "arn:aws:iam::123456789012:role/oratio-tenant-test"
SERVICES = ("DYNAMODB", "S3", "STS", "SECRETS_MANAGER", "COGNITO_IDENTITY_PROVIDER")


class CloudAccount:
    """One account for all tests: its clients, tables, buckets and secrets cost a second to make.

    Attributes:
        wall: What IAM would say of every call for a tenant that is made with its session.
    """

    def __init__(self, address: str, wall: TenantWall) -> None:
        self.address = address
        self.wall = wall
        self.session = AwsSession("us-east-1", tenant_role_arn=TENANT_ROLE)
        config = load()
        create_tables(self.session, names(config))
        create_buckets(
            self.session,
            [config.storage.knowledge_bucket, config.storage.code_bucket, config.storage.conversations_bucket],
        )
        vault = self.session.client("secretsmanager")
        for name in SecretName:
            vault.create_secret(Name=f"{config.aws.secrets_prefix}{name}", SecretString=f"{name} {'x' * 40}")

    def empty(self) -> None:
        """Take out all rows and objects; moto's server runs in this process."""
        for region in get_backend("dynamodb")[ACCOUNT].values():
            for table in region.tables.values():
                table.items.clear()
        for partition in get_backend("s3")[ACCOUNT].values():
            for bucket in partition.buckets.values():
                bucket.keys.clear()
                bucket.multiparts.clear()
        self.wall.refused.clear()
        self.wall.asked = 0


@pytest.fixture(scope="package")
def account() -> Iterator[CloudAccount]:
    wall = TenantWall()
    with moto_server() as address, aws_on(address, *SERVICES), pytest.MonkeyPatch.context() as patch:
        wall.build(patch)
        yield CloudAccount(address, wall)


@pytest.fixture
def moto(account: CloudAccount) -> Iterator[str]:
    """The account's address; nothing is left in it of another test."""
    account.empty()
    with aws_on(account.address, *SERVICES):
        yield account.address


@pytest.fixture
def wall(account: CloudAccount) -> Iterator[TenantWall]:
    """Every call for a tenant is held against the rights of the tenant's session."""
    yield account.wall
    assert account.wall.refused == []


def on_aws(config: Settings, account: CloudAccount) -> Platform:
    """The platform of `aws` with the engines and the issuer of the embedded one."""
    parts = dataclasses.replace(aws_parts(config), session=account.session)
    if config.aws.secrets_folder is None:
        parts = dataclasses.replace(parts, secrets=SecretsManager(account.session, config.aws.secrets_prefix))
    embedded = build_platform(config.changed(platform="local"))
    platform = platform_with(parts, embedded.knowledge, embedded.runtime)
    return dataclasses.replace(platform, identity=embedded.identity, token_issuer=embedded.token_issuer)


class AwsWorld(World):
    def stored(self) -> list[str]:
        stores = (self.platform.documents, self.platform.code, self.platform.recordings)
        return [store.uri(found.key) for store in stores for found in store.list("")] + super().stored()


@pytest.fixture
def world(configure: Callable[..., Settings], moto: str, account: CloudAccount, wall: TenantWall) -> World:
    outside = {"jwt_issuer": "https://id.example", "jwt_audience": "oratio", "jwt_jwks_url": "https://id.example/jwks"}
    settings = configure(platform="aws", aws_region="us-east-1", tenant_role_arn=TENANT_ROLE, **outside)
    return AwsWorld(settings, partial(on_aws, account=account))
