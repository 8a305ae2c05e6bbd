"""`ORATIO_PLATFORM=aws`: what it needs said, and what it is made of."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from oratio.adapters.aws.agentcore.runtime import AgentCoreRuntime
from oratio.adapters.aws.bedrock.knowledge_bases import BedrockKnowledgeBases
from oratio.adapters.aws.secrets import MountedSecrets
from oratio.bootstrap import build_platform, build_services
from oratio.errors import CloudRefused, InvalidInput
from oratio.settings import Settings

OUTSIDE = {"jwt_issuer": "https://id.example", "jwt_audience": "oratio", "jwt_jwks_url": "https://id.example/jwks"}
ACCOUNT = {"aws_region": "us-east-1", "aws_account_id": "123456789012", "model": "bedrock/some.model"}


def test_the_platform_is_built_without_asking_aws(configure: Callable[..., Settings]) -> None:
    platform = build_platform(configure(platform="aws", **ACCOUNT, **OUTSIDE))
    assert isinstance(platform.knowledge, BedrockKnowledgeBases)
    assert isinstance(platform.runtime, AgentCoreRuntime)
    assert platform.token_issuer is None
    assert build_services(platform)


def test_mounted_secrets_stand_in_for_secrets_manager(configure: Callable[..., Settings]) -> None:
    settings = configure(platform="aws", secrets_folder="/run/secrets/oratio", **ACCOUNT, **OUTSIDE)
    assert isinstance(build_platform(settings).secrets, MountedSecrets)


@pytest.mark.parametrize(
    ("missing", "named"),
    [("aws_account_id", "ORATIO_AWS_ACCOUNT_ID"), ("model", "ORATIO_MODEL"), ("jwt_issuer", "ORATIO_JWT_ISSUER")],
)
def test_a_missing_setting_is_named(configure: Callable[..., Settings], missing: str, named: str) -> None:
    given = {name: value for name, value in (ACCOUNT | OUTSIDE).items() if name != missing}
    with pytest.raises(InvalidInput, match=named):
        build_platform(configure(platform="aws", **given))


def test_a_missing_region_is_named(configure: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    given = {name: value for name, value in (ACCOUNT | OUTSIDE).items() if name != "aws_region"}
    with pytest.raises(CloudRefused) as caught:
        build_platform(configure(platform="aws", **given))
    assert "ORATIO_AWS_REGION" in caught.value.hint


def test_what_agents_are_made_of_is_not_imported_by_a_process_that_runs_none() -> None:
    command = "import sys, oratio.bootstrap.aws; print(*{'strands', 'bedrock_agentcore'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
