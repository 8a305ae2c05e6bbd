import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from oratio.adapters.aws.agentcore.agent_packages import AgentPackages
from oratio.adapters.aws.agentcore.roles import AgentRoles, RoleOptions
from oratio.adapters.aws.agentcore.runtime import AgentCoreParts, AgentCoreRuntime, RuntimeOptions
from oratio.adapters.aws.session import AwsSession
from oratio.domain.refs import VersionRef
from oratio.errors import CodeRejected
from oratio.ports.agent_runtime import AgentPackage, AgentRuntime, RuntimeRef
from tests.contract.agent_runtime import REF, Advance, AgentRuntimeContract
from tests.fakes.agents import is_signed, prompt_script, signed_package
from tests.fakes.aws.cloud import ACCOUNT, REGION, Cloud, cloud
from tests.fakes.clock import FakeClock

pytestmark = [pytest.mark.xdist_group("aws-runtime"), pytest.mark.slow]

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
KNOWLEDGE = {
    "agent": {"manual.md": "The warranty lasts twenty four months from the day of purchase."},
    "other": {"refunds.md": "A refund reaches the bank account within five working days."},
    "kb": {},
}


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def account(clock: FakeClock) -> Iterator[Cloud]:
    with cloud(now=lambda: clock.now_ms() / 1000) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        running.models.brain = lambda messages, system, tools: prompt_script(messages)
        yield running


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base without dependencies: what an agent imports is installed where its process runs here."""
    path = tmp_path_factory.mktemp("base") / "agent-base-test.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("base.txt", "nothing")
    return path


class _Known(AgentCoreRuntime):
    """Under the names that the suite gives knowledge bases."""

    ids: Mapping[str, str] = {}

    def ensure_runtime(
        self, ref: VersionRef, package: AgentPackage, *, engine_id: str, tags: Mapping[str, str], token: str
    ) -> RuntimeRef:
        return super().ensure_runtime(ref, package, engine_id=self.ids[engine_id], tags=tags, token=token)


class TestAgentCoreRuntime(AgentRuntimeContract):
    @pytest.fixture
    def runtime(self, account: Cloud, base: Path, clock: FakeClock) -> Iterator[AgentRuntime]:
        session = AwsSession()
        s3 = session.client("s3", "data")
        parts = AgentCoreParts(
            session=session,
            packages=AgentPackages(s3, "oratio-generated-code", ACCOUNT, base),
            roles=AgentRoles(session, RoleOptions(account_id=ACCOUNT, region=REGION, model_id=MODEL)),
            clock=clock,
            verify=is_signed,
        )
        options = RuntimeOptions("oratio-generated-code", ACCOUNT, MODEL, "MANAGED")
        runtime = _Known(parts, options)
        runtime.ids = {name: account.knowledge.seed(texts, version="000001") for name, texts in KNOWLEDGE.items()}
        yield runtime
        account.reset()

    @pytest.fixture
    def advance(self, clock: FakeClock) -> Advance:
        return clock.advance

    def test_unsigned_code_is_not_deployed(self, runtime: AgentRuntime) -> None:
        tampered = signed_package()._replace(code=b"print('other')\n")
        with pytest.raises(CodeRejected):
            runtime.ensure_runtime(REF, tampered, engine_id="kb", tags={}, token="t1")
