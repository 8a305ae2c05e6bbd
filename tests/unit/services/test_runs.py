from pathlib import Path

import pytest

from oratio.adapters.local.database import Database
from oratio.adapters.local.records import SqliteAgents, SqliteJournal, SqliteKnowledgeBases, SqliteVersions
from oratio.domain.agents.agent import AgentStatus, Step, StepStatus
from oratio.domain.agents.version import VersionStatus
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, LeaseLost, NoDocumentsIndexed
from oratio.services.agents.runs import RunService
from tests.fakes.clock import FakeClock
from tests.fakes.records import a_knowledge_base, a_version, an_agent

REF = VersionRef(user_id="ada", agent_id="a1", version=1)


class House:
    """A run service over real records and a clock that tests move."""

    def __init__(self, path: Path) -> None:
        database = Database(path)
        self.clock = FakeClock()
        self.agents = SqliteAgents(database)
        self.versions = SqliteVersions(database)
        self.runs = RunService(
            agents=self.agents,
            knowledge_bases=SqliteKnowledgeBases(database),
            versions=self.versions,
            journal=SqliteJournal(database, self.clock),
            clock=self.clock,
            lease_ms=60_000,
        )
        self.agents.add(an_agent(), a_knowledge_base(), a_version())

    def status_of(self, step: Step) -> StepStatus:
        progress = self.agents.get("ada", "a1").progress
        return next(entry.status for entry in progress if entry.step is step)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "oratio.db")


def test_a_second_run_skips_what_the_first_completed(house: House) -> None:
    house.runs.begin(REF, "run-1")
    assert house.runs.enter(REF, "run-1", Step.INGEST_FOLDER)
    house.runs.complete(REF, "run-1", Step.INGEST_FOLDER, "2 files", {"files": 2})
    house.clock.advance(61)
    house.runs.begin(REF, "run-2")
    assert not house.runs.enter(REF, "run-2", Step.INGEST_FOLDER)
    assert house.runs.outcome(REF, Step.INGEST_FOLDER) == {"files": 2}


def test_two_runs_on_one_version_never_work_at_once(house: House) -> None:
    house.runs.begin(REF, "run-1")
    with pytest.raises(Conflict):
        house.runs.begin(REF, "run-2")
    house.clock.advance(61)
    house.runs.begin(REF, "run-2")
    with pytest.raises(LeaseLost):
        house.runs.enter(REF, "run-1", Step.INGEST_FOLDER)
    with pytest.raises(LeaseLost):
        house.runs.keep(REF, "run-1")


def test_a_failure_names_step_code_and_mend_and_a_retry_goes_on(house: House) -> None:
    house.runs.begin(REF, "run-1")
    house.runs.enter(REF, "run-1", Step.PROVISION_KNOWLEDGE_BASE)
    house.runs.fail(REF, "run-1", NoDocumentsIndexed("no document could be read", hint="send readable ones"))
    agent = house.agents.get("ada", "a1")
    assert agent.status is AgentStatus.FAILED
    assert agent.error is not None
    assert (agent.error.step, agent.error.code) == ("provision_knowledge_base", "no_documents_indexed")
    assert agent.error.message == "no document could be read: send readable ones"
    assert house.versions.get(REF).status is VersionStatus.FAILED
    house.agents.save(agent.model_copy(update={"status": AgentStatus.CREATING, "error": None}))
    house.runs.begin(REF, "run-2")
    assert house.versions.get(REF).status is VersionStatus.BUILDING
    assert house.runs.enter(REF, "run-2", Step.PROVISION_KNOWLEDGE_BASE)


def test_a_foreign_exceptions_text_is_never_kept(house: House) -> None:
    house.runs.begin(REF, "run-1")
    house.runs.enter(REF, "run-1", Step.AUTHOR_AGENT)
    house.runs.fail(REF, "run-1", ValueError("the secret SOP text"))
    agent = house.agents.get("ada", "a1")
    assert agent.error is not None
    assert "secret" not in agent.model_dump_json()
    assert agent.error.code == "internal"


def test_nothing_is_written_for_an_agent_that_is_being_deleted(house: House) -> None:
    house.runs.begin(REF, "run-1")
    agent = house.agents.get("ada", "a1")
    house.agents.save(agent.model_copy(update={"status": AgentStatus.DELETING}))
    with pytest.raises(Conflict):
        house.runs.enter(REF, "run-1", Step.INGEST_FOLDER)
    house.runs.fail(REF, "run-1", RuntimeError("late"))
    assert house.agents.get("ada", "a1").status is AgentStatus.DELETING


def test_activation_completes_the_last_step_with_the_status(house: House) -> None:
    house.runs.begin(REF, "run-1")
    house.runs.enter(REF, "run-1", Step.ACTIVATE)
    agent = house.runs.activate(REF, "run-1", house.versions.get(REF), {"api_endpoint": "http://x"})
    assert (agent.status, agent.current_version, agent.api_endpoint) == (AgentStatus.ACTIVE, 1, "http://x")
    assert house.status_of(Step.ACTIVATE) is StepStatus.SUCCEEDED
    assert [event.status for event in house.agents.events("ada", "a1")][-2:] == ["succeeded", "active"]
