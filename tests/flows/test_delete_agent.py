import pytest

from oratio.domain.agents.agent import AgentStatus
from oratio.domain.storage_layout import agent_prefix
from tests.flows.stack import LocalStack

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.slow]

TEARDOWN = ["delete_runtime", "delete_data_source", "delete_knowledge_base"]


def _nothing_left(stack: LocalStack, user_id: str, agent_id: str) -> bool:
    prefix = agent_prefix(user_id, agent_id)
    return not any(list(store.list(prefix)) for store in (stack.platform.documents, stack.platform.code))


def test_an_active_agent_is_taken_down_whole_and_in_order(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)

    going = stack.services.agents.delete(agent.user_id, agent.agent_id)
    assert going.status is AgentStatus.DELETING
    stack.until_gone(agent)

    assert _nothing_left(stack, agent.user_id, agent.agent_id)
    methods = [call.split(" ")[0] for call in stack.desk.calls()]
    assert [method for method in methods if method in TEARDOWN] == TEARDOWN


def test_deleting_during_creation_cancels_the_run_and_leaves_nothing(stack: LocalStack) -> None:
    stack.desk.hold("ingestion")
    agent = stack.submit()
    stack.until(lambda: bool(stack.desk.calls("start_ingestion")))

    stack.services.agents.delete(agent.user_id, agent.agent_id)
    stack.until_gone(agent)

    stack.until_run_state(agent.flow_run_id, "CANCELLED")
    assert _nothing_left(stack, agent.user_id, agent.agent_id)
    assert len(stack.desk.calls("stop_ingestion")) == 1
    assert not stack.desk.calls("ensure_runtime")


def test_a_teardown_step_that_fails_once_is_done_again(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)
    stack.desk.fail("delete_knowledge_base", times=1, retryable=True)

    stack.services.agents.delete(agent.user_id, agent.agent_id)
    stack.until_gone(agent)
    assert len(stack.desk.calls("delete_knowledge_base")) == 2
