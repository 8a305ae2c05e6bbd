from collections.abc import Iterator

import pytest

from oratio.adapters.aws.bedrock.knowledge_bases import BedrockKnowledgeBases, KnowledgeOptions
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.local.clock import SystemClock
from oratio.ports.knowledge_bases import KnowledgeBases
from tests.contract.knowledge_bases import KnowledgeBasesContract
from tests.fakes.aws.cloud import ACCOUNT, Cloud, cloud
from tests.fakes.aws.state import Timings
from tests.fakes.aws.store import SimpleObjects

pytestmark = pytest.mark.xdist_group("aws")


@pytest.fixture(scope="module")
def account() -> Iterator[Cloud]:
    with cloud(timings=Timings(between_ingestions=0.0)) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


@pytest.fixture(params=["MANAGED", "VECTOR"])
def options(request: pytest.FixtureRequest, account: Cloud) -> KnowledgeOptions:
    return KnowledgeOptions(
        kind=request.param,
        role_arn=account.kb_role_arn,
        bucket="oratio-knowledge-bases",
        account_id=ACCOUNT,
        turns_bucket="oratio-generated-code",
        embedding_model_arn="arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-embed-text-v2:0",
        vector_bucket="oratio-vectors",
        ingestion_interval_s=0.0,
    )


class TestBedrockKnowledgeBases(KnowledgeBasesContract):
    @pytest.fixture
    def engine(self, options: KnowledgeOptions, account: Cloud) -> Iterator[KnowledgeBases]:
        yield BedrockKnowledgeBases(AwsSession(), options, SystemClock())
        account.reset()

    @pytest.fixture
    def documents(self, account: Cloud) -> SimpleObjects:
        return SimpleObjects(account.s3, "oratio-knowledge-bases")
