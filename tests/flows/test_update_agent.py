import pytest

from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.agents.version import VersionStatus
from tests.flows.stack import LocalStack, ref_of, staged

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.slow]


def _update(stack: LocalStack, agent: Agent, *, activate: bool = True, **files: str) -> int:
    with staged(stack.services, files) as received:
        return stack.services.agents.update(agent.user_id, agent.agent_id, {}, received, activate=activate)


def test_a_new_version_is_built_beside_the_live_one_and_takes_over(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)
    stack.desk.hold("ingestion")
    _update(stack, agent, prices_txt="A new router costs 40.")
    stack.until(lambda: len(stack.desk.calls("start_ingestion")) == 2)
    assert stack.agent(agent).current_version == 1
    assert stack.agent(agent).status is AgentStatus.ACTIVE

    stack.desk.release("ingestion")
    stack.until(lambda: stack.agent(agent).current_version == 2)
    stack.until_run_state(stack.agent(agent).flow_run_id, "COMPLETED")
    history = stack.platform.versions.history(agent.user_id, agent.agent_id)
    assert [(record.version, record.status) for record in history] == [
        (2, VersionStatus.LIVE),
        (1, VersionStatus.RETIRED),
    ]


def test_an_update_that_fails_leaves_the_live_version_serving(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)
    stack.desk.fail("ensure_runtime", times=1)
    _update(stack, agent, prices_txt="A new router costs 40.")

    stack.until(lambda: stack.agent(agent).error is not None)
    after = stack.agent(agent)
    assert after.status is AgentStatus.ACTIVE
    assert after.current_version == 1
    assert stack.platform.versions.get(ref_of(after)).status is VersionStatus.FAILED
    assert after.latest_version == 2


def test_a_held_version_waits_rehearsed_until_it_is_activated(stack: LocalStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)
    _update(stack, agent, activate=False, prices_txt="A new router costs 40.")

    stack.until(lambda: stack.platform.versions.get(ref_of(stack.agent(agent))).status is VersionStatus.REHEARSED)
    stack.until_run_state(stack.agent(agent).flow_run_id, "COMPLETED")
    held = stack.agent(agent)
    assert (held.current_version, held.latest_version, held.status) == (1, 2, AgentStatus.ACTIVE)
    assert held not in stack.services.agents.unfinished()
    assert [entry.detail for entry in held.progress][-1] == "version 2 waits to be activated"

    switched = stack.services.deployment.switch(agent.user_id, agent.agent_id, 2)
    assert switched.current_version == 2
    history = stack.platform.versions.history(agent.user_id, agent.agent_id)
    assert [record.status for record in history] == [VersionStatus.LIVE, VersionStatus.RETIRED]
