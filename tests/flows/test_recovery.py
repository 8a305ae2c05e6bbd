import signal

import pytest

from oratio.adapters.prefect_pipeline import PrefectPipeline
from oratio.domain.agents.agent import AgentStatus
from oratio.domain.agents.version import VersionStatus
from oratio.settings import load
from tests.flows.stack import LocalStack, build, ref_of

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.slow]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_stopped_in_the_middle_goes_on_after_its_restart_and_doubles_nothing(
    stack: LocalStack, number: signal.Signals
) -> None:
    stack.desk.hold("ingestion")
    agent = stack.submit()
    stack.until(lambda: bool(stack.desk.calls("start_ingestion")))

    stack.stop_worker(number)
    assert stack.run_state(agent.flow_run_id) == ("RUNNING" if number is signal.SIGKILL else "SCHEDULED")
    stack.desk.release("ingestion")
    stack.start_worker()

    done = stack.until_status(agent, AgentStatus.ACTIVE)
    assert done.flow_run_id == agent.flow_run_id
    assert done.attempt == 1
    assert len(stack.desk.calls("inspect")) == 1
    assert len(set(stack.desk.calls("start_ingestion"))) == 1
    assert len(stack.desk.calls("ensure_runtime")) == 1
    stack.until_run_state(agent.flow_run_id, "COMPLETED")


def test_an_activation_cut_off_before_the_versions_record_was_written_is_finished(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)
    stack.until_run_state(agent.flow_run_id, "COMPLETED")
    live = stack.platform.versions.get(ref_of(agent))
    stack.platform.versions.save(live.model_copy(update={"status": VersionStatus.REHEARSED}))

    stack.set_run_state(agent.flow_run_id, "SCHEDULED", "AwaitingRetry")
    stack.until(lambda: stack.platform.versions.get(ref_of(agent)).status is VersionStatus.LIVE)
    assert len(stack.desk.calls("ensure_runtime")) == 1


def test_a_run_that_is_cut_off_again_and_again_is_failed_with_its_agent(stack: LocalStack) -> None:
    stack.desk.hold("ingestion")
    agent = stack.submit()
    stack.until(lambda: bool(stack.desk.calls("start_ingestion")))
    stack.stop_worker(signal.SIGKILL)
    for _ in range(5):
        stack.set_run_state(agent.flow_run_id, "RUNNING", "Running")

    stack.start_worker()
    failed = stack.until_status(agent, AgentStatus.FAILED)
    assert failed.error
    assert "stopped" in failed.error.message
    assert stack.run_state(agent.flow_run_id) == "FAILED"


def test_an_agent_submitted_while_prefect_was_away_is_started_by_the_reconciler(stack: LocalStack) -> None:
    away = load(
        data=stack.settings.data, port_base=stack.settings.server.port_base, prefect_api_url="http://127.0.0.1:9/api"
    )
    _, services = build(away)
    elsewhere, stack.services = stack.services, services
    try:
        agent = stack.submit()
    finally:
        stack.services = elsewhere
    assert agent.status is AgentStatus.CREATING
    assert agent.flow_run_id is None

    stack.stop_worker(signal.SIGTERM)
    stack.start_worker()
    assert stack.until_status(agent, AgentStatus.ACTIVE).flow_run_id


def test_a_run_cancelled_in_prefect_leaves_the_agent_failed_with_a_reason(stack: LocalStack) -> None:
    stack.desk.hold("ingestion")
    agent = stack.submit()
    stack.until(lambda: bool(stack.desk.calls("start_ingestion")))

    PrefectPipeline(stack.settings).cancel(agent.flow_run_id or "")

    failed = stack.until_status(agent, AgentStatus.FAILED)
    assert failed.error
    assert failed.error.message.endswith("retry it")
    stack.until_run_state(agent.flow_run_id, "CANCELLED")

    stack.desk.release("ingestion")
    stack.services.agents.retry(agent.user_id, agent.agent_id)
    stack.until_status(agent, AgentStatus.ACTIVE)
    assert ref_of(agent).version == 1
