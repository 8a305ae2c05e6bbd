"""Contract suite for `update` of every repository; an adapter's test module subclasses it with its fixtures."""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from oratio.domain.agents.agent import Step, StepStatus
from oratio.domain.agents.journal import StepRecord
from oratio.errors import Conflict, LeaseLost, NotFound
from oratio.ports.repositories import (
    AgentRepository,
    ApiKeyRepository,
    ConversationRepository,
    Journal,
    KnowledgeBaseRepository,
    VersionRepository,
)
from tests.contract.repositories import REF, a_conversation, a_key, add
from tests.fakes.clock import FakeClock

STEP = StepRecord(ref=REF, step=Step.INGEST_FOLDER, status=StepStatus.RUNNING, started_at=1)


class Updated(NamedTuple):
    """One repository's `update`, with a record in it.

    Attributes:
        update: Of the record of `a1`, with the tenant left to the test.
        get: The record as it is stored.
        field: A number of the record that has no meaning to the repository.
    """

    update: Callable[[str, Callable[[Any], Any]], Any]
    get: Callable[[], Any]
    field: str


@pytest.fixture(params=["agent", "knowledge base", "version", "API key", "conversation"])
def updated(
    request: pytest.FixtureRequest,
    agents: AgentRepository,
    knowledge_bases: KnowledgeBaseRepository,
    versions: VersionRepository,
    keys: ApiKeyRepository,
    conversations: ConversationRepository,
) -> Updated:
    add(agents)
    keys.add(a_key("k1"))
    conversations.add(a_conversation("c1", 1))
    of: dict[str, Updated] = {
        "agent": Updated(
            lambda user, change: agents.update(user, "a1", change), lambda: agents.get("ada", "a1"), "attempt"
        ),
        "knowledge base": Updated(
            lambda user, change: knowledge_bases.update(user, "kb-a1", change),
            lambda: knowledge_bases.get("ada", "kb-a1"),
            "ingested_version",
        ),
        "version": Updated(
            lambda user, change: versions.update(REF.model_copy(update={"user_id": user}), change),
            lambda: versions.get(REF),
            "activated_at",
        ),
        "API key": Updated(
            lambda user, change: keys.update(user, "k1", change), lambda: keys.find("k1"), "last_used_at"
        ),
        "conversation": Updated(
            lambda user, change: conversations.update(user, "c1", change),
            lambda: conversations.get("ada", "c1"),
            "turns",
        ),
    }
    return of[request.param]


class UpdateContract:
    def test_the_changed_record_is_stored_with_the_next_revision_and_returned(self, updated: Updated) -> None:
        before = updated.get()
        stored = updated.update("ada", lambda record: record.model_copy(update={updated.field: 7}))
        assert stored == before.model_copy(update={updated.field: 7, "revision": before.revision + 1})
        assert updated.get() == stored

    def test_no_writer_loses_anothers_change(self, updated: Updated) -> None:
        before = getattr(updated.get(), updated.field) or 0

        def add_one(record: Any) -> Any:
            return record.model_copy(update={updated.field: (getattr(record, updated.field) or 0) + 1})

        threads = [threading.Thread(target=updated.update, args=("ada", add_one)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert getattr(updated.get(), updated.field) == before + 6

    def test_a_change_that_was_overtaken_is_made_again_of_the_newer_record(self, updated: Updated) -> None:
        seen: list[int] = []

        def overtaken(record: Any) -> Any:
            seen.append(record.revision)
            if len(seen) == 1:
                updated.update("ada", lambda newer: newer.model_copy(update={updated.field: 40}))
            return record.model_copy(update={updated.field: (getattr(record, updated.field) or 0) + 2})

        assert getattr(updated.update("ada", overtaken), updated.field) == 42
        assert seen == [1, 2]

    def test_a_change_that_makes_nothing_stores_nothing(self, updated: Updated) -> None:
        before = updated.get()
        assert updated.update("ada", lambda _: None) == before
        assert updated.get() == before

    def test_what_a_change_raises_comes_through_and_nothing_is_stored(self, updated: Updated) -> None:
        before = updated.get()

        def refuse(_: Any) -> Any:
            raise Conflict("not from here")

        with pytest.raises(Conflict, match="not from here"):
            updated.update("ada", refuse)
        assert updated.get() == before

    def test_another_tenants_record_is_not_found_and_not_shown_to_the_change(self, updated: Updated) -> None:
        seen: list[Any] = []
        with pytest.raises(NotFound):
            updated.update("eve", seen.append)
        assert seen == []


class JournalUpdateContract:
    def test_the_step_is_stored_with_the_changed_agent(self, agents: AgentRepository, journal: Journal) -> None:
        add(agents)
        lease = journal.acquire(REF, "run-1", ttl_ms=1000)
        attempts: list[int] = []

        def overtaken(agent: Any) -> Any:
            attempts.append(agent.revision)
            if len(attempts) == 1:
                agents.save(agent)
            return agent.model_copy(update={"attempt": 9})

        assert journal.update(lease, STEP, overtaken) == agents.get("ada", "a1")
        assert agents.get("ada", "a1").attempt == 9
        assert attempts == [1, 2]
        assert journal.steps(REF) == [STEP]

    def test_a_change_that_makes_nothing_stores_no_step(self, agents: AgentRepository, journal: Journal) -> None:
        add(agents)
        lease = journal.acquire(REF, "run-1", ttl_ms=1000)
        assert journal.update(lease, STEP, lambda _: None) == agents.get("ada", "a1")
        assert agents.get("ada", "a1").revision == 1
        assert journal.steps(REF) == []

    def test_a_run_that_lost_its_lease_cannot_update(
        self, agents: AgentRepository, journal: Journal, clock: FakeClock
    ) -> None:
        add(agents)
        old = journal.acquire(REF, "run-1", ttl_ms=1000)
        clock.advance(2)
        journal.acquire(REF, "run-2", ttl_ms=1000)
        with pytest.raises(LeaseLost):
            journal.update(old, STEP, lambda agent: agent.model_copy(update={"attempt": 9}))
        assert agents.get("ada", "a1").revision == 1

    def test_update_without_the_agent_is_not_found(self, agents: AgentRepository, journal: Journal) -> None:
        add(agents)
        lease = journal.acquire(REF, "run-1", ttl_ms=1000)
        agents.delete("ada", "a1")
        with pytest.raises(NotFound):
            journal.update(lease, STEP, lambda agent: agent)
