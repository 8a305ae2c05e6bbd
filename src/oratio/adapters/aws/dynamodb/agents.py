"""Agents, their knowledge bases and versions in DynamoDB; the contracts stand in `ports.repositories`."""

from collections.abc import Iterable, Iterator

from oratio.adapters.aws.dynamodb.codec import Item, decode
from oratio.adapters.aws.dynamodb.conversations import conversation_items
from oratio.adapters.aws.dynamodb.journal import Changes, event_key, listed, submission_key
from oratio.adapters.aws.dynamodb.outbox import drop, webhooks_of
from oratio.adapters.aws.dynamodb.records import Records, stale_or_gone
from oratio.adapters.aws.dynamodb.store import Refused, Write, key_of
from oratio.adapters.aws.dynamodb.tables import (
    AGENTS,
    API_KEYS,
    CONVERSATIONS,
    JOURNAL,
    KNOWLEDGE_BASES,
    LISTED,
    OF_RESOURCE,
    OF_USER,
    REQUESTS,
    VERSIONS,
    WORK,
    Table,
)
from oratio.adapters.compare_and_set import update
from oratio.domain.agents.agent import Agent
from oratio.domain.agents.events import is_unfinished
from oratio.domain.agents.journal import AgentEvent
from oratio.domain.agents.version import AgentVersion
from oratio.domain.cursors import cursor as cursor_of
from oratio.domain.cursors import read_cursor
from oratio.domain.knowledge.knowledge_base import KnowledgeBase
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, NotFound
from oratio.ports.repositories import AgentRepository, Change, KnowledgeBaseRepository, Page, VersionRepository

_MOST_EVENTS = 10**9 - 1


class DynamoAgents(AgentRepository):
    def __init__(self, records: Records, changes: Changes) -> None:
        self._records = records
        self._dynamo = records.dynamo
        self._changes = changes

    def add(self, agent: Agent, knowledge_base: KnowledgeBase, version: AgentVersion) -> Agent:
        stored, writes = self._changes.first(agent)
        _, base = self._records.addition(KNOWLEDGE_BASES, knowledge_base)
        _, first = self._records.addition(VERSIONS, version, versionKey=version_key(version.ref))
        submission = Write("Delete", JOURNAL, key_of(JOURNAL, agent.user_id, submission_key(agent.agent_id)))
        try:
            self._dynamo.write(*writes, base, first, submission)
        except Refused:
            raise Conflict(f"there is already an agent {agent.agent_id}, or a part of it") from None
        return stored

    def get(self, user_id: str, agent_id: str) -> Agent:
        found = self._records.find(AGENTS, Agent, user_id, agent_id)
        if found is None:
            raise NotFound(f"no agent {agent_id}")
        return found

    def page(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Agent]:
        at, name = read_cursor(cursor)
        values = {"user": user_id, "below": listed(at, name)}
        below = "#userId = :user AND #listed < :below"
        found = list(self._dynamo.query(AGENTS, below, values, index=LISTED, forward=False, limit=limit + 1))
        keys = [{name: item[name] for name in AGENTS.keys} for item in found[:limit]]
        items = list(self._present(self._dynamo.batch_get(AGENTS, keys)))
        if len(found) <= limit:
            return Page(items, None)
        created_at, _, agent_id = decode(found[limit - 1]["listed"]).partition("#")
        return Page(items, cursor_of(int(created_at), agent_id))

    def _present(self, items: Iterable[Item]) -> Iterator[Agent]:
        for item in items:
            try:
                yield self._records.record(item, Agent)
            except NotFound:  # deleted since its item was read
                continue

    def save(self, agent: Agent) -> Agent:
        stored, writes = self._changes.of(agent)
        try:
            self._dynamo.write(*writes)
        except Refused as refused:
            raise stale_or_gone(AGENTS, refused.failed.get(0), agent) from None
        return stored

    def update(self, user_id: str, agent_id: str, change: Change[Agent]) -> Agent:
        return update(lambda: self.get(user_id, agent_id), self.save, change)

    def unfinished(self) -> list[Agent]:
        found = self._dynamo.of_index(AGENTS, WORK, "#work = :work", {"work": "agent"})
        return [agent for agent in self._present(found) if is_unfinished(agent)]

    def events(self, user_id: str, agent_id: str, *, after: int = 0) -> list[AgentEvent]:
        values = {"user": user_id, "from": event_key(agent_id, after + 1), "to": event_key(agent_id, _MOST_EVENTS)}
        found = self._dynamo.query(JOURNAL, "#userId = :user AND #entryKey BETWEEN :from AND :to", values)
        return [self._records.record(item, AgentEvent) for item in found]

    def delete(self, user_id: str, agent_id: str) -> None:
        """What hangs on the agent goes first, and the agent with its knowledge base last and together: a deletion that
        was cut short finds them both again.
        """
        dynamo = self._dynamo
        for webhook in webhooks_of(dynamo, user_id):
            drop(dynamo, user_id, webhook.webhook_id, agent_id)
        of_agent = {"user": user_id, "agent": agent_id}
        parts: dict[Table, Iterable[Item]] = {
            VERSIONS: self._below(VERSIONS, user_id, agent_id),
            JOURNAL: self._below(JOURNAL, user_id, agent_id),
            CONVERSATIONS: conversation_items(dynamo, user_id, agent_id),
            API_KEYS: dynamo.query(API_KEYS, "#userId = :user AND #agentId = :agent", of_agent, index=OF_USER),
            REQUESTS: dynamo.query(REQUESTS, "#userId = :user AND #resourceId = :agent", of_agent, index=OF_RESOURCE),
        }
        for table, items in parts.items():
            dynamo.batch_delete(table, list(items))
        self._delete_heads(user_id, agent_id)

    def _below(self, table: Table, user_id: str, agent_id: str) -> Iterator[Item]:
        values = {"user": user_id, "prefix": f"{agent_id}#"}
        return self._dynamo.query(table, f"#userId = :user AND begins_with(#{table.range_key}, :prefix)", values)

    def _delete_heads(self, user_id: str, agent_id: str) -> None:
        item = self._dynamo.get(AGENTS, user_id, agent_id)
        if item is None:
            self._records.drop_overflow(user_id, agent_id)
            return
        base_key = key_of(KNOWLEDGE_BASES, decode(item["knowledgeBaseId"]))
        base = self._dynamo.get(KNOWLEDGE_BASES, decode(item["knowledgeBaseId"]))
        for table, head in ((AGENTS, item), (KNOWLEDGE_BASES, base)):
            if head is not None and self._records.has_overflow(head):
                self._dynamo.write(Write("Put", table, self._records.without_overflow(head)))
        self._records.drop_overflow(user_id, agent_id)
        owned = "attribute_not_exists(#userId) OR #userId = :user"
        self._dynamo.write(
            Write("Delete", AGENTS, key_of(AGENTS, user_id, agent_id)),
            Write("Delete", KNOWLEDGE_BASES, base_key, owned, values={"user": user_id}),
        )


def version_key(ref: VersionRef) -> str:
    return f"{ref.agent_id}#{ref.version:06d}"


class DynamoKnowledgeBases(KnowledgeBaseRepository):
    """The key holds no tenant, so every read and write looks at `userId` too."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def get(self, user_id: str, knowledge_base_id: str) -> KnowledgeBase:
        found = self._records.find(KNOWLEDGE_BASES, KnowledgeBase, knowledge_base_id)
        if found is None or found.user_id != user_id:
            raise NotFound(f"no knowledge base {knowledge_base_id}")
        return found

    def save(self, knowledge_base: KnowledgeBase) -> KnowledgeBase:
        return self._records.save(KNOWLEDGE_BASES, knowledge_base)

    def update(self, user_id: str, knowledge_base_id: str, change: Change[KnowledgeBase]) -> KnowledgeBase:
        return update(lambda: self.get(user_id, knowledge_base_id), self.save, change)

    def delete(self, user_id: str, knowledge_base_id: str) -> None:
        key = key_of(KNOWLEDGE_BASES, knowledge_base_id)
        try:
            self._records.dynamo.write(
                Write("Delete", KNOWLEDGE_BASES, key, "#userId = :user", values={"user": user_id})
            )
        except Refused:
            return


class DynamoVersions(VersionRepository):
    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, version: AgentVersion) -> AgentVersion:
        stored, write = self._records.addition(VERSIONS, version, versionKey=version_key(version.ref))
        try:
            self._records.dynamo.write(write)
        except Refused:
            raise Conflict(f"there is already a version {version.ref}") from None
        return stored

    def get(self, ref: VersionRef) -> AgentVersion:
        found = self._records.find(VERSIONS, AgentVersion, ref.user_id, version_key(ref))
        if found is None:
            raise NotFound(f"agent {ref.agent_id} has no version {ref.version}")
        return found

    def history(self, user_id: str, agent_id: str) -> list[AgentVersion]:
        values = {"user": user_id, "prefix": f"{agent_id}#"}
        condition = "#userId = :user AND begins_with(#versionKey, :prefix)"
        found = self._records.dynamo.query(VERSIONS, condition, values, forward=False)
        return [self._records.record(item, AgentVersion) for item in found]

    def save(self, version: AgentVersion) -> AgentVersion:
        return self._records.save(VERSIONS, version, versionKey=version_key(version.ref))

    def update(self, ref: VersionRef, change: Change[AgentVersion]) -> AgentVersion:
        return update(lambda: self.get(ref), self.save, change)
