import dataclasses
import uuid
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient

from flows.recovery import MAX_RUNS, Reconciler
from oratio.adapters.local.database import Database
from oratio.adapters.local.records import SqliteJournal
from oratio.bootstrap import Platform, Services, build_platform, build_services
from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.refs import VersionRef
from oratio.ports.pipeline import Pipeline
from oratio.settings import load
from tasks import context
from tests.fakes.clock import FakeClock
from tests.flows.stack import SOP, LocalStack, ref_of, staged

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.slow]


class RecordingPipeline(Pipeline):
    """Gives out run ids that Prefect has never heard of: runs that are gone."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []

    def _start(self, what: str, attempt: int) -> str:
        self.started.append((what, attempt))
        return str(uuid.uuid4())

    def start_create(self, ref: VersionRef, attempt: int) -> str:
        return self._start("create", attempt)

    def start_update(self, ref: VersionRef, attempt: int) -> str:
        return self._start("update", attempt)

    def start_delete(self, user_id: str, agent_id: str, attempt: int) -> str:
        return self._start("delete", attempt)

    def cancel(self, run_id: str) -> None:
        pass

    def run_url(self, run_id: str) -> str:
        return run_id


class ReconcilerDesk:
    """The services of a worker, on a clock and a pipeline that the test holds."""

    def __init__(self, data: Path, url: str) -> None:
        self.clock = FakeClock()
        self.pipeline = RecordingPipeline()
        local = build_platform(load(data=data))
        self.platform: Platform = dataclasses.replace(
            local,
            clock=self.clock,
            pipeline=self.pipeline,
            journal=SqliteJournal(Database(data / "oratio.db"), self.clock),
        )
        self.services: Services = build_services(self.platform)
        self.executing: set[uuid.UUID] = set()
        self.reconciler = Reconciler(PrefectClient(url), lambda: self.executing)

    def submit(self) -> Agent:
        with staged(self.services, {"manual_txt": "Press reset."}) as files:
            form = {
                "agentName": "Tess",
                "agentType": "text",
                "sop": SOP,
                "knowledgeBaseDescription": "Questions about routers.",
                "humanHandoffDescription": "When the caller asks for a person.",
            }
            return self.services.agents.submit("ada", form, files)

    async def pass_over(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.advance(60)
            await self.reconciler.pass_over()

    def agent(self, agent: Agent) -> Agent:
        return self.services.agents.get(agent.user_id, agent.agent_id)


@pytest.fixture
def desk(stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReconcilerDesk:
    desk = ReconcilerDesk(tmp_path, stack.settings.prefect_url)
    monkeypatch.setattr(context, "_built", (desk.platform, desk.services))
    return desk


async def test_a_creation_whose_run_is_gone_is_started_again_with_the_next_attempt(desk: ReconcilerDesk) -> None:
    agent = desk.submit()
    await desk.pass_over()
    assert desk.pipeline.started == [("create", 1), ("create", 2)]
    assert desk.agent(agent).attempt == 2


async def test_a_start_that_was_just_made_is_left_alone(desk: ReconcilerDesk) -> None:
    desk.submit()
    await desk.reconciler.pass_over()
    assert desk.pipeline.started == [("create", 1)]


async def test_a_run_that_this_process_executes_is_left_alone(desk: ReconcilerDesk) -> None:
    agent = desk.submit()
    desk.executing.add(uuid.UUID(agent.flow_run_id or ""))
    await desk.pass_over()
    assert desk.pipeline.started == [("create", 1)]


async def test_a_version_under_a_live_lease_is_left_alone_until_it_expires(desk: ReconcilerDesk) -> None:
    agent = desk.submit()
    desk.clock.advance(60)
    desk.services.runs.begin(ref_of(agent), "another run")
    await desk.reconciler.pass_over()
    assert desk.pipeline.started == [("create", 1)]
    await desk.pass_over(times=2)
    assert ("create", 2) in desk.pipeline.started


async def test_a_creation_that_never_ends_well_is_given_up_with_a_reason(desk: ReconcilerDesk) -> None:
    agent = desk.submit()
    await desk.pass_over(times=MAX_RUNS + 3)
    failed = desk.agent(agent)
    assert failed.status is AgentStatus.FAILED
    assert failed.error
    assert "without a result" in failed.error.message
    assert len(desk.pipeline.started) == MAX_RUNS + 1


async def test_a_teardown_is_never_given_up_but_tried_less_often(desk: ReconcilerDesk) -> None:
    agent = desk.submit()
    desk.services.agents.delete(agent.user_id, agent.agent_id)
    await desk.pass_over(times=100)
    tries = sum(what == "delete" for what, _ in desk.pipeline.started)
    assert MAX_RUNS + 2 < tries < 20
    assert desk.agent(agent).status is AgentStatus.DELETING
