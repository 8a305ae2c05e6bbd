"""The contract suites of `ports.webhooks` and `ports.submissions`; an adapter's test module subclasses each."""

import pytest

from oratio.domain.agents.agent import Agent, AgentFailure, AgentStatus
from oratio.domain.conversations.conversation import Handoff
from oratio.domain.webhook import Delivery, Webhook, WebhookEvent
from oratio.errors import Conflict, NotFound
from oratio.ports.repositories import AgentRepository, ConversationRepository
from oratio.ports.submissions import Submission, SubmissionRepository
from oratio.ports.webhooks import Outbox, WebhookRepository
from tests.contract.repositories import a_conversation, add
from tests.fakes.clock import FakeClock

LEASE_MS = 60_000


def a_webhook(webhook_id: str, user_id: str = "ada", at: int = 1, events: tuple[WebhookEvent, ...] = ()) -> Webhook:
    return Webhook(
        webhook_id=webhook_id,
        user_id=user_id,
        url="https://hooks.example/a",
        events=events or tuple(WebhookEvent),
        created_at=at,
    )


class WebhookRepositoryContract:
    def test_webhooks_come_oldest_first_and_belong_to_one_tenant(self, webhooks: WebhookRepository) -> None:
        late, early = (webhooks.add(a_webhook(name, at=at), most=5) for name, at in (("w1", 2), ("w2", 1)))
        assert webhooks.of_user("ada") == [early, late]
        assert webhooks.get("ada", "w1") == late
        assert webhooks.of_user("eve") == []
        with pytest.raises(NotFound):
            webhooks.get("eve", "w1")
        webhooks.delete("eve", "w1")
        assert webhooks.get("ada", "w1")

    def test_a_tenant_has_at_most_so_many_at_a_time(self, webhooks: WebhookRepository) -> None:
        for number in range(2):
            webhooks.add(a_webhook(f"w{number}"), most=2)
        with pytest.raises(Conflict):
            webhooks.add(a_webhook("w2"), most=2)
        webhooks.delete("ada", "w0")
        webhooks.delete("ada", "w0")
        assert webhooks.add(a_webhook("w2"), most=2)
        with pytest.raises(Conflict):
            webhooks.add(a_webhook("w3"), most=2)
        assert webhooks.add(a_webhook("w9", user_id="eve"), most=2)


def fail(agents: AgentRepository, message: str, agent_id: str = "a1") -> Agent:
    """A change of the agent that is news."""
    agent = agents.get("ada", agent_id)
    error = AgentFailure(step="author_agent", code="internal", message=message)
    if agent.error is not None:
        agent = agents.save(agent.model_copy(update={"error": None}))
    return agents.save(agent.model_copy(update={"status": AgentStatus.FAILED, "error": error}))


def messages(deliveries: list[Delivery]) -> list[str]:
    return [str(delivery.data["message"]) for delivery in deliveries]


class OutboxContract:
    def claim(self, outbox: Outbox) -> list[Delivery]:
        return outbox.claim(limit=10, lease_ms=LEASE_MS)

    def test_news_waits_for_each_webhook_that_wants_it(
        self, agents: AgentRepository, webhooks: WebhookRepository, outbox: Outbox
    ) -> None:
        add(agents)
        webhooks.add(a_webhook("w1"), most=5)
        webhooks.add(a_webhook("w2", events=(WebhookEvent.AGENT_FAILED,)), most=5)
        webhooks.add(a_webhook("w3", events=(WebhookEvent.HANDOFF_REQUESTED,)), most=5)
        webhooks.add(a_webhook("w4", user_id="eve"), most=5)
        fail(agents, "no")
        found = self.claim(outbox)
        assert sorted(delivery.webhook_id for delivery in found) == ["w1", "w2"]
        assert len({delivery.event_id for delivery in found}) == 1
        assert {(delivery.event, delivery.agent_id, delivery.attempts) for delivery in found} == {
            (WebhookEvent.AGENT_FAILED, "a1", 1)
        }
        assert found[0].data == {
            "step": "author_agent",
            "code": "internal",
            "message": "no",
            "version": 1,
            "status": "failed",
        }

    def test_deliveries_of_one_agent_are_claimed_one_at_a_time_in_order(
        self, agents: AgentRepository, webhooks: WebhookRepository, outbox: Outbox, clock: FakeClock
    ) -> None:
        add(agents)
        add(agents, "a2")
        webhooks.add(a_webhook("w1"), most=5)
        for message in ("one", "two", "three"):
            fail(agents, message)
        fail(agents, "other", "a2")
        first = self.claim(outbox)
        assert sorted(messages(first)) == ["one", "other"]
        assert self.claim(outbox) == []
        order: list[str] = []
        while first:
            order += messages([delivery for delivery in first if delivery.agent_id == "a1"])
            for delivery in first:
                outbox.settle(delivery)
            first = self.claim(outbox)
        assert order == ["one", "two", "three"]

    def test_order_holds_when_the_clock_goes_back(
        self, agents: AgentRepository, webhooks: WebhookRepository, outbox: Outbox, clock: FakeClock
    ) -> None:
        add(agents)
        webhooks.add(a_webhook("w1"), most=5)
        fail(agents, "one")
        clock.advance(-30)
        fail(agents, "two")
        clock.advance(60)
        (first,) = self.claim(outbox)
        assert messages([first]) == ["one"]

    def test_what_was_never_settled_can_be_claimed_after_the_lease(
        self, agents: AgentRepository, webhooks: WebhookRepository, outbox: Outbox, clock: FakeClock
    ) -> None:
        add(agents)
        webhooks.add(a_webhook("w1"), most=5)
        fail(agents, "no")
        assert [delivery.attempts for delivery in self.claim(outbox)] == [1]
        clock.advance(LEASE_MS / 1000 - 1)
        assert self.claim(outbox) == []
        clock.advance(2)
        assert [delivery.attempts for delivery in self.claim(outbox)] == [2]

    def test_a_postponed_delivery_is_due_then_and_keeps_the_later_ones_waiting(
        self, agents: AgentRepository, webhooks: WebhookRepository, outbox: Outbox, clock: FakeClock
    ) -> None:
        add(agents)
        webhooks.add(a_webhook("w1"), most=5)
        fail(agents, "one")
        fail(agents, "two")
        (first,) = self.claim(outbox)
        outbox.postpone(first, clock.now_ms() + 5_000)
        assert self.claim(outbox) == []
        clock.advance(6)
        (again,) = self.claim(outbox)
        assert messages([again]) == ["one"]
        outbox.settle(again)
        outbox.settle(again)
        assert messages(self.claim(outbox)) == ["two"]

    def test_nothing_waits_for_a_webhook_or_an_agent_that_is_gone(
        self, agents: AgentRepository, webhooks: WebhookRepository, outbox: Outbox
    ) -> None:
        for agent_id in ("a1", "a2"):
            add(agents, agent_id)
        for name in ("w1", "w2"):
            webhooks.add(a_webhook(name), most=5)
        for agent_id in ("a1", "a2"):
            fail(agents, f"of {agent_id}", agent_id)
        webhooks.delete("ada", "w1")
        agents.delete("ada", "a1")
        left = self.claim(outbox)
        assert [(delivery.webhook_id, delivery.agent_id) for delivery in left] == [("w2", "a2")]
        outbox.settle(left[0].model_copy(update={"webhook_id": "w1"}))

    def test_a_conversations_news_waits_too(
        self, conversations: ConversationRepository, webhooks: WebhookRepository, outbox: Outbox
    ) -> None:
        webhooks.add(a_webhook("w1"), most=5)
        head = conversations.add(a_conversation("c1", 1))
        head = conversations.save(head.model_copy(update={"handoff": Handoff(reason="asked", summary="order 12")}))
        conversations.save(head.model_copy(update={"outcome": "ended"}))
        seen = []
        while found := self.claim(outbox):
            seen += [delivery.event for delivery in found]
            for delivery in found:
                outbox.settle(delivery)
        assert seen == [WebhookEvent.HANDOFF_REQUESTED, WebhookEvent.CONVERSATION_ENDED]

    def test_an_event_that_was_not_stored_is_not_told(
        self, agents: AgentRepository, webhooks: WebhookRepository, outbox: Outbox
    ) -> None:
        add(agents)
        webhooks.add(a_webhook("w1"), most=5)
        stale = agents.get("ada", "a1")
        agents.save(stale)
        with pytest.raises(Conflict):
            agents.save(stale.model_copy(update={"status": AgentStatus.ACTIVE, "current_version": 1}))
        assert self.claim(outbox) == []


class SubmissionRepositoryContract:
    def test_what_began_before_is_listed_oldest_first(self, submissions: SubmissionRepository) -> None:
        begun = [Submission("ada", "a1", 5), Submission("eve", "a2", 3), Submission("ada", "a3", 9)]
        for submission in begun:
            submissions.begin(submission)
        assert submissions.started_before(9) == [begun[1], begun[0]]

    def test_beginning_again_counts_from_anew(self, submissions: SubmissionRepository) -> None:
        submissions.begin(Submission("ada", "a1", 5))
        submissions.begin(Submission("ada", "a1", 50))
        assert submissions.started_before(40) == []

    def test_an_ended_submission_is_gone_and_may_end_again(self, submissions: SubmissionRepository) -> None:
        submissions.begin(Submission("ada", "a1", 5))
        submissions.end("eve", "a1")
        assert len(submissions.started_before(9)) == 1
        for _ in range(2):
            submissions.end("ada", "a1")
        assert submissions.started_before(9) == []

    def test_an_agents_record_ends_its_submission(
        self, submissions: SubmissionRepository, agents: AgentRepository
    ) -> None:
        submissions.begin(Submission("ada", "a1", 5))
        add(agents)
        assert submissions.started_before(9) == []
