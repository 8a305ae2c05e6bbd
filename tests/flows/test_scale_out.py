"""Past one machine: what is submitted becomes active, whichever worker dies."""

import time
from collections.abc import Iterator

import pytest

from oratio.bootstrap import Services
from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.services.agents.agents import AgentService
from tests.fakes.cloud import WorkDesk
from tests.flows.cluster import Cluster, missing, running
from tests.flows.stack import SOP, build, staged

# Starting the stores, two replicas, the services and two workers takes two minutes of processor time.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800), pytest.mark.skipif(bool(missing()), reason=missing())]

TENANTS = ("ada", "grace", "edsger")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "oratio").mkdir()
    with running(folder) as found:
        for number in (1, 2):
            found.start_worker(number)
        yield found


@pytest.fixture
def services(cluster: Cluster) -> Services:
    """As an API process has them: it talks to the first replica."""
    return build(cluster.settings(0))[1]


def submit(services: Services, number: int) -> Agent:
    with staged(services, {"manual_txt": f"Router {number} has a reset button on its back."}) as received:
        form = {
            "agentName": f"Tess {number}",
            "agentType": "text",
            "sop": SOP,
            "knowledgeBaseDescription": "Questions about routers.",
            "humanHandoffDescription": "When the caller asks for a person.",
        }
        return services.agents.submit(TENANTS[number % len(TENANTS)], form, received)


def until_all_active(agents: AgentService, made: list[Agent], cluster: Cluster, *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    waiting = list(made)
    while waiting:
        waiting = [agent for agent in waiting if _status(agents, agent) is not AgentStatus.ACTIVE]
        assert time.monotonic() < deadline, (
            {agent.agent_id: _status(agents, agent) for agent in waiting},
            cluster.log(),
        )
        time.sleep(0.2)


def _status(agents: AgentService, agent: Agent) -> AgentStatus:
    found = agents.get(agent.user_id, agent.agent_id)
    assert found.status is not AgentStatus.FAILED, found.error
    return found.status


def creations(services: Services, cluster: Cluster, count: int, *, within_s: float) -> None:
    """Submit, kill a worker while it works, and see every agent made exactly once."""
    desk = WorkDesk(cluster.settings(0).data / "desk")
    desk.hold("ingestion")
    made = [submit(services, number) for number in range(count)]
    deadline = time.monotonic() + 120
    while len(desk.calls("start_ingestion")) < min(count, 6):
        assert time.monotonic() < deadline, cluster.log()
        time.sleep(0.05)
    cluster.kill_worker("worker-1")
    desk.release("ingestion")
    until_all_active(services.agents, made, cluster, within_s=within_s)
    # Tokens are the versions' own: a step that was repeated asked for the same thing again.
    runtimes = {call.split(" ")[1] for call in desk.calls("ensure_runtime")}
    assert len(runtimes) == count
    desk.clear()


def test_a_killed_workers_creations_end_active_on_the_other(services: Services, cluster: Cluster) -> None:
    creations(services, cluster, 6, within_s=120)
    assert cluster.workers_of_log("flow worker ready") == {"worker-1": 1, "worker-2": 1}


def test_a_hundred_creations_survive_a_killed_worker(services: Services, cluster: Cluster) -> None:
    cluster.start_worker(1)
    creations(services, cluster, 100, within_s=900)
