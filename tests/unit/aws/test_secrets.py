"""The server's secrets on AWS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oratio.adapters.aws.secrets import MountedSecrets, SecretsManager
from oratio.adapters.aws.session import AwsSession
from oratio.errors import CloudRefused
from oratio.ports.secrets import SecretName
from tests.fakes.moto import aws_on, moto_server

NAME = SecretName.API_KEYS_PEPPER


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with moto_server() as address, aws_on(address, "SECRETS_MANAGER"):
        yield AwsSession("us-east-1")


@pytest.fixture
def vault(session: AwsSession) -> Any:
    return session.client("secretsmanager")


def test_every_process_gets_the_same_bytes_of_a_generated_text(session: AwsSession, vault: Any) -> None:
    vault.create_secret(Name=f"oratio/{NAME}", SecretString="k" * 64)
    first, second = (SecretsManager(AwsSession("us-east-1"), "oratio/").get(NAME) for _ in range(2))
    assert first == second
    assert len(first) == 32


def test_thirty_two_bytes_are_taken_as_they_are(session: AwsSession, vault: Any) -> None:
    vault.create_secret(Name=f"oratio/{NAME}", SecretBinary=bytes(range(32)))
    assert SecretsManager(session, "oratio/").get(NAME) == bytes(range(32))


def test_a_secret_is_fetched_once(session: AwsSession, vault: Any) -> None:
    vault.create_secret(Name=f"oratio/{NAME}", SecretString="k" * 64)
    secrets = SecretsManager(session, "oratio/")
    first = secrets.get(NAME)
    vault.delete_secret(SecretId=f"oratio/{NAME}", ForceDeleteWithoutRecovery=True)
    assert secrets.get(NAME) == first


def test_a_missing_secret_is_named_with_its_mend(session: AwsSession) -> None:
    with pytest.raises(CloudRefused, match=r"oratio/api-keys\.pepper is not there") as caught:
        SecretsManager(session, "oratio/").get(NAME)
    assert "oratio aws deploy" in caught.value.hint


def test_a_short_secret_is_refused_and_not_repeated(session: AwsSession, vault: Any) -> None:
    vault.create_secret(Name=f"oratio/{NAME}", SecretString="hunter2")
    with pytest.raises(CloudRefused, match="too short") as caught:
        SecretsManager(session, "oratio/").get(NAME)
    assert "hunter2" not in str(caught.value)


def test_a_mounted_secret_is_read_without_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"k" * 32 + b"\n")
    assert MountedSecrets(tmp_path).get(NAME) == b"k" * 32


def test_a_secret_that_is_not_mounted_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(CloudRefused) as caught:
        MountedSecrets(tmp_path).get(NAME)
    assert "ORATIO_SECRETS_FOLDER" in caught.value.hint
