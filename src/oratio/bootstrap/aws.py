"""The `aws` platform: records in DynamoDB, objects in S3, secrets in Secrets Manager, sign-in at an outside issuer,
documents in Bedrock Knowledge Bases, agents on AgentCore.

Building asks nothing of AWS.
"""

from dataclasses import dataclass
from pathlib import Path

from oratio.adapters.aws.agentcore.agent_base import base_name, build_base, pins
from oratio.adapters.aws.agentcore.agent_packages import AgentPackages
from oratio.adapters.aws.agentcore.roles import AgentRoles, RoleOptions
from oratio.adapters.aws.agentcore.runtime import AgentCoreParts, AgentCoreRuntime, RuntimeOptions
from oratio.adapters.aws.bedrock.knowledge_bases import BedrockKnowledgeBases, KnowledgeOptions
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
from oratio.adapters.issuers import believed
from oratio.adapters.local.clock import SystemClock
from oratio.adapters.prefect_pipeline import PrefectPipeline
from oratio.authoring.review.signature import covers
from oratio.bootstrap.platform import Platform
from oratio.errors import FieldProblem, InvalidInput
from oratio.ports.agent_runtime import AgentRuntime
from oratio.ports.clock import Clock
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.ports.secrets import SecretName, Secrets
from oratio.settings import Settings


@dataclass(frozen=True, slots=True)
class AwsParts:
    """What the ports on AWS are built from."""

    settings: Settings
    session: AwsSession
    clock: Clock
    secrets: Secrets


def aws_parts(settings: Settings) -> AwsParts:
    session = AwsSession(settings.aws.aws_region, tenant_role_arn=settings.aws.tenant_role_arn)
    folder = settings.aws.secrets_folder
    secrets = MountedSecrets(folder) if folder else SecretsManager(session, settings.aws.secrets_prefix)
    return AwsParts(settings, session, SystemClock(), secrets)


def aws_platform(settings: Settings) -> Platform:
    """The whole platform.

    Raises:
        InvalidInput: Names each setting that is missing.
        CloudRefused: No region is set, here or in the AWS profile.
    """
    account, model = _required(settings)
    parts = aws_parts(settings)
    return platform_with(parts, _knowledge(parts, account), _runtime(parts, account, model))


def _required(settings: Settings) -> tuple[str, str]:
    """The account, and the id of the Bedrock model."""
    provider, _, model = settings.models.model.partition("/")
    problems = []
    if settings.aws.aws_account_id is None:
        problems.append(FieldProblem(("aws_account_id",), "is the 12 digits of the account that owns the buckets"))
    if provider != "bedrock" or not model:
        problems.append(FieldProblem(("model",), "must be bedrock/<model id>: agents on AgentCore reach no other"))
    if problems or settings.aws.aws_account_id is None:
        what = "; ".join(f"ORATIO_{problem.loc[0].upper()} {problem.msg}" for problem in problems)
        raise InvalidInput(what, problems, hint="see docs/aws.md")
    return settings.aws.aws_account_id, model


def _knowledge(parts: AwsParts, account: str) -> KnowledgeBases:
    settings = parts.settings
    role = f"arn:aws:iam::{account}:role/oratio-kb-{settings.environment}"
    options = KnowledgeOptions(
        kind=settings.aws.knowledge_kind,
        role_arn=settings.aws.knowledge_role_arn or role,
        bucket=settings.storage.knowledge_bucket,
        account_id=account,
        turns_bucket=settings.storage.code_bucket,
        embedding_model_arn=f"arn:aws:bedrock:{parts.session.region}::foundation-model/{settings.aws.embedding_model}",
        vector_bucket=settings.aws.vector_bucket,
        max_file_bytes=settings.limits.max_file_bytes,
        ingestion_interval_s=settings.aws.ingestion_interval_seconds,
    )
    return BedrockKnowledgeBases(parts.session, options, parts.clock)


def _runtime(parts: AwsParts, account: str, model: str) -> AgentRuntime:
    settings, session, secrets = parts.settings, parts.session, parts.secrets
    roles = RoleOptions(
        account_id=account, region=session.region, model_id=model, boundary_arn=settings.aws.agent_boundary_arn
    )
    core = AgentCoreParts(
        session=session,
        packages=_packages(parts, account),
        roles=AgentRoles(session, roles),
        clock=parts.clock,
        verify=lambda package: covers(*package, key=secrets.get(SecretName.REVIEW_KEY)),
    )
    options = RuntimeOptions(
        settings.storage.code_bucket,
        account,
        model,
        settings.aws.knowledge_kind,
        idle_s=max(60, settings.agents.agent_idle_seconds),  # the least that AgentCore takes
        sessions_per_second=settings.aws.aws_sessions_per_second,
    )
    return AgentCoreRuntime(core, options)


def _packages(parts: AwsParts, account: str) -> AgentPackages:
    settings = parts.settings
    return AgentPackages(
        parts.session.client("s3", "data"), settings.storage.code_bucket, account, agent_base(settings)
    )


def agent_base(settings: Settings) -> Path:
    """Where the zip of the agents' dependencies is, or is to be, on this machine."""
    return settings.aws.agent_base or settings.data / "agent-bases" / base_name(pins())


def build_agent_base(settings: Settings) -> Path:
    """Download and zip the agents' dependencies for arm64, unless they are there; on `aws` also put the zip where
    packages are made from it. Returns the zip.

    Raises:
        StepFailed: A wheel is not to be had.
    """
    target = agent_base(settings)
    if not target.exists():
        build_base(target, pins())
    if settings.platform == "aws":
        account, _ = _required(settings)
        _packages(aws_parts(settings), account).require_base()
    return target


def platform_with(parts: AwsParts, knowledge: KnowledgeBases, runtime: AgentRuntime) -> Platform:
    """The platform over two engines.

    Raises:
        InvalidInput: The settings name no outside issuer; there is no other on AWS.
    """
    settings, session, clock = parts.settings, parts.session, parts.clock
    owner = settings.aws.aws_account_id
    code = S3ObjectStore(session, settings.storage.code_bucket, owner=owner)
    dynamo = Dynamo(session, names(settings), clock)
    records = Records(dynamo, code)
    changes = Changes(records, clock)
    return Platform(
        settings=settings,
        clock=clock,
        documents=S3ObjectStore(session, settings.storage.knowledge_bucket, owner=owner),
        code=code,
        recordings=S3ObjectStore(session, settings.storage.conversations_bucket, owner=owner),
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
        webhook_sender=HttpWebhookSender(allow_private=settings.limits.webhook_allow_private),
        knowledge=knowledge,
        runtime=runtime,
        pipeline=PrefectPipeline(settings),
        secrets=parts.secrets,
        identity=believed(settings, clock, {}),
        token_issuer=None,
    )
