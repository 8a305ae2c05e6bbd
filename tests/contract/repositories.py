"""The contract suites of `ports.repositories`; an adapter's test module subclasses each with its fixtures."""

import threading

import pytest

from oratio.domain.agents.agent import AgentStatus, Step, StepStatus, with_step
from oratio.domain.agents.journal import StepRecord
from oratio.domain.api_keys import ApiKey, Scope
from oratio.domain.conversations.conversation import Channel, Conversation
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, InvalidInput, LeaseLost, NotFound, StaleRecord
from oratio.ports.repositories import (
    AgentRepository,
    ApiKeyRepository,
    ConversationRepository,
    IdempotencyRepository,
    Journal,
    KnowledgeBaseRepository,
    VersionRepository,
)
from tests.fakes.clock import FakeClock
from tests.fakes.records import a_knowledge_base, a_version, an_agent

REF = VersionRef(user_id="ada", agent_id="a1", version=1)


def add(agents: AgentRepository, agent_id: str = "a1", user_id: str = "ada", created_at: int = 1) -> None:
    agents.add(
        an_agent(user_id, agent_id, created_at=created_at),
        a_knowledge_base(user_id, agent_id),
        a_version(user_id, agent_id),
    )


class AgentRepositoryContract:
    def test_an_added_agent_comes_back_with_its_parts(
        self, agents: AgentRepository, knowledge_bases: KnowledgeBaseRepository, versions: VersionRepository
    ) -> None:
        add(agents)
        assert agents.get("ada", "a1").agent_name == "Helper"
        assert knowledge_bases.get("ada", "kb-a1").agent_id == "a1"
        assert versions.get(REF).version == 1

    def test_adding_twice_is_a_conflict_and_changes_nothing(self, agents: AgentRepository) -> None:
        add(agents)
        with pytest.raises(Conflict):
            add(agents)
        assert agents.get("ada", "a1").revision == 1

    def test_get_of_another_tenants_agent_raises_not_found(
        self, agents: AgentRepository, knowledge_bases: KnowledgeBaseRepository, versions: VersionRepository
    ) -> None:
        add(agents)
        with pytest.raises(NotFound):
            agents.get("eve", "a1")
        with pytest.raises(NotFound):
            knowledge_bases.get("eve", "kb-a1")
        with pytest.raises(NotFound):
            versions.get(REF.model_copy(update={"user_id": "eve"}))
        agents.delete("eve", "a1")
        assert agents.get("ada", "a1")

    def test_save_of_a_stale_record_is_refused(self, agents: AgentRepository) -> None:
        add(agents)
        first = agents.get("ada", "a1")
        assert agents.save(first.model_copy(update={"agent_name": "One"})).revision == 2
        with pytest.raises(StaleRecord):
            agents.save(first.model_copy(update={"agent_name": "Two"}))
        assert agents.get("ada", "a1").agent_name == "One"

    def test_of_many_savers_of_one_revision_one_wins(self, agents: AgentRepository) -> None:
        add(agents)
        record = agents.get("ada", "a1")
        won: list[int] = []

        def save(number: int) -> None:
            try:
                agents.save(record.model_copy(update={"agent_name": str(number)}))
                won.append(number)
            except StaleRecord:
                pass

        threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [str(number) for number in won] == [agents.get("ada", "a1").agent_name]

    def test_pages_run_newest_first_without_gap_or_repeat(self, agents: AgentRepository) -> None:
        for number in range(7):
            add(agents, f"a{number}", created_at=number // 2)
        add(agents, "other", user_id="eve")
        seen: list[str] = []
        cursor = None
        while True:
            page = agents.page("ada", limit=3, cursor=cursor)
            seen += [agent.agent_id for agent in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == ["a6", "a5", "a4", "a3", "a2", "a1", "a0"]

    def test_a_foreign_cursor_is_invalid_input(self, agents: AgentRepository) -> None:
        with pytest.raises(InvalidInput):
            agents.page("ada", limit=3, cursor="no-such-cursor")

    def test_events_tell_each_change_once_in_order(self, agents: AgentRepository) -> None:
        add(agents)
        agent = agents.save(with_step(agents.get("ada", "a1"), Step.INGEST_FOLDER, StepStatus.RUNNING, 5))
        agents.save(agent.model_copy(update={"agent_name": "quiet change"}))
        agent = agents.get("ada", "a1")
        agents.save(agent.model_copy(update={"status": AgentStatus.FAILED}))
        events = agents.events("ada", "a1")
        assert [(event.seq, event.kind, event.status) for event in events] == [
            (1, "status", "creating"),
            (2, "step", "running"),
            (3, "status", "failed"),
        ]
        assert [event.seq for event in agents.events("ada", "a1", after=2)] == [3]
        assert agents.events("eve", "a1") == []

    def test_unfinished_lists_what_a_flow_should_be_working_on(self, agents: AgentRepository) -> None:
        add(agents, "a1")
        add(agents, "a2", user_id="eve")
        done = agents.get("ada", "a1")
        progress = tuple(entry.model_copy(update={"ended_at": 1}) for entry in done.progress)
        agents.save(done.model_copy(update={"status": AgentStatus.ACTIVE, "progress": progress}))
        assert [agent.agent_id for agent in agents.unfinished()] == ["a2"]

    def test_delete_leaves_nothing_and_may_be_repeated(
        self, agents: AgentRepository, versions: VersionRepository, knowledge_bases: KnowledgeBaseRepository
    ) -> None:
        add(agents)
        agents.delete("ada", "a1")
        agents.delete("ada", "a1")
        with pytest.raises(NotFound):
            agents.get("ada", "a1")
        with pytest.raises(NotFound):
            knowledge_bases.get("ada", "kb-a1")
        assert versions.history("ada", "a1") == []
        assert agents.events("ada", "a1") == []
        with pytest.raises(NotFound):
            agents.save(an_agent(revision=1))


class JournalContract:
    def test_a_live_lease_keeps_others_out_until_it_expires(
        self, agents: AgentRepository, journal: Journal, clock: FakeClock
    ) -> None:
        add(agents)
        first = journal.acquire(REF, "run-1", ttl_ms=1000)
        with pytest.raises(Conflict):
            journal.acquire(REF, "run-2", ttl_ms=1000)
        assert journal.acquire(REF, "run-1", ttl_ms=1000).fence == first.fence
        clock.advance(1.1)
        assert journal.acquire(REF, "run-2", ttl_ms=1000).fence > first.fence

    def test_a_run_that_lost_its_lease_cannot_write(
        self, agents: AgentRepository, journal: Journal, clock: FakeClock
    ) -> None:
        add(agents)
        old = journal.acquire(REF, "run-1", ttl_ms=1000)
        clock.advance(2)
        new = journal.acquire(REF, "run-2", ttl_ms=1000)
        step = StepRecord(ref=REF, step=Step.INGEST_FOLDER, status=StepStatus.RUNNING, started_at=1)
        agent = agents.get("ada", "a1")
        with pytest.raises(LeaseLost):
            journal.record(old, step, agent)
        with pytest.raises(LeaseLost):
            journal.renew(old, ttl_ms=1000)
        assert journal.find(REF, Step.INGEST_FOLDER) is None
        journal.release(old)
        assert journal.record(new, step, agent).revision == 2
        assert journal.find(REF, Step.INGEST_FOLDER) == step

    def test_step_and_agent_are_written_together_or_not_at_all(self, agents: AgentRepository, journal: Journal) -> None:
        add(agents)
        lease = journal.acquire(REF, "run-1", ttl_ms=1000)
        stale = agents.get("ada", "a1")
        agents.save(stale)
        step = StepRecord(ref=REF, step=Step.INGEST_FOLDER, status=StepStatus.RUNNING, started_at=1)
        with pytest.raises(StaleRecord):
            journal.record(lease, step, stale)
        assert journal.steps(REF) == []

    def test_a_released_lease_is_free_at_once(self, agents: AgentRepository, journal: Journal) -> None:
        add(agents)
        journal.release(journal.acquire(REF, "run-1", ttl_ms=60_000))
        assert journal.acquire(REF, "run-2", ttl_ms=1000).owner == "run-2"


class ApiKeyRepositoryContract:
    def test_a_key_is_found_by_its_id_and_listed_by_agent(
        self, agents: AgentRepository, keys: ApiKeyRepository
    ) -> None:
        add(agents)
        stored = keys.add(a_key("k1"))
        assert keys.find("k1") == stored
        assert keys.find("k2") is None
        assert keys.of_agent("ada", "a1") == [stored]
        assert keys.of_agent("eve", "a1") == []
        with pytest.raises(Conflict):
            keys.add(a_key("k1"))


def a_key(key_id: str) -> ApiKey:
    return ApiKey(
        key_id=key_id,
        user_id="ada",
        agent_id="a1",
        name="site",
        hash="00",
        prefix="orat_live_abc",
        scopes=(Scope.INVOKE,),
        created_at=1,
    )


class ConversationRepositoryContract:
    def test_conversations_page_newest_first_and_belong_to_one_tenant(
        self, conversations: ConversationRepository
    ) -> None:
        for number in range(3):
            conversations.add(a_conversation(f"c{number}", number))
        page = conversations.page("ada", "a1", limit=2)
        assert [entry.conversation_id for entry in page.items] == ["c2", "c1"]
        rest = conversations.page("ada", "a1", limit=2, cursor=page.next_cursor)
        assert [entry.conversation_id for entry in rest.items] == ["c0"]
        with pytest.raises(NotFound):
            conversations.get("eve", "c0")

    def test_quiet_conversations_of_all_tenants_are_found(self, conversations: ConversationRepository) -> None:
        for number in range(4):
            conversations.add(a_conversation(f"c{number}", number))
        conversations.add(a_conversation("e0", 0).model_copy(update={"user_id": "eve"}))
        ended = conversations.get("ada", "c1")
        conversations.save(ended.model_copy(update={"outcome": "ended"}))

        def quiet(*, still_open: bool, limit: int = 10) -> set[str]:
            found = conversations.quiet_since(3, still_open=still_open, limit=limit)
            return {f"{entry.user_id}/{entry.conversation_id}" for entry in found}

        assert quiet(still_open=True) == {"ada/c0", "ada/c2", "eve/e0"}
        assert quiet(still_open=False) == {"ada/c0", "ada/c1", "ada/c2", "eve/e0"}
        assert len(quiet(still_open=False, limit=2)) == 2

    def test_a_deleted_conversation_is_gone_for_its_tenant_alone(self, conversations: ConversationRepository) -> None:
        for name in ("c0", "c1"):
            conversations.add(a_conversation(name, 0))
        conversations.delete("eve", "c0")
        conversations.delete("ada", "c0")
        conversations.delete("ada", "c0")
        assert [entry.conversation_id for entry in conversations.page("ada", "a1", limit=9).items] == ["c1"]
        with pytest.raises(NotFound):
            conversations.get("ada", "c0")
        conversations.add(a_conversation("c0", 5))


def a_conversation(conversation_id: str, at: int) -> Conversation:
    return Conversation(
        user_id="ada",
        agent_id="a1",
        conversation_id=conversation_id,
        version=1,
        channel=Channel.TEXT,
        started_at=at,
        updated_at=at,
    )


class IdempotencyRepositoryContract:
    def test_the_first_claim_binds_the_key(self, idempotency: IdempotencyRepository, clock: FakeClock) -> None:
        assert idempotency.claim("ada", "k", "body", "a1") == "a1"
        assert idempotency.claim("ada", "k", "body", "a2") == "a1"
        assert idempotency.claim("eve", "k", "other", "a3") == "a3"
        with pytest.raises(Conflict):
            idempotency.claim("ada", "k", "other", "a2")
        clock.advance(25 * 3600)
        assert idempotency.claim("ada", "k", "other", "a4") == "a4"
