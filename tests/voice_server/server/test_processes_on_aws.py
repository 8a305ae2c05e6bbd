"""Four real voice processes that share nothing but the stores of `aws`, here moto's DynamoDB and S3."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oratio import settings
from oratio.adapters.aws.dynamodb.tables import names
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.aws.setup import create_buckets, create_tables
from oratio.ports.secrets import SecretName
from tests.fakes.issuer import Issuer, issuer_process
from tests.fakes.moto import aws_on, moto_server
from tests.voice_server.conftest import free_port
from tests.voice_server.processes import Servers
from tests.voice_server.server.test_processes import (
    test_a_dropped_caller_comes_back_at_whichever_process,
    test_a_revoked_key_ends_its_calls_in_all_processes,
    test_a_ticket_is_used_up_for_all_processes,
    test_an_operator_reaches_every_call_at_whichever_process,
)

__all__ = [
    "test_a_dropped_caller_comes_back_at_whichever_process",
    "test_a_revoked_key_ends_its_calls_in_all_processes",
    "test_a_ticket_is_used_up_for_all_processes",
    "test_an_operator_reaches_every_call_at_whichever_process",
]

AUDIENCE = "oratio"


class AwsServers(Servers):
    """Operators come with tokens of an outside issuer, as there is no other on `aws`."""

    def __init__(self, folder: Path, port: int, issuer: Issuer) -> None:
        self._issuer = issuer
        given: dict[str, Any] = {
            "platform": "aws",
            "aws_region": "us-east-1",
            "aws_account_id": "123456789012",
            "model": "bedrock/some.model",
            "tenant_role_arn": "arn:aws:iam::123456789012:role/oratio-tenant-test",
            "secrets_folder": folder / "secrets",
            "jwt_issuer": issuer.url,
            "jwt_audience": AUDIENCE,
        }
        (folder / "secrets").mkdir()
        for name in SecretName:
            (folder / "secrets" / name).write_bytes(secrets.token_bytes(32))
        config = settings.load(data=folder, **given)
        session = AwsSession("us-east-1")
        create_tables(session, names(config))
        create_buckets(
            session, [config.storage.knowledge_bucket, config.storage.code_bucket, config.storage.conversations_bucket]
        )
        super().__init__(folder, port, voice_processes=4, voice_calls_per_key=40, **given)

    def token(self) -> str:
        return self._issuer.token(sub="ada")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with (
        moto_server() as address,
        aws_on(address, "DYNAMODB", "S3", "STS"),
        issuer_process(AUDIENCE) as (issuer, _),
        AwsServers(tmp_path_factory.mktemp("voice"), free_port(), issuer).running() as running,
    ):
        yield running
