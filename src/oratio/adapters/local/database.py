"""One SQLite file for all records of the embedded platform: connections, transactions, migrations."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from oratio.errors import Conflict, Unavailable

_BUSY_MS = 15_000
# A connection a thread, each with a cache of its own: what a process holds must not grow with its threads.
_CACHE_KB = 256

# Each entry moves the schema one version up; entries are never edited once released.
MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE agents (
        user_id TEXT NOT NULL, agent_id TEXT NOT NULL, created_at INTEGER NOT NULL,
        unfinished INTEGER NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (user_id, agent_id)) WITHOUT ROWID;
    CREATE INDEX agents_newest ON agents (user_id, created_at DESC, agent_id DESC);
    CREATE INDEX agents_unfinished ON agents (unfinished) WHERE unfinished = 1;
    CREATE TABLE knowledge_bases (
        knowledge_base_id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, agent_id TEXT NOT NULL,
        revision INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX knowledge_bases_user ON knowledge_bases (user_id, agent_id);
    CREATE TABLE versions (
        user_id TEXT NOT NULL, agent_id TEXT NOT NULL, version INTEGER NOT NULL,
        revision INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (user_id, agent_id, version)) WITHOUT ROWID;
    CREATE TABLE journal (
        user_id TEXT NOT NULL, agent_id TEXT NOT NULL, version INTEGER NOT NULL, step TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (user_id, agent_id, version, step)) WITHOUT ROWID;
    CREATE TABLE leases (
        user_id TEXT NOT NULL, agent_id TEXT NOT NULL, version INTEGER NOT NULL,
        owner TEXT NOT NULL, fence INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (user_id, agent_id, version)) WITHOUT ROWID;
    CREATE TABLE events (
        user_id TEXT NOT NULL, agent_id TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (user_id, agent_id, seq)) WITHOUT ROWID;
    CREATE TABLE api_keys (
        key_id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, agent_id TEXT NOT NULL,
        revision INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX api_keys_agent ON api_keys (user_id, agent_id);
    CREATE TABLE conversations (
        user_id TEXT NOT NULL, conversation_id TEXT NOT NULL, agent_id TEXT NOT NULL,
        started_at INTEGER NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (user_id, conversation_id)) WITHOUT ROWID;
    CREATE INDEX conversations_newest ON conversations (user_id, agent_id, started_at DESC, conversation_id DESC);
    CREATE TABLE idempotency (
        user_id TEXT NOT NULL, key TEXT NOT NULL, body_sha256 TEXT NOT NULL, resource_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (user_id, key)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE webhooks (
        webhook_id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, created_at INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX webhooks_user ON webhooks (user_id, created_at);
    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, webhook_id TEXT NOT NULL, user_id TEXT NOT NULL,
        agent_id TEXT NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX outbox_order ON outbox (webhook_id, agent_id, seq);
    CREATE INDEX outbox_due ON outbox (due_at);
    CREATE INDEX outbox_agent ON outbox (user_id, agent_id);
    """,
    """
    CREATE TABLE submissions (
        user_id TEXT NOT NULL, agent_id TEXT NOT NULL, begun_at INTEGER NOT NULL,
        PRIMARY KEY (user_id, agent_id)) WITHOUT ROWID;
    CREATE INDEX submissions_begun ON submissions (begun_at);
    """,
    """
    CREATE TABLE live_calls (
        user_id TEXT NOT NULL, conversation_id TEXT NOT NULL, agent_id TEXT NOT NULL, holder TEXT NOT NULL,
        attached INTEGER NOT NULL, owner TEXT NOT NULL, started_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (user_id, conversation_id)) WITHOUT ROWID;
    """,
    """
    CREATE INDEX conversations_quiet ON conversations (json_extract(body, '$.updatedAt'));
    CREATE INDEX conversations_quiet_open ON conversations (json_extract(body, '$.updatedAt'))
        WHERE json_extract(body, '$.outcome') = 'open';
    """,
)


class Database:
    """A file opened once per thread; a write holds SQLite's one write lock for as short as it can."""

    def __init__(self, path: Path) -> None:
        """Open or create the file and bring its schema up to date.

        Raises:
            Conflict: The file was written by a newer Oratio.
        """
        self._path = path
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._migrate()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=_BUSY_MS / 1000, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
            self._path.chmod(0o600)
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Close this thread's connection; it opens again when used again."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def read(self, sql: str, *values: object) -> list[tuple[str, ...]]:
        return self._connection().execute(sql, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One immediate transaction: committed and synced at the end, rolled back on any error.

        Raises:
            Unavailable: The disk is full or the file stayed locked.
        """
        connection = self._connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            raise Unavailable(
                f"the record store cannot be written ({error})", hint="free disk space or see `oratio doctor`"
            ) from error

    def _migrate(self) -> None:
        connection = self._connection()
        if connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
            return
        with self.write():
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                raise Conflict(f"{self._path.name} was written by a newer Oratio", hint="upgrade Oratio")
            for script in MIGRATIONS[version:]:
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
