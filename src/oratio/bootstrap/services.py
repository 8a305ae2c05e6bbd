"""The services over a platform's ports."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from oratio.authoring.author import Authored, author
from oratio.authoring.review import Finding
from oratio.bootstrap.platform import Platform
from oratio.bootstrap.prices import prices_of
from oratio.domain.agents.brief import AgentBrief
from oratio.domain.knowledge.knowledge_base import Document
from oratio.ports.secrets import SecretName
from oratio.services.access.access import AccessService
from oratio.services.agents.agents import AgentService
from oratio.services.agents.comparison import ComparisonService
from oratio.services.agents.deletion import DeletionService
from oratio.services.agents.deployment import DeploymentService
from oratio.services.agents.form_validation import BriefLimits
from oratio.services.agents.runs import RunService
from oratio.services.authoring.authoring import Author, AuthoringService
from oratio.services.authoring.rehearsal import RehearsalService
from oratio.services.authoring.sop_check import SopCheckService
from oratio.services.conversations.analytics import AnalyticsService
from oratio.services.conversations.conversations import ConversationService
from oratio.services.conversations.live_calls import LiveCallService
from oratio.services.conversations.operator_events import OperatorEventService
from oratio.services.conversations.replay import ReplayService
from oratio.services.conversations.retention import RetentionService
from oratio.services.knowledge.knowledge_bases import KnowledgeBaseService
from oratio.services.knowledge.resumable_uploads import ResumableUploads
from oratio.services.knowledge.shared_resumable_uploads import SharedResumableUploads
from oratio.services.knowledge.uploads import Limits, UploadService
from oratio.services.webhooks import WebhookService


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
    human_side: OperatorEventService
    analytics: AnalyticsService
    retention: RetentionService
    access: AccessService
    live_calls: LiveCallService
    comparison: ComparisonService
    replay: ReplayService
    webhooks: WebhookService
    kept_uploads: ResumableUploads
    sop_check: SopCheckService


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

        provider, _, model_id = model.partition("/")
        if provider != "bedrock":
            return meta_author(strands_model(model), model)(brief, documents, findings)
        from oratio.adapters.aws.bedrock.bedrock_errors import model_refusal

        refusal = partial(model_refusal, model_id)
        return meta_author(strands_model(model), model, refusal=refusal)(brief, documents, findings)

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
        author=_author(settings.models.model),
        review_key=partial(platform.secrets.get, SecretName.REVIEW_KEY),
    )
    conversations = ConversationService(
        agents=platform.agents,
        versions=platform.versions,
        conversations=platform.conversations,
        recordings=platform.recordings,
        runtime=platform.runtime,
        clock=platform.clock,
        deadline_ms=int(settings.agents.turn_deadline_seconds * 1000),
    )
    analytics = AnalyticsService(
        agents=platform.agents,
        versions=platform.versions,
        conversations=platform.conversations,
        transcripts=conversations,
        journal=platform.journal,
        clock=platform.clock,
        prices=prices_of(settings),
    )
    limits = Limits(settings.limits.max_files, settings.limits.max_total_bytes, settings.limits.max_file_bytes)
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
            limits=BriefLimits(settings.limits.max_sop_chars, settings.limits.max_description_chars),
            max_files=settings.limits.max_files,
        ),
        uploads=UploadService(settings.data / "staging", limits),
        kept_uploads=_kept_uploads(platform, limits),
        sop_check=SopCheckService(max_chars=settings.limits.max_sop_chars),
        runs=RunService(
            agents=platform.agents,
            knowledge_bases=platform.knowledge_bases,
            versions=platform.versions,
            journal=platform.journal,
            clock=platform.clock,
            lease_ms=settings.prefect.lease_seconds * 1000,
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
            model=settings.models.model,
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
            rehearsal_required=settings.agents.rehearsal_required,
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
        human_side=OperatorEventService(conversations=conversations, clock=platform.clock),
        analytics=analytics,
        retention=RetentionService(
            conversations=platform.conversations,
            live_calls=platform.live_calls,
            recordings=platform.recordings,
            clock=platform.clock,
            idle_ms=settings.agents.conversation_idle_seconds * 1000,
            call_ms=int((settings.voice.voice_call_seconds + settings.voice.voice_resume_seconds) * 1000),
            keep_days=settings.agents.conversation_retention_days,
        ),
        access=AccessService(
            agents=platform.agents,
            keys=platform.api_keys,
            idempotency=platform.idempotency,
            clock=platform.clock,
            pepper=partial(platform.secrets.get, SecretName.API_KEYS_PEPPER),
        ),
        live_calls=LiveCallService(
            live_calls=platform.live_calls,
            used_tickets=platform.idempotency,
            clock=platform.clock,
            pepper=partial(platform.secrets.get, SecretName.API_KEYS_PEPPER),
        ),
        webhooks=WebhookService(
            webhooks=platform.webhooks,
            outbox=platform.outbox,
            idempotency=platform.idempotency,
            sender=platform.webhook_sender,
            clock=platform.clock,
            pepper=partial(platform.secrets.get, SecretName.WEBHOOKS_PEPPER),
            allow_private=settings.limits.webhook_allow_private,
        ),
        comparison=ComparisonService(versions=platform.versions, authoring=authoring),
        replay=ReplayService(
            agents=platform.agents,
            versions=platform.versions,
            conversations=conversations,
            runtime=platform.runtime,
            deadline_ms=int(settings.agents.turn_deadline_seconds * 1000),
        ),
    )


def _kept_uploads(platform: Platform, limits: Limits) -> ResumableUploads:
    """On this machine's disk, or where every process of the platform finds them."""
    folder, clock = platform.settings.data / "staging", platform.clock
    key = partial(platform.secrets.get, SecretName.UPLOADS_KEY)
    if platform.settings.platform == "local":
        return ResumableUploads(folder, limits, clock=clock, key=key)
    return SharedResumableUploads(folder, limits, clock=clock, key=key, store=platform.documents)
