import pytest

from oratio.domain.agents.agent import AgentStatus, Step, StepStatus
from oratio.domain.agents.version import VersionStatus
from oratio.domain.knowledge.knowledge_base import KnowledgeBaseStatus
from oratio.errors import NotReady
from tests.flows.stack import SOP, LocalStack, ref_of

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.slow]


def test_a_submitted_folder_ends_as_an_active_agent(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)
    # The version's own record follows the agent's.
    stack.until_run_state(agent.flow_run_id, "COMPLETED")

    assert [entry.status for entry in agent.progress] == [StepStatus.SUCCEEDED] * len(Step)
    assert agent.current_version == 1
    assert agent.api_endpoint
    assert agent.websocket_url
    assert stack.platform.versions.get(ref_of(agent)).status is VersionStatus.LIVE
    assert stack.services.agents.knowledge_base(agent).status is KnowledgeBaseStatus.READY


def test_each_external_resource_is_made_once_and_the_endpoint_is_pinned_after_the_smoke_call(stack: LocalStack) -> None:
    stack.until_status(stack.submit(), AgentStatus.ACTIVE)

    methods = [call.split(" ")[0] for call in stack.desk.calls()]
    for method in ("ensure_knowledge_base", "ensure_data_source", "start_ingestion", "ensure_runtime"):
        assert methods.count(method) == 1, method
    assert methods.index("ensure_runtime") < methods.index("invoke") < methods.index("ensure_endpoint")


def test_the_run_page_shows_a_summary_without_sop_or_document_text(stack: LocalStack) -> None:
    agent = stack.submit(manual_txt="The wizard lives in the tower.", bad_txt="unreadable")
    agent = stack.until_status(agent, AgentStatus.ACTIVE)
    stack.until_run_state(agent.flow_run_id, "COMPLETED")

    summary = stack.artifacts(agent.flow_run_id)["markdown"]
    assert "2 files, 1 with problems" in summary
    assert "bad.txt" in summary
    assert "wizard" not in summary
    assert SOP.splitlines()[2] not in summary


def test_a_file_that_cannot_be_read_becomes_a_problem_not_a_failure(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(good_txt="All is well.", bad_txt="?"), AgentStatus.ACTIVE)

    problems = stack.services.agents.knowledge_base(agent).problems
    assert [problem.path for problem in problems] == ["bad.txt"]


def test_a_failing_step_marks_the_agent_failed_and_a_retry_resumes_there(stack: LocalStack) -> None:
    stack.desk.fail("ensure_runtime", times=1)
    agent = stack.until_status(stack.submit(), AgentStatus.FAILED)

    assert agent.error
    assert agent.error.step == Step.REHEARSE_AGENT
    assert agent.error.code == "step_failed"
    assert "on cue" in agent.error.message
    stack.until_run_state(agent.flow_run_id, "FAILED")

    stack.services.agents.retry(agent.user_id, agent.agent_id)
    agent = stack.until_status(agent, AgentStatus.ACTIVE)
    assert agent.error is None
    assert len(stack.desk.calls("inspect")) == 1
    assert len(stack.desk.calls("start_ingestion")) == 1


def test_an_error_that_may_pass_is_retried_by_its_task(stack: LocalStack) -> None:
    stack.desk.fail("ensure_data_source", times=2, retryable=True)
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)

    assert len(stack.desk.calls("ensure_data_source")) == 3
    assert agent.attempt == 1


def test_of_two_runs_on_one_version_one_works_and_the_other_ends_failed(stack: LocalStack) -> None:
    stack.desk.hold("ingestion")
    agent = stack.submit()
    stack.until(lambda: bool(stack.desk.calls("start_ingestion")))

    second = stack.platform.pipeline.start_create(ref_of(agent), attempt=2)
    stack.until_run_state(second, "FAILED")
    assert stack.agent(agent).status is AgentStatus.CREATING

    stack.desk.release("ingestion")
    stack.until_status(agent, AgentStatus.ACTIVE)
    assert len(stack.desk.calls("start_ingestion")) == 1
    assert len(stack.desk.calls("ensure_endpoint")) == 1


def test_a_long_ingestion_keeps_its_lease(stack: LocalStack) -> None:
    stack.desk.hold("ingestion")
    agent = stack.submit()
    stack.until(lambda: bool(stack.desk.calls("start_ingestion")))
    first = stack.platform.journal.lease(ref_of(agent))
    assert first

    def renewed() -> bool:
        lease = stack.platform.journal.lease(ref_of(agent))
        return lease is not None and lease.expires_at > first.expires_at and lease.fence == first.fence

    stack.until(renewed)
    with pytest.raises(NotReady):
        stack.services.knowledge_bases.require_ingested(ref_of(agent))
    stack.desk.release("ingestion")
    stack.until_status(agent, AgentStatus.ACTIVE)
