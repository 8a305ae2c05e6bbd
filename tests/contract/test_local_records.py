from pathlib import Path

import pytest

from oratio.adapters.local.conversations import SqliteConversations
from oratio.adapters.local.database import MIGRATIONS, Database
from oratio.adapters.local.live_calls import SqliteLiveCalls
from oratio.adapters.local.outbox import SqliteOutbox, SqliteWebhooks
from oratio.adapters.local.records import (
    SqliteAgents,
    SqliteApiKeys,
    SqliteIdempotency,
    SqliteJournal,
    SqliteKnowledgeBases,
    SqliteSubmissions,
    SqliteVersions,
)
from oratio.errors import Conflict
from tests.contract.live_calls import LiveCallRepositoryContract
from tests.contract.repositories import (
    AgentRepositoryContract,
    ApiKeyRepositoryContract,
    ConversationRepositoryContract,
    IdempotencyRepositoryContract,
    JournalContract,
)
from tests.contract.updates import JournalUpdateContract, UpdateContract, updated  # noqa: F401 - a fixture
from tests.contract.webhooks import OutboxContract, SubmissionRepositoryContract, WebhookRepositoryContract
from tests.fakes.clock import FakeClock


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "oratio.db")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def agents(database: Database) -> SqliteAgents:
    return SqliteAgents(database)


@pytest.fixture
def knowledge_bases(database: Database) -> SqliteKnowledgeBases:
    return SqliteKnowledgeBases(database)


@pytest.fixture
def versions(database: Database) -> SqliteVersions:
    return SqliteVersions(database)


@pytest.fixture
def journal(database: Database, clock: FakeClock) -> SqliteJournal:
    return SqliteJournal(database, clock)


@pytest.fixture
def keys(database: Database) -> SqliteApiKeys:
    return SqliteApiKeys(database)


@pytest.fixture
def conversations(database: Database) -> SqliteConversations:
    return SqliteConversations(database)


@pytest.fixture
def idempotency(database: Database, clock: FakeClock) -> SqliteIdempotency:
    return SqliteIdempotency(database, clock)


@pytest.fixture
def live_calls(database: Database, clock: FakeClock) -> SqliteLiveCalls:
    return SqliteLiveCalls(database, clock)


@pytest.fixture
def webhooks(database: Database) -> SqliteWebhooks:
    return SqliteWebhooks(database)


@pytest.fixture
def outbox(database: Database, clock: FakeClock) -> SqliteOutbox:
    return SqliteOutbox(database, clock)


@pytest.fixture
def submissions(database: Database) -> SqliteSubmissions:
    return SqliteSubmissions(database)


class TestSqliteAgents(AgentRepositoryContract):
    pass


class TestSqliteJournal(JournalContract):
    pass


class TestSqliteApiKeys(ApiKeyRepositoryContract):
    pass


class TestSqliteConversations(ConversationRepositoryContract):
    pass


class TestSqliteIdempotency(IdempotencyRepositoryContract):
    pass


class TestSqliteLiveCalls(LiveCallRepositoryContract):
    pass


class TestSqliteWebhooks(WebhookRepositoryContract):
    pass


class TestSqliteOutbox(OutboxContract):
    pass


class TestSqliteSubmissions(SubmissionRepositoryContract):
    pass


def test_a_file_of_a_newer_oratio_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "oratio.db"
    with Database(path).write() as connection:
        connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    with pytest.raises(Conflict, match="newer Oratio"):
        Database(path)


def test_the_record_file_is_its_owners_alone(tmp_path: Path) -> None:
    Database(tmp_path / "oratio.db")
    assert (tmp_path / "oratio.db").stat().st_mode & 0o077 == 0


class TestSqliteUpdates(UpdateContract):
    pass


class TestSqliteJournalUpdates(JournalUpdateContract):
    pass
