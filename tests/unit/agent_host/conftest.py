from collections.abc import Callable, Iterator

import pytest

from oratio.agent_host.sandbox.confinement import Tier
from oratio.domain.refs import VersionRef
from oratio.ports.agent_runtime import LIVE, AgentRuntime
from tests.fakes.agent_host import RunningHost, running_host
from tests.fakes.agents import MemoryKnowledge, passage, signed_package

PASSAGES = [passage("p1", "manual.md", "The warranty lasts twenty four months from the day of purchase.")]

type Deploy = Callable[..., str]


@pytest.fixture(scope="session", params=[Tier.A, Tier.B], ids=["tier-A", "tier-B"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """A host in each tier of this machine."""
    folder = tmp_path_factory.mktemp("host")
    with running_host(folder, MemoryKnowledge({"kb": PASSAGES}), allow_unsandboxed=True, strongest=request.param) as it:
        if it.host.isolation.tier is not request.param:
            pytest.skip(f"this machine does not offer tier {request.param}: {it.host.isolation.reason}")
        yield it


@pytest.fixture
def deploy(host: RunningHost) -> Iterator[Deploy]:
    """Deploys an agent under a name and returns its runtime id; everything is deleted afterwards."""

    def deploy(name: str, code: bytes | None = None) -> str:
        ref = VersionRef(user_id="tenant", agent_id=name, version=1)
        runtime: AgentRuntime = host.runtime
        made = runtime.ensure_runtime(ref, signed_package(code), engine_id="kb", tags={}, token=f"t-{name}")
        runtime.ensure_endpoint(made.runtime_id, LIVE, made.runtime_version)
        return made.runtime_id

    yield deploy
    for folder in host.root.glob("o_*"):
        host.runtime.delete_runtime(folder.name)
