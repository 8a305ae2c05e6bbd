from collections.abc import Iterator
from pathlib import Path

import pytest

from oratio.adapters.local.agent_runtime import LocalAgentRuntime
from oratio.errors import CodeRejected, Unavailable
from oratio.ports.agent_runtime import AgentRuntime
from tests.contract.agent_runtime import REF, Advance, AgentRuntimeContract, deployed, events
from tests.fakes.agent_host import RunningHost, running_host
from tests.fakes.agents import MemoryKnowledge, passage, signed_package
from tests.fakes.clock import FakeClock

pytestmark = [pytest.mark.xdist_group("agent-host")]

KNOWLEDGE = {
    "agent": [passage("p1", "manual.md", "The warranty lasts twenty four months from the day of purchase.")],
    "other": [passage("p2", "refunds.md", "A refund reaches the bank account within five working days.")],
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    folder = tmp_path_factory.mktemp("host")
    with running_host(folder, MemoryKnowledge(KNOWLEDGE), allow_unsandboxed=True) as running:
        yield running


class TestLocalAgentRuntime(AgentRuntimeContract):
    @pytest.fixture
    def runtime(self, host: RunningHost) -> Iterator[AgentRuntime]:
        yield host.runtime
        for folder in host.root.glob("o_*"):
            host.runtime.delete_runtime(folder.name)

    @pytest.fixture
    def advance(self, host: RunningHost) -> Advance:
        return host.clock.advance

    def test_unsigned_code_is_not_stored(self, host: RunningHost) -> None:
        tampered = signed_package()._replace(code=b"print('other')\n")
        with pytest.raises(CodeRejected):
            host.runtime.ensure_runtime(REF, tampered, engine_id="kb", tags={}, token="t1")

    async def test_without_a_host_invoke_raises_unavailable(self, tmp_path: Path) -> None:
        clock = FakeClock()
        runtime = LocalAgentRuntime(tmp_path / "agents", "http://127.0.0.1:9", tmp_path / "token", clock)
        made = deployed(runtime, clock.advance)
        with pytest.raises(Unavailable):
            await events(runtime, made.runtime_id, "hello")
