import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from oratio.adapters.aws.dynamodb.access import DynamoApiKeys, DynamoIdempotency
from oratio.adapters.aws.dynamodb.agents import DynamoAgents, DynamoKnowledgeBases, DynamoVersions
from oratio.adapters.aws.dynamodb.codec import item_size
from oratio.adapters.aws.dynamodb.conversations import DynamoConversations
from oratio.adapters.aws.dynamodb.journal import Changes, DynamoJournal, DynamoSubmissions
from oratio.adapters.aws.dynamodb.live_calls import DynamoLiveCalls
from oratio.adapters.aws.dynamodb.outbox import DynamoOutbox, DynamoWebhooks
from oratio.adapters.aws.dynamodb.records import Records
from oratio.adapters.aws.dynamodb.store import Dynamo, Refused, Write, key_of
from oratio.adapters.aws.dynamodb.tables import VERSIONS, Table, names
from oratio.adapters.aws.s3 import S3ObjectStore
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.aws.setup import create_buckets, create_tables, table_problems
from oratio.domain.agents.agent import Step, StepStatus
from oratio.domain.agents.journal import StepRecord
from oratio.domain.knowledge.knowledge_base import Document
from oratio.errors import CloudRefused, Conflict, RateLimited, Unavailable
from oratio.ports.object_store import ObjectStore
from oratio.settings import load
from tests.contract.live_calls import LiveCallRepositoryContract
from tests.contract.repositories import (
    REF,
    AgentRepositoryContract,
    ApiKeyRepositoryContract,
    ConversationRepositoryContract,
    IdempotencyRepositoryContract,
    JournalContract,
    a_conversation,
    a_key,
    add,
)
from tests.contract.updates import JournalUpdateContract, UpdateContract, updated  # noqa: F401 - a fixture
from tests.contract.webhooks import OutboxContract, SubmissionRepositoryContract, WebhookRepositoryContract
from tests.fakes.clock import FakeClock
from tests.fakes.records import a_brief, a_knowledge_base, a_version, an_agent

NAMES: Mapping[Table, str] = names(load())
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


def everything(client: Any) -> list[str]:
    """The keys of all rows of all tables."""
    found = []
    for table, name in NAMES.items():
        items = client.scan(TableName=name)["Items"]
        found += [f"{name} {' '.join(item[key]['S'] for key in table.keys)}" for item in items]
    return found


class TestDynamoAgents(AgentRepositoryContract):
    def test_a_row_is_readable_as_the_outside_contract_has_it(
        self, agents: DynamoAgents, versions: DynamoVersions, client: Any
    ) -> None:
        add(agents)
        agent = client.get_item(TableName="oratio-agents", Key={"userId": {"S": "ada"}, "agentId": {"S": "a1"}})["Item"]
        assert {name: agent[name] for name in ("agentName", "agentType", "sop", "status", "createdAt")} == {
            "agentName": {"S": "Helper"},
            "agentType": {"S": "text"},
            "sop": {"S": "Greet the caller."},
            "status": {"S": "creating"},
            "createdAt": {"N": "1"},
        }
        base = client.get_item(TableName="oratio-knowledgebases", Key={"knowledgeBaseId": {"S": "kb-a1"}})["Item"]
        assert {"userId", "agentId", "s3Path", "kind", "status", "folderFileDescriptions", "problems"} <= base.keys()
        (version,) = client.scan(TableName="oratio-agent-versions")["Items"]
        assert version["versionKey"] == {"S": "a1#000001"}

    def test_descriptions_keep_their_empty_keys_and_any_depth(
        self, agents: DynamoAgents, knowledge_bases: DynamoKnowledgeBases, versions: DynamoVersions
    ) -> None:
        deep: dict[str, Any] = {"": "the last folder"}
        for depth in range(40):
            deep = {f"f{depth}": deep, "": f"folder {depth}"}
        version = a_version(brief=a_brief(folder_file_descriptions=deep))
        agents.add(an_agent(folder_file_descriptions=deep), a_knowledge_base(folder_file_descriptions=deep), version)
        assert agents.get("ada", "a1").folder_file_descriptions == deep
        assert knowledge_bases.get("ada", "kb-a1").folder_file_descriptions == deep
        assert versions.get(version.ref).brief.folder_file_descriptions == deep

    def test_the_largest_agent_that_is_allowed_is_stored_whole(
        self, agents: DynamoAgents, versions: DynamoVersions, client: Any, code: ObjectStore
    ) -> None:
        sop = "\N{GRINNING FACE}" * 100_000
        described = {f"{number:04d}.md": "\N{GRINNING FACE}" * 2_000 for number in range(100)}
        files = tuple(
            Document(path=f"{'p' * 690}{number:04d}", size=1, sha256="0" * 64, media_type="text/plain")
            for number in range(1_000)
        )
        words: dict[str, Any] = {"sop": sop, "folder_file_descriptions": described}
        agent, version = an_agent(**words), a_version(brief=a_brief(**words), documents=files)
        agents.add(agent, a_knowledge_base(folder_file_descriptions=described), version)
        stored = agents.save(agents.get("ada", "a1").model_copy(update={"updated_at": 9}))
        assert agents.get("ada", "a1") == stored
        assert stored.sop == sop
        assert stored.folder_file_descriptions == described
        assert versions.get(version.ref).documents == files
        assert agents.page("ada", limit=1).items == [stored]
        assert all(
            item_size(item) < 400_000 for table in NAMES.values() for item in client.scan(TableName=table)["Items"]
        )
        # The agent and its version share what is the same, and a save stores none of it again.
        assert len(list(code.list("ada/.records/a1/"))) == 4
        agents.delete("ada", "a1")
        assert list(code.list("")) == []
        assert everything(client) == []

    def test_deletion_takes_every_row_of_the_agent_and_none_of_its_neighbour(
        self,
        agents: DynamoAgents,
        journal: DynamoJournal,
        keys: DynamoApiKeys,
        conversations: DynamoConversations,
        idempotency: DynamoIdempotency,
        client: Any,
    ) -> None:
        add(agents, "a10")
        before = everything(client)
        add(agents, "a1")
        lease = journal.acquire(REF, "run", ttl_ms=1_000)
        step = StepRecord(ref=REF, step=Step.INGEST_FOLDER, status=StepStatus.RUNNING, started_at=1)
        journal.record(lease, step, agents.get("ada", "a1"))
        keys.add(a_key("k1"))
        for number in range(30):
            conversations.add(a_conversation(f"c{number}", number))
        idempotency.claim("ada", "key", "body", "a1")
        agents.delete("ada", "a1")
        assert everything(client) == before

    def test_a_deletion_that_was_cut_short_goes_on(
        self, agents: DynamoAgents, knowledge_bases: DynamoKnowledgeBases, dynamo: Dynamo, client: Any
    ) -> None:
        add(agents)

        def cut(*_: object) -> None:
            raise Unavailable("power is gone")

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(dynamo, "write", cut)
            with pytest.raises(Unavailable):
                agents.delete("ada", "a1")
        assert agents.get("ada", "a1")
        assert knowledge_bases.get("ada", "kb-a1")
        agents.delete("ada", "a1")
        assert everything(client) == []

    def test_no_call_reads_a_whole_table(self, agents: DynamoAgents, session: AwsSession) -> None:
        asked: list[str] = []
        session.client("dynamodb", "data").meta.events.register(
            "before-call.dynamodb.*", lambda model, **_: asked.append(model.name)
        )
        add(agents)
        agents.unfinished()
        agents.page("ada", limit=3)
        agents.delete("ada", "a1")
        assert asked
        assert "Scan" not in asked


class TestDynamoJournal(JournalContract):
    def test_of_many_runs_one_gets_the_lease(self, agents: DynamoAgents, journal: DynamoJournal) -> None:
        add(agents)
        won: list[str] = []

        def acquire(owner: str) -> None:
            with suppress(Conflict):
                won.append(journal.acquire(REF, owner, ttl_ms=60_000).owner)

        threads = [threading.Thread(target=acquire, args=(f"run-{number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        lease = journal.lease(REF)
        assert lease is not None
        assert won == [lease.owner]


class TestDynamoApiKeys(ApiKeyRepositoryContract):
    pass


class TestDynamoConversations(ConversationRepositoryContract):
    pass


class TestDynamoIdempotency(IdempotencyRepositoryContract):
    def test_of_many_users_of_one_ticket_one_is_first(self, idempotency: DynamoIdempotency) -> None:
        with ThreadPoolExecutor(8) as pool:
            uses = [f"use-{number}" for number in range(16)]
            seen = list(pool.map(lambda use: idempotency.claim("ada", "ticket:1", "", use), uses))
        assert len(set(seen)) == 1
        assert sum(use == first for use, first in zip(uses, seen, strict=True)) == 1

    def test_a_claim_expires_by_itself(self, idempotency: DynamoIdempotency, clock: FakeClock, client: Any) -> None:
        idempotency.claim("ada", "k" * 5_000, "body", "a1")
        (row,) = client.scan(TableName="oratio-requests")["Items"]
        assert int(row["expiresAt"]["N"]) == clock.now_ms() // 1000 + 24 * 3600


class TestDynamoLiveCalls(LiveCallRepositoryContract):
    pass


class TestDynamoWebhooks(WebhookRepositoryContract):
    pass


class TestDynamoOutbox(OutboxContract):
    pass


class TestDynamoSubmissions(SubmissionRepositoryContract):
    pass


class TestDynamo:
    """What DynamoDB does now and then, and moto never."""

    def test_a_batch_is_sent_again_until_all_of_it_is_taken(self, dynamo: Dynamo, session: AwsSession) -> None:
        client = session.client("dynamodb", "data")
        rows = [key_of(VERSIONS, "ada", f"a1#{number:06d}") for number in range(30)]
        sent: list[int] = []

        def half(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
            asked = sent[-1]
            left = rows[asked // 2 : asked] if asked > 1 else []
            parsed["UnprocessedItems"] = (
                {NAMES[VERSIONS]: [{"PutRequest": {"Item": row}} for row in left]} if left else {}
            )

        def count(params: dict[str, Any], **_: Any) -> None:
            sent.append(params["body"].count(b"PutRequest"))

        client.meta.events.register("before-call.dynamodb.BatchWriteItem", count)
        client.meta.events.register("after-call.dynamodb.BatchWriteItem", half)
        dynamo.batch_put(VERSIONS, rows)
        assert sent == [25, 13, 7, 4, 2, 1, 5, 3, 2, 1]

    def test_a_transaction_that_meets_another_is_tried_again(self, dynamo: Dynamo, session: AwsSession) -> None:
        client = session.client("dynamodb", "data")
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
        refusal = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        answers: list[Any] = [refusal, refusal, None]

        def answer(**_: Any) -> Any:
            said = answers.pop(0)
            return said and (AWSResponse("", 400, {}, None), said)

        client.meta.events.register("before-call.dynamodb.TransactWriteItems", answer)
        first, second = (Write("Put", VERSIONS, key_of(VERSIONS, "ada", name)) for name in ("a", "b"))
        dynamo.write(first, second)
        assert answers == []
        assert dynamo.get(VERSIONS, "ada", "b") is not None

    def test_a_write_whose_answer_was_lost_counts_once(self, records: Records, dynamo: Dynamo) -> None:
        _, write = records.addition(VERSIONS, a_version(), versionKey="a1#000001")
        dynamo.write(write)
        dynamo.write(write)
        _, other = records.addition(VERSIONS, a_version(), versionKey="a1#000001")
        with pytest.raises(Refused):
            dynamo.write(other)

    def test_a_table_that_never_has_time_is_told_so(self, dynamo: Dynamo, session: AwsSession) -> None:
        def busy(**_: Any) -> Any:
            said = {"Error": {"Code": "TransactionConflictException"}}
            return AWSResponse("", 400, {}, None), said

        session.client("dynamodb", "data").meta.events.register("before-call.dynamodb.PutItem", busy)
        with pytest.raises(RateLimited, match="oratio-agent-versions"):
            dynamo.write(Write("Put", VERSIONS, key_of(VERSIONS, "ada", "a")))

    def test_a_missing_table_is_not_a_missing_record(self, session: AwsSession, clock: FakeClock) -> None:
        elsewhere = Dynamo(session, dict.fromkeys(NAMES, "no-such-table"), clock)
        with pytest.raises(CloudRefused, match="no-such-table") as caught:
            elsewhere.get(VERSIONS, "ada", "a")
        assert "oratio aws deploy" in caught.value.hint

    def test_a_listing_goes_on_past_one_answer(self, dynamo: Dynamo) -> None:
        # DynamoDB, and moto, answer with at most 1 MB.
        for number in range(4):
            item = {**key_of(VERSIONS, "ada", f"a1#{number}"), "body": {"S": "x" * 390_000}}
            dynamo.write(Write("Put", VERSIONS, item))
        found = dynamo.query(VERSIONS, "#userId = :user", {"user": "ada"})
        assert [item["versionKey"]["S"] for item in found] == ["a1#0", "a1#1", "a1#2", "a1#3"]


class TestSetup:
    def test_made_tables_are_what_is_needed_and_may_be_made_again(self, session: AwsSession) -> None:
        create_tables(session, NAMES)
        assert list(table_problems(session, NAMES)) == []

    def test_what_is_missing_or_different_is_named(self, session: AwsSession, client: Any) -> None:
        client.delete_table(TableName="oratio-agents")
        client.create_table(
            TableName="oratio-agents",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "agentId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "agentId", "AttributeType": "S"}],
        )
        client.delete_table(TableName="oratio-webhooks")
        assert list(table_problems(session, NAMES)) == [
            "the table oratio-agents has another key than userId, agentId",
            "the table oratio-agents lacks the index listed-index",
            "the table oratio-agents lacks the index work-index",
            "the table oratio-webhooks is missing",
        ]


class TestDynamoUpdates(UpdateContract):
    pass


class TestDynamoJournalUpdates(JournalUpdateContract):
    pass
