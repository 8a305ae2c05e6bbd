"""Steps, leases, events and submits in DynamoDB; contracts: `ports.repositories`, `ports.submissions`."""

from oratio.adapters.aws.dynamodb.codec import Item, decode, encode, to_item, to_record
from oratio.adapters.aws.dynamodb.outbox import deliveries
from oratio.adapters.aws.dynamodb.records import Records, stale_or_gone
from oratio.adapters.aws.dynamodb.store import Dynamo, Refused, Write, key_of
from oratio.adapters.aws.dynamodb.tables import AGENTS, JOURNAL, WORK
from oratio.adapters.compare_and_set import update
from oratio.domain.agents.agent import Agent, Step
from oratio.domain.agents.events import agent_events, agent_news, is_unfinished
from oratio.domain.agents.journal import Lease, StepRecord
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, LeaseLost, NotFound, RateLimited, StaleRecord
from oratio.ports.clock import Clock
from oratio.ports.repositories import Change, Journal
from oratio.ports.submissions import Submission, SubmissionRepository

LAST_EVENT = "lastEvent"
"""On an agent's item: the `seq` of its newest event; counted under the item's own compare-and-set."""
LAST_NEWS = "lastNews"
"""On an item: the order number its newest delivery had."""
_ATTEMPTS = 8
_STEPS = list(Step)


class Changes:
    """The writes that make a change of an agent true: its item, its events, its webhook deliveries."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def first(self, agent: Agent) -> tuple[Agent, list[Write]]:
        """A new agent as it will stand; its own write comes first."""
        stored = agent.model_copy(update={"revision": 1})
        extra, writes = self._consequences(None, stored, last_event=0, last_news=0)
        return stored, [self._records.addition(AGENTS, agent, **extra)[1], *writes]

    def of(self, agent: Agent) -> tuple[Agent, list[Write]]:
        """The agent as it will stand; its own write, compare-and-set, comes first.

        Raises:
            NotFound, StaleRecord: As `AgentRepository.save`.
        """
        item = self._records.dynamo.get(AGENTS, agent.user_id, agent.agent_id)
        if item is None or decode(item["revision"]) != agent.revision:
            raise stale_or_gone(AGENTS, item, agent)
        before = self._records.record(item, Agent)
        after = agent.model_copy(update={"revision": agent.revision + 1})
        extra, writes = self._consequences(
            before,
            after,
            last_event=decode(item[LAST_EVENT]),
            last_news=decode(item.get(LAST_NEWS, encode(0))),
        )
        stored, write = self._records.replacement(AGENTS, agent, **extra)
        return stored, [write, *writes]

    def _consequences(
        self, before: Agent | None, after: Agent, *, last_event: int, last_news: int
    ) -> tuple[dict[str, str | int | None], list[Write]]:
        events = agent_events(before, after, last=last_event)
        news, last_news = deliveries(
            self._records.dynamo,
            after.user_id,
            after.agent_id,
            agent_news(before, after),
            after=last_news,
            now_ms=self._clock.now_ms(),
        )
        unfinished = is_unfinished(after)
        extra: dict[str, str | int | None] = {
            "listed": listed(after.created_at, after.agent_id),
            "work": "agent" if unfinished else None,
            "workAt": after.created_at if unfinished else None,
            LAST_EVENT: last_event + len(events),
            LAST_NEWS: last_news,
        }
        rows = [
            Write("Put", JOURNAL, to_item(event, userId=after.user_id, entryKey=event_key(after.agent_id, event.seq)))
            for event in events
        ]
        return extra, [*rows, *news]


def listed(at: int, agent_id: str) -> str:
    return f"{at:013d}#{agent_id}"


def event_key(agent_id: str, seq: int) -> str:
    return f"{agent_id}#event#{seq:09d}"


def submission_key(agent_id: str) -> str:
    return f"{agent_id}#submission"


def _lease_key(ref: VersionRef) -> str:
    return f"{ref.agent_id}#lease#{ref.version:06d}"


def _steps_key(ref: VersionRef) -> str:
    return f"{ref.agent_id}#step#{ref.version:06d}#"


def _step_key(ref: VersionRef, step: Step) -> str:
    return f"{_steps_key(ref)}{_STEPS.index(step)}-{step}"


class DynamoJournal(Journal):
    """A lease's times are compared across machines: their clocks must agree to well within a lease."""

    def __init__(self, records: Records, changes: Changes, clock: Clock) -> None:
        self._records = records
        self._dynamo = records.dynamo
        self._changes = changes
        self._clock = clock

    def acquire(self, ref: VersionRef, owner: str, *, ttl_ms: int) -> Lease:
        for _ in range(_ATTEMPTS):
            now = self._clock.now_ms()
            held = self.lease(ref)
            if held and held.owner != owner and held.expires_at > now:
                raise Conflict(f"version {ref} is being worked on by another run", hint="wait for it to end")
            keeps_fence = held is not None and held.owner == owner and held.expires_at > now
            fence = (held.fence if held else 0) + (0 if keeps_fence else 1)
            lease = Lease(ref=ref, owner=owner, fence=fence, expires_at=now + ttl_ms)
            if self._put(lease, held):
                return lease
        raise RateLimited(f"the lease on version {ref} is fought over")

    def _put(self, lease: Lease, held: Lease | None) -> bool:
        """Put a lease in the place of the one that was read; False when another was faster."""
        condition, values = "attribute_not_exists(#userId)", {}
        if held:
            condition = "#fence = :fence AND #owner = :owner AND #expiresAt = :expires"
            values = {"fence": held.fence, "owner": held.owner, "expires": held.expires_at}
        item = to_item(lease, userId=lease.ref.user_id, entryKey=_lease_key(lease.ref))
        try:
            self._dynamo.write(Write("Put", JOURNAL, item, condition, values=values))
        except Refused:
            return False
        return True

    def renew(self, lease: Lease, *, ttl_ms: int) -> Lease:
        expires_at = self._clock.now_ms() + ttl_ms
        try:
            self._move_end(lease, expires_at)
        except Refused:
            raise _lost(lease) from None
        return lease.model_copy(update={"expires_at": expires_at})

    def release(self, lease: Lease) -> None:
        try:
            self._move_end(lease, 0)
        except Refused:
            return

    def _move_end(self, lease: Lease, expires_at: int) -> None:
        values = {**_holder(lease), "expires": expires_at}
        key = key_of(JOURNAL, lease.ref.user_id, _lease_key(lease.ref))
        self._dynamo.write(Write("Update", JOURNAL, key, _HELD, "SET #expiresAt = :expires", values))

    def record(self, lease: Lease, step: StepRecord, agent: Agent) -> Agent:
        key = key_of(JOURNAL, lease.ref.user_id, _lease_key(lease.ref))
        held = Write("ConditionCheck", JOURNAL, key, _HELD, values=_holder(lease))
        row = to_item(step, userId=step.ref.user_id, entryKey=_step_key(step.ref, step.step))
        try:
            stored, writes = self._changes.of(agent)
        except (StaleRecord, NotFound):
            newest = self.lease(lease.ref)
            if newest is None or _holder(newest) != _holder(lease):
                raise _lost(lease) from None
            raise
        try:
            self._dynamo.write(held, Write("Put", JOURNAL, row), *writes)
        except Refused as refused:
            if 0 in refused.failed:
                raise _lost(lease) from None
            raise stale_or_gone(AGENTS, refused.failed.get(2), agent) from None
        return stored

    def update(self, lease: Lease, step: StepRecord, change: Change[Agent]) -> Agent:
        return update(lambda: self._agent(lease.ref), lambda agent: self.record(lease, step, agent), change)

    def _agent(self, ref: VersionRef) -> Agent:
        found = self._records.find(AGENTS, Agent, ref.user_id, ref.agent_id)
        if found is None:
            raise NotFound(f"no agent {ref.agent_id}")
        return found

    def find(self, ref: VersionRef, step: Step) -> StepRecord | None:
        return self._records.find(JOURNAL, StepRecord, ref.user_id, _step_key(ref, step))

    def steps(self, ref: VersionRef) -> list[StepRecord]:
        values = {"user": ref.user_id, "steps": _steps_key(ref)}
        found = self._dynamo.query(JOURNAL, "#userId = :user AND begins_with(#entryKey, :steps)", values)
        return [to_record(item, StepRecord) for item in found]

    def lease(self, ref: VersionRef) -> Lease | None:
        return self._records.find(JOURNAL, Lease, ref.user_id, _lease_key(ref))


_HELD = "#fence = :fence AND #owner = :owner"


def _holder(lease: Lease) -> dict[str, str | int]:
    return {"fence": lease.fence, "owner": lease.owner}


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"another run took over version {lease.ref}")


class DynamoSubmissions(SubmissionRepository):
    """An agent's record ends its submission in the same transaction."""

    def __init__(self, dynamo: Dynamo) -> None:
        self._dynamo = dynamo

    def begin(self, submission: Submission) -> None:
        item: Item = {
            **key_of(JOURNAL, submission.user_id, submission_key(submission.agent_id)),
            "agentId": encode(submission.agent_id),
            "work": encode("submission"),
            "workAt": encode(submission.started_at),
        }
        self._dynamo.write(Write("Put", JOURNAL, item))

    def end(self, user_id: str, agent_id: str) -> None:
        self._dynamo.write(Write("Delete", JOURNAL, key_of(JOURNAL, user_id, submission_key(agent_id))))

    def started_before(self, at_ms: int) -> list[Submission]:
        values = {"work": "submission", "before": at_ms}
        found = self._dynamo.of_index(JOURNAL, WORK, "#work = :work AND #workAt < :before", values, limit=100)
        begun = [Submission(*(decode(item[name]) for name in ("userId", "agentId", "workAt"))) for item in found]
        return [submission for submission in begun if submission.started_at < at_ms]
