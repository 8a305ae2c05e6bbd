"""Records of the embedded platform in SQLite; the contracts stand in `ports.repositories`.

Every table keeps the record as JSON next to the columns it is found by; `revision` is the compare-and-set counter.
"""

import sqlite3

from oratio.adapters.compare_and_set import update
from oratio.adapters.local.database import Database
from oratio.adapters.local.outbox import enqueue
from oratio.adapters.local.rows import at_revision, compare_and_set, insert, page_of
from oratio.domain.agents.agent import Agent, Step
from oratio.domain.agents.events import agent_events, agent_news, is_unfinished
from oratio.domain.agents.journal import AgentEvent, Lease, StepRecord
from oratio.domain.agents.version import AgentVersion
from oratio.domain.api_keys import ApiKey
from oratio.domain.cursors import read_cursor
from oratio.domain.knowledge.knowledge_base import KnowledgeBase
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, LeaseLost, NotFound
from oratio.ports.clock import Clock
from oratio.ports.repositories import (
    AgentRepository,
    ApiKeyRepository,
    Change,
    IdempotencyRepository,
    Journal,
    KnowledgeBaseRepository,
    Page,
    VersionRepository,
)
from oratio.ports.submissions import Submission, SubmissionRepository

IDEMPOTENCY_MS = 24 * 3600 * 1000


def _append_events(connection: sqlite3.Connection, before: Agent | None, after: Agent) -> None:
    (last,) = connection.execute(
        "SELECT COALESCE(MAX(seq), 0) FROM events WHERE user_id = ? AND agent_id = ?", (after.user_id, after.agent_id)
    ).fetchone()
    for event in agent_events(before, after, last=last):
        columns: dict[str, str | int] = {"user_id": after.user_id, "agent_id": after.agent_id, "seq": event.seq}
        insert(connection, "events", {**columns, "body": event.model_dump_json()})
    enqueue(connection, after.user_id, after.agent_id, agent_news(before, after))


def _save_agent(connection: sqlite3.Connection, agent: Agent) -> Agent:
    keys: dict[str, str | int] = {"user_id": agent.user_id, "agent_id": agent.agent_id}
    row = connection.execute(
        "SELECT body FROM agents WHERE user_id = ? AND agent_id = ?", (agent.user_id, agent.agent_id)
    ).fetchone()
    stored = compare_and_set(connection, "agents", keys, agent, unfinished=int(is_unfinished(agent)))
    _append_events(connection, Agent.model_validate_json(row[0]), stored)
    return stored


def _find_agent(database: Database, user_id: str, agent_id: str) -> Agent:
    rows = database.read("SELECT body FROM agents WHERE user_id = ? AND agent_id = ?", user_id, agent_id)
    if not rows:
        raise NotFound(f"no agent {agent_id}")
    return Agent.model_validate_json(rows[0][0])


class SqliteAgents(AgentRepository):
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, agent: Agent, knowledge_base: KnowledgeBase, version: AgentVersion) -> Agent:
        stored = at_revision(agent, 1)
        with self._database.write() as connection:
            insert(
                connection,
                "agents",
                {
                    "user_id": agent.user_id,
                    "agent_id": agent.agent_id,
                    "created_at": agent.created_at,
                    "unfinished": int(is_unfinished(agent)),
                    "revision": 1,
                    "body": stored.model_dump_json(),
                },
            )
            insert(
                connection,
                "knowledge_bases",
                {
                    "knowledge_base_id": knowledge_base.knowledge_base_id,
                    "user_id": knowledge_base.user_id,
                    "agent_id": knowledge_base.agent_id,
                    "revision": 1,
                    "body": at_revision(knowledge_base, 1).model_dump_json(),
                },
            )
            _insert_version(connection, version)
            _append_events(connection, None, stored)
            connection.execute(
                "DELETE FROM submissions WHERE user_id = ? AND agent_id = ?", (agent.user_id, agent.agent_id)
            )
        return stored

    def get(self, user_id: str, agent_id: str) -> Agent:
        return _find_agent(self._database, user_id, agent_id)

    def page(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Agent]:
        at, name = read_cursor(cursor)
        rows = self._database.read(
            "SELECT body FROM agents WHERE user_id = ? AND (created_at, agent_id) < (?, ?)"
            " ORDER BY created_at DESC, agent_id DESC LIMIT ?",
            user_id,
            at,
            name,
            limit + 1,
        )
        return page_of(rows, Agent, limit, "created_at", "agent_id")

    def save(self, agent: Agent) -> Agent:
        with self._database.write() as connection:
            return _save_agent(connection, agent)

    def update(self, user_id: str, agent_id: str, change: Change[Agent]) -> Agent:
        return update(lambda: self.get(user_id, agent_id), self.save, change)

    def unfinished(self) -> list[Agent]:
        rows = self._database.read("SELECT body FROM agents WHERE unfinished = 1 ORDER BY created_at")
        return [Agent.model_validate_json(body) for (body,) in rows]

    def delete(self, user_id: str, agent_id: str) -> None:
        tables = (
            "agents",
            "knowledge_bases",
            "versions",
            "journal",
            "leases",
            "events",
            "api_keys",
            "conversations",
            "outbox",
        )
        with self._database.write() as connection:
            for table in tables:
                connection.execute(
                    f"DELETE FROM {table} WHERE user_id = ? AND agent_id = ?",  # noqa: S608 - names from the tuple above
                    (user_id, agent_id),
                )
            connection.execute("DELETE FROM idempotency WHERE user_id = ? AND resource_id = ?", (user_id, agent_id))

    def events(self, user_id: str, agent_id: str, *, after: int = 0) -> list[AgentEvent]:
        rows = self._database.read(
            "SELECT body FROM events WHERE user_id = ? AND agent_id = ? AND seq > ? ORDER BY seq",
            user_id,
            agent_id,
            after,
        )
        return [AgentEvent.model_validate_json(body) for (body,) in rows]


class SqliteKnowledgeBases(KnowledgeBaseRepository):
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, user_id: str, knowledge_base_id: str) -> KnowledgeBase:
        rows = self._database.read(
            "SELECT body FROM knowledge_bases WHERE knowledge_base_id = ? AND user_id = ?", knowledge_base_id, user_id
        )
        if not rows:
            raise NotFound(f"no knowledge base {knowledge_base_id}")
        return KnowledgeBase.model_validate_json(rows[0][0])

    def save(self, knowledge_base: KnowledgeBase) -> KnowledgeBase:
        keys: dict[str, str | int] = {
            "knowledge_base_id": knowledge_base.knowledge_base_id,
            "user_id": knowledge_base.user_id,
        }
        with self._database.write() as connection:
            return compare_and_set(connection, "knowledge_bases", keys, knowledge_base)

    def update(self, user_id: str, knowledge_base_id: str, change: Change[KnowledgeBase]) -> KnowledgeBase:
        return update(lambda: self.get(user_id, knowledge_base_id), self.save, change)

    def delete(self, user_id: str, knowledge_base_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM knowledge_bases WHERE knowledge_base_id = ? AND user_id = ?", (knowledge_base_id, user_id)
            )


def _insert_version(connection: sqlite3.Connection, version: AgentVersion) -> AgentVersion:
    stored = at_revision(version, 1)
    insert(
        connection,
        "versions",
        {
            "user_id": version.user_id,
            "agent_id": version.agent_id,
            "version": version.version,
            "revision": 1,
            "body": stored.model_dump_json(),
        },
    )
    return stored


class SqliteVersions(VersionRepository):
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, version: AgentVersion) -> AgentVersion:
        with self._database.write() as connection:
            return _insert_version(connection, version)

    def get(self, ref: VersionRef) -> AgentVersion:
        rows = self._database.read(
            "SELECT body FROM versions WHERE user_id = ? AND agent_id = ? AND version = ?",
            ref.user_id,
            ref.agent_id,
            ref.version,
        )
        if not rows:
            raise NotFound(f"agent {ref.agent_id} has no version {ref.version}")
        return AgentVersion.model_validate_json(rows[0][0])

    def history(self, user_id: str, agent_id: str) -> list[AgentVersion]:
        rows = self._database.read(
            "SELECT body FROM versions WHERE user_id = ? AND agent_id = ? ORDER BY version DESC", user_id, agent_id
        )
        return [AgentVersion.model_validate_json(body) for (body,) in rows]

    def save(self, version: AgentVersion) -> AgentVersion:
        keys: dict[str, str | int] = {
            "user_id": version.user_id,
            "agent_id": version.agent_id,
            "version": version.version,
        }
        with self._database.write() as connection:
            return compare_and_set(connection, "versions", keys, version)

    def update(self, ref: VersionRef, change: Change[AgentVersion]) -> AgentVersion:
        return update(lambda: self.get(ref), self.save, change)


class SqliteJournal(Journal):
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def acquire(self, ref: VersionRef, owner: str, *, ttl_ms: int) -> Lease:
        now = self._clock.now_ms()
        with self._database.write() as connection:
            held = self._find_lease(connection, ref)
            if held and held.owner != owner and held.expires_at > now:
                raise Conflict(f"version {ref} is being worked on by another run", hint="wait for it to end")
            keeps_fence = held is not None and held.owner == owner and held.expires_at > now
            fence = (held.fence if held else 0) + (0 if keeps_fence else 1)
            connection.execute(
                "INSERT OR REPLACE INTO leases (user_id, agent_id, version, owner, fence, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (ref.user_id, ref.agent_id, ref.version, owner, fence, now + ttl_ms),
            )
        return Lease(ref=ref, owner=owner, fence=fence, expires_at=now + ttl_ms)

    def renew(self, lease: Lease, *, ttl_ms: int) -> Lease:
        expires_at = self._clock.now_ms() + ttl_ms
        with self._database.write() as connection:
            self._require_newest(connection, lease)
            connection.execute(
                "UPDATE leases SET expires_at = ? WHERE user_id = ? AND agent_id = ? AND version = ?",
                (expires_at, lease.ref.user_id, lease.ref.agent_id, lease.ref.version),
            )
        return lease.model_copy(update={"expires_at": expires_at})

    def release(self, lease: Lease) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE leases SET expires_at = 0 WHERE user_id = ? AND agent_id = ? AND version = ? AND fence = ?",
                (lease.ref.user_id, lease.ref.agent_id, lease.ref.version, lease.fence),
            )

    def record(self, lease: Lease, step: StepRecord, agent: Agent) -> Agent:
        with self._database.write() as connection:
            self._require_newest(connection, lease)
            connection.execute(
                "INSERT OR REPLACE INTO journal (user_id, agent_id, version, step, body) VALUES (?, ?, ?, ?, ?)",
                (step.ref.user_id, step.ref.agent_id, step.ref.version, step.step, step.model_dump_json()),
            )
            return _save_agent(connection, agent)

    def update(self, lease: Lease, step: StepRecord, change: Change[Agent]) -> Agent:
        user_id, agent_id = lease.ref.user_id, lease.ref.agent_id
        return update(
            lambda: _find_agent(self._database, user_id, agent_id),
            lambda agent: self.record(lease, step, agent),
            change,
        )

    def find(self, ref: VersionRef, step: Step) -> StepRecord | None:
        rows = self._database.read(
            "SELECT body FROM journal WHERE user_id = ? AND agent_id = ? AND version = ? AND step = ?",
            ref.user_id,
            ref.agent_id,
            ref.version,
            step,
        )
        return StepRecord.model_validate_json(rows[0][0]) if rows else None

    def steps(self, ref: VersionRef) -> list[StepRecord]:
        rows = self._database.read(
            "SELECT body FROM journal WHERE user_id = ? AND agent_id = ? AND version = ?",
            ref.user_id,
            ref.agent_id,
            ref.version,
        )
        order = list(Step)
        return sorted((StepRecord.model_validate_json(body) for (body,) in rows), key=lambda row: order.index(row.step))

    def lease(self, ref: VersionRef) -> Lease | None:
        with self._database.write() as connection:
            return self._find_lease(connection, ref)

    @staticmethod
    def _find_lease(connection: sqlite3.Connection, ref: VersionRef) -> Lease | None:
        row = connection.execute(
            "SELECT owner, fence, expires_at FROM leases WHERE user_id = ? AND agent_id = ? AND version = ?",
            (ref.user_id, ref.agent_id, ref.version),
        ).fetchone()
        return Lease(ref=ref, owner=row[0], fence=row[1], expires_at=row[2]) if row else None

    def _require_newest(self, connection: sqlite3.Connection, lease: Lease) -> None:
        held = self._find_lease(connection, lease.ref)
        if held is None or held.fence != lease.fence or held.owner != lease.owner:
            raise LeaseLost(f"another run took over version {lease.ref}")


class SqliteApiKeys(ApiKeyRepository):
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: ApiKey) -> ApiKey:
        stored = at_revision(key, 1)
        columns: dict[str, str | int] = {
            "key_id": key.key_id,
            "user_id": key.user_id,
            "agent_id": key.agent_id,
            "revision": 1,
            "body": stored.model_dump_json(),
        }
        with self._database.write() as connection:
            insert(connection, "api_keys", columns)
        return stored

    def find(self, key_id: str) -> ApiKey | None:
        rows = self._database.read("SELECT body FROM api_keys WHERE key_id = ?", key_id)
        return ApiKey.model_validate_json(rows[0][0]) if rows else None

    def of_agent(self, user_id: str, agent_id: str) -> list[ApiKey]:
        rows = self._database.read(
            "SELECT body FROM api_keys WHERE user_id = ? AND agent_id = ? ORDER BY key_id", user_id, agent_id
        )
        return sorted((ApiKey.model_validate_json(body) for (body,) in rows), key=lambda key: key.created_at)

    def save(self, key: ApiKey) -> ApiKey:
        with self._database.write() as connection:
            return compare_and_set(connection, "api_keys", {"key_id": key.key_id, "user_id": key.user_id}, key)

    def update(self, user_id: str, key_id: str, change: Change[ApiKey]) -> ApiKey:
        return update(lambda: self._own(user_id, key_id), self.save, change)

    def _own(self, user_id: str, key_id: str) -> ApiKey:
        key = self.find(key_id)
        if key is None or key.user_id != user_id:
            raise NotFound(f"no key {key_id}")
        return key


class SqliteSubmissions(SubmissionRepository):
    """An agent's record ends its submission in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, submission: Submission) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO submissions (user_id, agent_id, begun_at) VALUES (?, ?, ?)", submission
            )

    def end(self, user_id: str, agent_id: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM submissions WHERE user_id = ? AND agent_id = ?", (user_id, agent_id))

    def started_before(self, at_ms: int) -> list[Submission]:
        rows = self._database.read(
            "SELECT user_id, agent_id, begun_at FROM submissions WHERE begun_at < ? ORDER BY begun_at LIMIT 100", at_ms
        )
        return [Submission(user_id, agent_id, int(started_at)) for user_id, agent_id, started_at in rows]


class SqliteIdempotency(IdempotencyRepository):
    """Claims older than 24 hours are forgotten when the next one is made."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, user_id: str, key: str, body_sha256: str, resource_id: str) -> str:
        now = self._clock.now_ms()
        with self._database.write() as connection:
            connection.execute("DELETE FROM idempotency WHERE created_at < ?", (now - IDEMPOTENCY_MS,))
            row = connection.execute(
                "SELECT body_sha256, resource_id FROM idempotency WHERE user_id = ? AND key = ?", (user_id, key)
            ).fetchone()
            if row is None:
                columns: dict[str, str | int] = {
                    "user_id": user_id,
                    "key": key,
                    "body_sha256": body_sha256,
                    "resource_id": resource_id,
                    "created_at": now,
                }
                insert(connection, "idempotency", columns)
                return resource_id
        if row[0] != body_sha256:
            raise Conflict("this Idempotency-Key was used with another body", hint="send a new key for a new request")
        return str(row[1])

    def release(self, user_id: str, key: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM idempotency WHERE user_id = ? AND key = ?", (user_id, key))
