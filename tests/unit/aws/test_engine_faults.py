"""What a person is told when an account is not as it should be: each message names the resource and the mend."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from oratio.adapters.aws.agentcore.session_rate_limit import SessionRateLimit
from oratio.adapters.aws.bedrock.ingestion_queue import IngestionQueue
from oratio.adapters.aws.bedrock.knowledge_bases import BedrockKnowledgeBases, KnowledgeOptions
from oratio.adapters.aws.session import AwsSession
from oratio.domain.storage_layout import engine_prefix
from oratio.domain.tags import resource_tags
from oratio.errors import CloudRefused, Conflict, NotFound, NotReady, StepFailed
from tests.contract.knowledge_bases import AGENT, ROAMING, USER, ingest, provision, put, ref, when_ready
from tests.fakes.aws.cloud import ACCOUNT, Cloud, cloud
from tests.fakes.aws.state import Timings
from tests.fakes.aws.store import SimpleObjects
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.xdist_group("aws")

BUCKET, CODE = "oratio-knowledge-bases", "oratio-generated-code"
TAGS = resource_tags(USER, AGENT, "test")


@pytest.fixture(scope="module")
def _account() -> Iterator[Cloud]:
    with cloud(timings=Timings(between_ingestions=0.0)) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


@pytest.fixture
def account(_account: Cloud) -> Cloud:
    _account.reset()
    return _account


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def engine_of(account: Cloud, clock: FakeClock, *, role: str = "", owner: str = ACCOUNT) -> BedrockKnowledgeBases:
    options = KnowledgeOptions(
        kind="MANAGED",
        role_arn=role or account.kb_role_arn,
        bucket=BUCKET,
        account_id=owner,
        turns_bucket=CODE,
        ingestion_interval_s=0.0,
    )
    return BedrockKnowledgeBases(AwsSession(), options, clock)


@pytest.fixture
def engine(account: Cloud, clock: FakeClock) -> BedrockKnowledgeBases:
    return engine_of(account, clock)


@pytest.fixture
def documents(account: Cloud) -> SimpleObjects:
    return SimpleObjects(account.s3, BUCKET)


def test_a_role_that_is_not_known_yet_is_waited_for_a_minute_and_then_named(account: Cloud, clock: FakeClock) -> None:
    engine = engine_of(account, clock, role=f"arn:aws:iam::{ACCOUNT}:role/oratio-kb-missing")
    for _ in range(2):
        with pytest.raises(NotReady, match="oratio-kb-missing"):
            engine.ensure_knowledge_base("kb", tags=TAGS, token="t")
        clock.advance(29)
    clock.advance(3)
    with pytest.raises(CloudRefused, match=r"oratio-kb-missing.*trusts the service"):
        engine.ensure_knowledge_base("kb", tags=TAGS, token="t")


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        ("ServiceQuotaExceededException", "Service Quotas"),
        ("ExpiredTokenException", "renew the AWS credentials"),
        ("AccessDeniedException", "give this role the right"),
    ],
)
def test_a_refusal_names_the_knowledge_base_and_the_mend(
    account: Cloud, engine: BedrockKnowledgeBases, code: str, mend: str
) -> None:
    account.world.faults.error("CreateKnowledgeBase", code, "no")
    with pytest.raises(CloudRefused, match=rf"knowledge base kb.*{mend}"):
        engine.ensure_knowledge_base("kb", tags=TAGS, token="t")


def test_a_name_that_is_another_agents_is_not_taken_over(engine: BedrockKnowledgeBases) -> None:
    engine.ensure_knowledge_base("kb", tags=TAGS, token="t")
    with pytest.raises(Conflict, match="not this agent's"):
        engine.ensure_knowledge_base("kb", tags=resource_tags("eve", "e1", "test"), token="u")


def test_a_knowledge_base_that_is_gone_is_named(account: Cloud, engine: BedrockKnowledgeBases) -> None:
    engine_id, source_id = provision(engine)
    account.knowledge.bases.clear()
    with pytest.raises(NotFound, match=engine_id):
        engine.knowledge_base(engine_id)
    with pytest.raises(NotFound, match=engine_id):
        engine.ingestion_job(engine_id, source_id, "AAAAAAAAAA")


def test_a_failed_file_is_a_problem_of_its_own(
    account: Cloud, engine: BedrockKnowledgeBases, documents: SimpleObjects
) -> None:
    put(documents, "a.md", ROAMING)  # type: ignore[arg-type]
    put(documents, "a b.md", ROAMING)  # type: ignore[arg-type]
    account.world.faults.add("partial", "StartIngestionJob", suffix="/a b.md", reason="the parser gave up")
    engine_id, source_id = provision(engine)
    job = ingest(engine, engine_id, source_id)
    assert [(problem.path, "the parser gave up" in problem.reason) for problem in job.problems] == [("a b.md", True)]
    assert job.documents_searchable == 1


def test_a_deletion_that_aws_fails_at_twice_is_told_and_may_be_asked_again(
    account: Cloud, engine: BedrockKnowledgeBases
) -> None:
    engine_id, source_id = provision(engine)
    account.world.faults.add("undeletable", "DeleteDataSource", times=2, reason="the role is gone")
    with pytest.raises(StepFailed, match="the role is gone"):
        when_ready(lambda: engine.delete_data_source(engine_id, source_id))
    when_ready(lambda: engine.delete_data_source(engine_id, source_id))
    when_ready(lambda: engine.delete_knowledge_base(engine_id))


def test_two_workers_never_start_two_jobs_within_the_interval(account: Cloud, clock: FakeClock) -> None:
    first, second = (IngestionQueue(account.s3, CODE, ACCOUNT, clock, 10.0) for _ in range(2))
    with first.turn():
        clock.advance(12)  # AWS takes its time to answer, and nobody overtakes
        with pytest.raises(NotReady), second.turn():
            pytest.fail("it had the turn")
    clock.advance(9)
    with pytest.raises(NotReady) as later, second.turn():
        pytest.fail("it had the turn")
    assert later.value.retry_after_s == pytest.approx(1.5)
    clock.advance(2)
    with second.turn():
        pass
    with pytest.raises(NotReady), first.turn():
        pytest.fail("it had the turn")


async def test_new_sessions_begin_no_faster_than_their_pace() -> None:
    pace = SessionRateLimit(per_second=50)
    begun = time.monotonic()
    waited: list[float] = []

    async def begin() -> None:
        await pace.wait()
        waited.append(time.monotonic() - begun)

    await asyncio.gather(*(begin() for _ in range(11)))
    assert all(moment >= number / 50 - 0.001 for number, moment in enumerate(sorted(waited)))


def test_every_create_carries_a_legal_token_and_the_tags(account: Cloud, engine: BedrockKnowledgeBases) -> None:
    provision(engine, TAGS)
    (created,) = account.world.calls.all("CreateKnowledgeBase")
    assert created.params["tags"] == TAGS
    for operation in ("CreateKnowledgeBase", "CreateDataSource"):
        assert 33 <= len(account.world.calls.all(operation)[0].params["clientToken"]) <= 256


def test_copies_of_documents_lie_below_the_tenant_and_not_among_the_uploads() -> None:
    prefix = engine_prefix(USER, AGENT)
    assert prefix.startswith(f"{USER}/")
    assert not prefix.startswith(f"{USER}/{AGENT}/")
    assert ref().version == 1
