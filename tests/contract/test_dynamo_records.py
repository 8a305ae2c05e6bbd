from collections.abc import Mapping
from typing import Any

import pytest

from oratio.adapters.aws.dynamodb.access import DynamoApiKeys, DynamoIdempotency
from oratio.adapters.aws.dynamodb.agents import DynamoAgents, DynamoKnowledgeBases, DynamoVersions
from oratio.adapters.aws.dynamodb.conversations import DynamoConversations
from oratio.adapters.aws.dynamodb.journal import Changes, DynamoJournal, DynamoSubmissions
from oratio.adapters.aws.dynamodb.live_calls import DynamoLiveCalls
from oratio.adapters.aws.dynamodb.outbox import DynamoOutbox, DynamoWebhooks
from oratio.adapters.aws.dynamodb.records import Records
from oratio.adapters.aws.dynamodb.store import Dynamo
from oratio.adapters.aws.dynamodb.tables import Table, names
from oratio.adapters.aws.s3 import S3ObjectStore
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.aws.setup import create_buckets, create_tables
from oratio.ports.object_store import ObjectStore
from oratio.settings import Settings
from tests.contract.live_calls import LiveCallRepositoryContract
from tests.contract.repositories import (
    AgentRepositoryContract,
    ApiKeyRepositoryContract,
    ConversationRepositoryContract,
    IdempotencyRepositoryContract,
    JournalContract,
)
from tests.fakes.clock import FakeClock

NAMES: Mapping[Table, str] = names(Settings())
CODE = "oratio-generated-code"


@pytest.fixture
def session(moto: str) -> AwsSession:
    session = AwsSession("us-east-1")
    create_tables(session, NAMES)
    create_buckets(session, [CODE])
    return session


@pytest.fixture
def client(session: AwsSession) -> Any:
    return session.client("dynamodb")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def dynamo(session: AwsSession, clock: FakeClock) -> Dynamo:
    return Dynamo(session, NAMES, clock)


@pytest.fixture
def code(session: AwsSession) -> ObjectStore:
    return S3ObjectStore(session, CODE)


@pytest.fixture
def records(dynamo: Dynamo, code: ObjectStore) -> Records:
    return Records(dynamo, code)


@pytest.fixture
def changes(records: Records, clock: FakeClock) -> Changes:
    return Changes(records, clock)


@pytest.fixture
def agents(records: Records, changes: Changes) -> DynamoAgents:
    return DynamoAgents(records, changes)


@pytest.fixture
def knowledge_bases(records: Records) -> DynamoKnowledgeBases:
    return DynamoKnowledgeBases(records)


@pytest.fixture
def versions(records: Records) -> DynamoVersions:
    return DynamoVersions(records)


@pytest.fixture
def journal(records: Records, changes: Changes, clock: FakeClock) -> DynamoJournal:
    return DynamoJournal(records, changes, clock)


@pytest.fixture
def keys(records: Records) -> DynamoApiKeys:
    return DynamoApiKeys(records)


@pytest.fixture
def conversations(records: Records, clock: FakeClock) -> DynamoConversations:
    return DynamoConversations(records, clock)


@pytest.fixture
def idempotency(dynamo: Dynamo, clock: FakeClock) -> DynamoIdempotency:
    return DynamoIdempotency(dynamo, clock)


@pytest.fixture
def submissions(dynamo: Dynamo) -> DynamoSubmissions:
    return DynamoSubmissions(dynamo)


@pytest.fixture
def webhooks(dynamo: Dynamo) -> DynamoWebhooks:
    return DynamoWebhooks(dynamo)


@pytest.fixture
def outbox(dynamo: Dynamo, clock: FakeClock) -> DynamoOutbox:
    return DynamoOutbox(dynamo, clock)


@pytest.fixture
def live_calls(dynamo: Dynamo, clock: FakeClock) -> DynamoLiveCalls:
    return DynamoLiveCalls(dynamo, clock)


class TestDynamoAgents(AgentRepositoryContract):
    pass


class TestDynamoJournal(JournalContract):
    pass


class TestDynamoApiKeys(ApiKeyRepositoryContract):
    pass


class TestDynamoConversations(ConversationRepositoryContract):
    pass


class TestDynamoIdempotency(IdempotencyRepositoryContract):
    pass


class TestDynamoLiveCalls(LiveCallRepositoryContract):
    pass
