import pytest

from oratio.domain.agents import agent as agents
from oratio.domain.agents.agent import AgentStatus, Step, StepStatus
from oratio.domain.knowledge import knowledge_base as knowledge_bases
from oratio.domain.knowledge.knowledge_base import KnowledgeBaseStatus
from oratio.errors import Conflict
from tests.fakes.records import a_knowledge_base, an_agent


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "creating"), ("active", "failed"), ("deleting", "active"), ("failed", "active")],
)
def test_an_illegal_status_change_is_a_conflict(before: str, after: str) -> None:
    with pytest.raises(Conflict):
        agents.with_status(an_agent(status=AgentStatus(before)), AgentStatus(after), 1)


def test_every_status_may_become_deleting_and_stay_so() -> None:
    for status in AgentStatus:
        assert agents.with_status(an_agent(status=status), AgentStatus.DELETING, 1).status is AgentStatus.DELETING


def test_a_knowledge_base_is_worked_on_before_it_is_ready_again() -> None:
    failed = a_knowledge_base(status=KnowledgeBaseStatus.FAILED)
    with pytest.raises(Conflict):
        knowledge_bases.with_status(failed, KnowledgeBaseStatus.READY, 1)


def test_a_step_keeps_its_start_until_it_begins_again() -> None:
    agent = agents.with_step(an_agent(), Step.AUTHOR_AGENT, StepStatus.RUNNING, 10)
    agent = agents.with_step(agent, Step.AUTHOR_AGENT, StepStatus.RUNNING, 15, "round 2")
    agent = agents.with_step(agent, Step.AUTHOR_AGENT, StepStatus.FAILED, 20, "no")
    entry = next(entry for entry in agent.progress if entry.step is Step.AUTHOR_AGENT)
    assert (entry.started_at, entry.ended_at, entry.detail) == (10, 20, "no")
    agent = agents.with_step(agent, Step.AUTHOR_AGENT, StepStatus.RUNNING, 30)
    entry = next(entry for entry in agent.progress if entry.step is Step.AUTHOR_AGENT)
    assert (entry.started_at, entry.ended_at, entry.detail) == (30, None, "")
