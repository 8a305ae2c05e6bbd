"""`oratio doctor --platform aws`: each fault is one message with its mend, on an account of moto's."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from oratio.adapters.aws.dynamodb.tables import AGENTS, names
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.aws.setup import create_buckets, create_tables
from oratio.cli.aws.checks import aws_checks
from oratio.cli.machine.checks import DoctorCheck
from oratio.ports.secrets import SecretName
from oratio.settings import Settings, load
from tests.fakes.moto import aws_on, moto_server, reset

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
SETTINGS = load(platform="aws", aws_region="us-east-1", model=f"bedrock/{MODEL}", speech="none")
SERVICES = ("S3", "DYNAMODB", "STS", "IAM", "SECRETS_MANAGER", "BEDROCK_AGENT", "BEDROCK_AGENTCORE_CONTROL")
AVAILABLE = {
    "modelId": MODEL,
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with moto_server() as found:
        yield found


@pytest.fixture
def session(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSession]:
    """An account in which everything is there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with aws_on(address, *SERVICES):
        found = AwsSession("us-east-1")
        buckets = (
            SETTINGS.storage.knowledge_bucket,
            SETTINGS.storage.code_bucket,
            SETTINGS.storage.conversations_bucket,
        )
        create_buckets(found, buckets)
        create_tables(found, names(SETTINGS))
        for name in SecretName:
            found.client("secretsmanager").create_secret(Name=f"oratio/{name}", SecretString="x" * 64)
        yield found
        reset(address)


def look(
    session: AwsSession, settings: Settings = SETTINGS, answer: dict[str, Any] | str = AVAILABLE
) -> list[DoctorCheck]:
    with Stubber(session.client("bedrock")) as bedrock:
        bedrock.add_response("list_inference_profiles", {"inferenceProfileSummaries": []})
        if isinstance(answer, str):
            bedrock.add_client_error("get_foundation_model_availability", answer)
        else:
            bedrock.add_response("get_foundation_model_availability", answer)
        return aws_checks(session, settings)


def fault(found: list[DoctorCheck], name: str) -> str:
    check = next(check for check in found if check.name == name)
    assert not check.ok
    return f"{check.detail}: {check.fix}"


def test_an_account_with_everything_passes(session: AwsSession) -> None:
    assert [check for check in look(session) if not check.ok] == []


def test_without_credentials_nothing_else_is_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with aws_on(address, *SERVICES):
        found = aws_checks(AwsSession("us-east-1"), SETTINGS)
    assert [check.name for check in found] == ["account"]
    assert "aws sso login" in fault(found, "account")


def test_another_accounts_credentials_are_told(session: AwsSession) -> None:
    other = SETTINGS.changed(aws_account_id="999999999999")
    assert "not 999999999999" in fault(aws_checks(session, other), "account")


def test_a_missing_bucket_is_named(session: AwsSession) -> None:
    session.client("s3").delete_bucket(Bucket=SETTINGS.storage.code_bucket)
    assert SETTINGS.storage.code_bucket in fault(look(session), "buckets")


def test_a_missing_table_is_named(session: AwsSession) -> None:
    session.client("dynamodb").delete_table(TableName=names(SETTINGS)[AGENTS])
    assert "oratio-agents is missing" in fault(look(session), "tables")


def test_a_missing_secret_is_named(session: AwsSession) -> None:
    name = f"oratio/{SecretName.REVIEW_KEY}"
    session.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    assert name in fault(look(session), "secrets")


def test_a_model_without_access_is_named_with_where_to_ask(session: AwsSession) -> None:
    refused = {**AVAILABLE, "authorizationStatus": "NOT_AUTHORIZED"}
    assert "Model access" in fault(look(session, answer=refused), "model")


def test_a_model_that_is_not_there_is_named(session: AwsSession) -> None:
    assert f"no model {MODEL}" in fault(look(session, answer="ResourceNotFoundException"), "model")


def test_a_model_of_another_provider_cannot_answer_on_agentcore(session: AwsSession) -> None:
    other = SETTINGS.changed(model="builtin")
    assert "bedrock/<model id>" in fault(aws_checks(session, other), "model")
