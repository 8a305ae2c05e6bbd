"""Puts the platform together: the only importer of adapters.

Building is cheap and touches nothing but the record store; adapters with a cost (the embedding model, a key file)
pay it when first used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from oratio.adapters.http_webhooks import HttpWebhookSender
from oratio.adapters.local.agent_runtime import LocalAgentRuntime
from oratio.adapters.local.clock import SystemClock
from oratio.adapters.local.database import Database
from oratio.adapters.local.identity import ISSUER, EmbeddedIssuer
from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases
from oratio.adapters.local.objects import FileObjectStore
from oratio.adapters.local.outbox import SqliteOutbox, SqliteWebhooks
from oratio.adapters.local.records import (
    SqliteAgents,
    SqliteApiKeys,
    SqliteConversations,
    SqliteIdempotency,
    SqliteJournal,
    SqliteKnowledgeBases,
    SqliteSubmissions,
    SqliteVersions,
)
from oratio.adapters.local.secrets import secret_file
from oratio.adapters.oidc_identity import IssuerChoice, outside_identity
from oratio.adapters.prefect_pipeline import PrefectPipeline
from oratio.authoring.author import Authored, author
from oratio.authoring.review import Finding
from oratio.authoring.review.signature import covers
from oratio.domain.brief import AgentBrief
from oratio.domain.knowledge_base import Document
from oratio.errors import InvalidInput
from oratio.ports.agent_runtime import AgentRuntime
from oratio.ports.clock import Clock
from oratio.ports.identity import Identity, TokenIssuer
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.ports.object_store import ObjectStore
from oratio.ports.pipeline import Pipeline
from oratio.ports.repositories import (
    AgentRepository,
    ApiKeyRepository,
    ConversationRepository,
    IdempotencyRepository,
    Journal,
    KnowledgeBaseRepository,
    VersionRepository,
)
from oratio.ports.speech import Speech
from oratio.ports.submissions import SubmissionRepository
from oratio.ports.webhooks import Outbox, WebhookRepository, WebhookSender
from oratio.services.access import AccessService
from oratio.services.agents import AgentService
from oratio.services.authoring import Author, AuthoringService
from oratio.services.briefs import BriefLimits
from oratio.services.comparison import ComparisonService
from oratio.services.conversations import ConversationService
from oratio.services.deletion import DeletionService
from oratio.services.deployment import DeploymentService
from oratio.services.kept_uploads import KeptUploads
from oratio.services.knowledge_bases import KnowledgeBaseService
from oratio.services.rehearsal import RehearsalService
from oratio.services.replay import ReplayService
from oratio.services.runs import RunService
from oratio.services.uploads import Limits, UploadService
from oratio.services.webhooks import WebhookService
from oratio.settings import Settings


@dataclass(frozen=True, slots=True)
class Platform:
    """Every port, filled; `token_issuer` exists on the embedded platform only."""

    settings: Settings
    clock: Clock
    documents: ObjectStore
    code: ObjectStore
    recordings: ObjectStore
    agents: AgentRepository
    knowledge_bases: KnowledgeBaseRepository
    versions: VersionRepository
    journal: Journal
    api_keys: ApiKeyRepository
    conversations: ConversationRepository
    idempotency: IdempotencyRepository
    submissions: SubmissionRepository
    webhooks: WebhookRepository
    outbox: Outbox
    webhook_sender: WebhookSender
    knowledge: KnowledgeBases
    runtime: AgentRuntime
    pipeline: Pipeline
    identity: Identity
    token_issuer: TokenIssuer | None


@dataclass(frozen=True, slots=True)
class Services:
    agents: AgentService
    uploads: UploadService
    runs: RunService
    knowledge_bases: KnowledgeBaseService
    authoring: AuthoringService
    rehearsal: RehearsalService
    deployment: DeploymentService
    deletion: DeletionService
    conversations: ConversationService
    access: AccessService
    comparison: ComparisonService
    replay: ReplayService
    webhooks: WebhookService
    kept_uploads: KeptUploads


def build_platform(settings: Settings) -> Platform:
    """The platform the settings name.

    Raises:
        InvalidInput: The platform has no adapters in this build.
    """
    if settings.platform != "local":
        raise InvalidInput(f"platform {settings.platform!r} has no adapters yet", hint="set ORATIO_PLATFORM=local")
    data = settings.data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = SystemClock()
    database = Database(data / "oratio.db")
    documents = FileObjectStore(data / "objects", settings.knowledge_bucket)
    issuer = EmbeddedIssuer(data / "keys", clock)
    return Platform(
        settings=settings,
        clock=clock,
        documents=documents,
        code=FileObjectStore(data / "objects", settings.code_bucket),
        recordings=FileObjectStore(data / "objects", settings.conversations_bucket),
        agents=SqliteAgents(database),
        knowledge_bases=SqliteKnowledgeBases(database),
        versions=SqliteVersions(database),
        journal=SqliteJournal(database, clock),
        api_keys=SqliteApiKeys(database),
        conversations=SqliteConversations(database),
        idempotency=SqliteIdempotency(database, clock),
        submissions=SqliteSubmissions(database),
        webhooks=SqliteWebhooks(database),
        outbox=SqliteOutbox(database, clock),
        webhook_sender=HttpWebhookSender(allow_private=settings.webhook_allow_private),
        knowledge=LocalKnowledgeBases(data / "knowledge", documents, clock),
        runtime=LocalAgentRuntime(
            data / "agents",
            settings.local_url("agent-host"),
            data / "run" / "agent-host.token",
            clock,
            verify=lambda package: covers(*package, key=secret_file(data / "keys" / "review.key")),
        ),
        pipeline=PrefectPipeline(settings),
        identity=_identity(settings, issuer, clock),
        token_issuer=issuer,
    )


def _identity(settings: Settings, embedded: EmbeddedIssuer, clock: Clock) -> Identity:
    """The embedded issuer, and the outside one of the settings beside it."""
    given = (settings.jwt_issuer, settings.jwt_audience, settings.jwt_jwks_url)
    if not any(given):
        return embedded
    outside = outside_identity(*given, clock)
    return IssuerChoice({ISSUER: embedded, outside.issuer: outside})


def _builtin_author(brief: AgentBrief, documents: Sequence[Document], _findings: Sequence[Finding]) -> Authored:
    """The deterministic author: the same words make the same code, whatever the review said."""
    return author(brief, documents)


def _author(model: str) -> Author:
    """The author that the model named in the settings makes; Strands is imported when it first writes."""
    if model == "builtin":
        return _builtin_author

    def write(brief: AgentBrief, documents: Sequence[Document], findings: Sequence[Finding]) -> Authored:
        from oratio.adapters.strands_models import strands_model
        from oratio.authoring.meta_agent import meta_author

        return meta_author(strands_model(model), model)(brief, documents, findings)

    return write


def build_services(platform: Platform) -> Services:
    """The services over a platform's ports."""
    settings = platform.settings
    knowledge_bases = KnowledgeBaseService(
        agents=platform.agents,
        knowledge_bases=platform.knowledge_bases,
        versions=platform.versions,
        documents=platform.documents,
        archive=platform.code,
        engine=platform.knowledge,
        clock=platform.clock,
        environment=settings.environment,
    )
    authoring = AuthoringService(
        versions=platform.versions,
        code=platform.code,
        author=_author(settings.model),
        review_key=partial(secret_file, settings.data / "keys" / "review.key"),
    )
    conversations = ConversationService(
        agents=platform.agents,
        versions=platform.versions,
        conversations=platform.conversations,
        recordings=platform.recordings,
        runtime=platform.runtime,
        clock=platform.clock,
        deadline_ms=int(settings.turn_deadline_seconds * 1000),
    )
    limits = Limits(settings.max_files, settings.max_total_bytes, settings.max_file_bytes)
    return Services(
        agents=AgentService(
            agents=platform.agents,
            knowledge_bases=platform.knowledge_bases,
            versions=platform.versions,
            idempotency=platform.idempotency,
            submissions=platform.submissions,
            documents=platform.documents,
            archive=platform.code,
            pipeline=platform.pipeline,
            clock=platform.clock,
            limits=BriefLimits(settings.max_sop_chars, settings.max_description_chars),
            max_files=settings.max_files,
        ),
        uploads=UploadService(settings.data / "staging", limits),
        kept_uploads=KeptUploads(
            settings.data / "staging",
            limits,
            clock=platform.clock,
            key=partial(secret_file, settings.data / "keys" / "uploads.key"),
        ),
        runs=RunService(
            agents=platform.agents,
            knowledge_bases=platform.knowledge_bases,
            versions=platform.versions,
            journal=platform.journal,
            clock=platform.clock,
            lease_ms=settings.lease_seconds * 1000,
        ),
        knowledge_bases=knowledge_bases,
        authoring=authoring,
        rehearsal=RehearsalService(
            versions=platform.versions,
            code=platform.code,
            runtime=platform.runtime,
            authoring=authoring,
            knowledge_bases=knowledge_bases,
            clock=platform.clock,
            model=settings.model,
        ),
        deployment=DeploymentService(
            agents=platform.agents,
            versions=platform.versions,
            code=platform.code,
            runtime=platform.runtime,
            authoring=authoring,
            knowledge_bases=knowledge_bases,
            clock=platform.clock,
            environment=settings.environment,
            api_base=settings.api_base,
            voice_base=settings.voice_base,
            rehearsal_required=settings.rehearsal_required,
        ),
        deletion=DeletionService(
            agents=platform.agents,
            knowledge_bases=platform.knowledge_bases,
            versions=platform.versions,
            engine=platform.knowledge,
            runtime=platform.runtime,
            stores=(platform.documents, platform.code, platform.recordings),
        ),
        conversations=conversations,
        access=AccessService(
            agents=platform.agents,
            keys=platform.api_keys,
            used_tickets=platform.idempotency,
            clock=platform.clock,
            pepper=partial(secret_file, settings.data / "keys" / "api-keys.pepper"),
        ),
        webhooks=WebhookService(
            webhooks=platform.webhooks,
            outbox=platform.outbox,
            sender=platform.webhook_sender,
            clock=platform.clock,
            pepper=partial(secret_file, settings.data / "keys" / "webhooks.pepper"),
            allow_private=settings.webhook_allow_private,
        ),
        comparison=ComparisonService(versions=platform.versions, authoring=authoring),
        replay=ReplayService(
            agents=platform.agents,
            versions=platform.versions,
            conversations=conversations,
            runtime=platform.runtime,
            deadline_ms=int(settings.turn_deadline_seconds * 1000),
        ),
    )


def build_speech(settings: Settings) -> Speech | None:
    """The speech model of voice agents; None when calls are to be in writing only (`none`).

    Raises:
        InvalidInput: The speech model has no adapter in this build.
    """
    if settings.speech == "none":
        return None
    if settings.speech != "local":
        raise InvalidInput(f"speech model {settings.speech!r} has no adapter yet", hint="set ORATIO_SPEECH=local")
    from oratio.adapters.local.speech import LocalSpeech

    return LocalSpeech(
        voice=settings.voice_name,
        silence_ms=int(settings.voice_silence_seconds * 1000),
        idle_s=settings.speech_idle_seconds,
    )
