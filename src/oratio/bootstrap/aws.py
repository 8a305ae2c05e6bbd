"""The `aws` platform: records in DynamoDB, objects in S3, secrets in Secrets Manager, sign-in at an outside issuer.

Building asks nothing of AWS; clients are made when first used.
"""

from dataclasses import dataclass

from oratio.adapters.aws.dynamodb.access import DynamoApiKeys, DynamoIdempotency
from oratio.adapters.aws.dynamodb.agents import DynamoAgents, DynamoKnowledgeBases, DynamoVersions
from oratio.adapters.aws.dynamodb.conversations import DynamoConversations
from oratio.adapters.aws.dynamodb.journal import Changes, DynamoJournal, DynamoSubmissions
from oratio.adapters.aws.dynamodb.live_calls import DynamoLiveCalls
from oratio.adapters.aws.dynamodb.outbox import DynamoOutbox, DynamoWebhooks
from oratio.adapters.aws.dynamodb.records import Records
from oratio.adapters.aws.dynamodb.store import Dynamo
from oratio.adapters.aws.dynamodb.tables import names
from oratio.adapters.aws.s3 import S3ObjectStore
from oratio.adapters.aws.secrets import MountedSecrets, SecretsManager
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.http_webhooks import HttpWebhookSender
from oratio.adapters.local.clock import SystemClock
from oratio.adapters.oidc_identity import outside_identity
from oratio.adapters.prefect_pipeline import PrefectPipeline
from oratio.bootstrap.platform import Platform
from oratio.ports.agent_runtime import AgentRuntime
from oratio.ports.clock import Clock
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.settings import Settings


@dataclass(frozen=True, slots=True)
class AwsParts:
    """What the ports on AWS are built from."""

    settings: Settings
    session: AwsSession
    clock: Clock


def aws_parts(settings: Settings) -> AwsParts:
    return AwsParts(settings, AwsSession(settings.aws_region), SystemClock())


def platform_with(parts: AwsParts, knowledge: KnowledgeBases, runtime: AgentRuntime) -> Platform:
    """The platform over two engines.

    Raises:
        InvalidInput: The settings name no outside issuer; there is no other on AWS.
    """
    settings, session, clock = parts.settings, parts.session, parts.clock
    owner = settings.aws_account_id
    code = S3ObjectStore(session, settings.code_bucket, owner=owner)
    dynamo = Dynamo(session, names(settings), clock)
    records = Records(dynamo, code)
    changes = Changes(records, clock)
    folder = settings.secrets_folder
    return Platform(
        settings=settings,
        clock=clock,
        documents=S3ObjectStore(session, settings.knowledge_bucket, owner=owner),
        code=code,
        recordings=S3ObjectStore(session, settings.conversations_bucket, owner=owner),
        agents=DynamoAgents(records, changes),
        knowledge_bases=DynamoKnowledgeBases(records),
        versions=DynamoVersions(records),
        journal=DynamoJournal(records, changes, clock),
        api_keys=DynamoApiKeys(records),
        conversations=DynamoConversations(records, clock),
        live_calls=DynamoLiveCalls(dynamo, clock),
        idempotency=DynamoIdempotency(dynamo, clock),
        submissions=DynamoSubmissions(dynamo),
        webhooks=DynamoWebhooks(dynamo),
        outbox=DynamoOutbox(dynamo, clock),
        webhook_sender=HttpWebhookSender(allow_private=settings.webhook_allow_private),
        knowledge=knowledge,
        runtime=runtime,
        pipeline=PrefectPipeline(settings),
        secrets=MountedSecrets(folder) if folder else SecretsManager(session, settings.secrets_prefix),
        identity=outside_identity(settings.jwt_issuer, settings.jwt_audience, settings.jwt_jwks_url, clock),
        token_issuer=None,
    )
