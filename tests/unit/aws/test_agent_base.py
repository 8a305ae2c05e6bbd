"""The zip every agent on AgentCore is made from: its name says its versions, and one machine's serves all."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oratio.adapters.aws.agentcore.agent_base import base_name, pins
from oratio.adapters.aws.agentcore.agent_packages import AgentPackages
from oratio.adapters.aws.session import AwsSession
from oratio.bootstrap.aws import build_agent_base
from oratio.errors import StepFailed
from oratio.settings import Settings, load
from tests.fakes.moto import aws_on, moto_server

ACCOUNT = "123456789012"


@pytest.fixture
def s3() -> Iterator[Any]:
    with moto_server() as address, aws_on(address, "S3"):
        client = AwsSession("us-east-1").client("s3")
        client.create_bucket(Bucket="code")
        yield client


def settings(tmp_path: Path, base: Path) -> Settings:
    given = {"platform": "aws", "aws_region": "us-east-1", "aws_account_id": ACCOUNT, "model": "bedrock/some"}
    return load(**{**given, "data": tmp_path, "agent_base": base, "code_bucket": "code"})


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("base.txt", "all of it")
    return path


def test_the_base_of_other_versions_has_another_name() -> None:
    assert base_name(pins()) == base_name(pins())
    assert base_name([*pins(), "more==1"]) != base_name(pins())
    assert {"boto3", "strands-agents", "bedrock-agentcore"} <= {pin.partition("==")[0] for pin in pins()}


def test_a_base_once_built_lies_in_the_bucket_for_every_worker(s3: Any, tmp_path: Path) -> None:
    built = zipped(tmp_path / "agent-base-1.zip")
    assert build_agent_base(settings(tmp_path, built)) == built
    elsewhere = tmp_path / "other" / "agent-base-1.zip"
    AgentPackages(s3, "code", ACCOUNT, elsewhere).require_base()
    assert elsewhere.read_bytes() == built.read_bytes()


def test_a_base_that_nobody_built_is_told_with_the_command_that_builds_it(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"agent-base-2\.zip.*oratio aws build-base"):
        AgentPackages(s3, "code", ACCOUNT, tmp_path / "agent-base-2.zip").require_base()
