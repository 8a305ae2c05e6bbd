"""Every port of a platform, and which platform the settings name."""

from dataclasses import dataclass

from oratio.ports.agent_runtime import AgentRuntime
from oratio.ports.clock import Clock
from oratio.ports.identity import Identity, TokenIssuer
from oratio.ports.knowledge_bases import KnowledgeBases
from oratio.ports.live_calls import LiveCallRepository
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
from oratio.ports.secrets import Secrets
from oratio.ports.submissions import SubmissionRepository
from oratio.ports.webhooks import Outbox, WebhookRepository, WebhookSender
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
    live_calls: LiveCallRepository
    idempotency: IdempotencyRepository
    submissions: SubmissionRepository
    webhooks: WebhookRepository
    outbox: Outbox
    webhook_sender: WebhookSender
    knowledge: KnowledgeBases
    runtime: AgentRuntime
    pipeline: Pipeline
    secrets: Secrets
    identity: Identity
    token_issuer: TokenIssuer | None


def build_platform(settings: Settings) -> Platform:
    """The platform the settings name; the adapters of another are not imported.

    Raises:
        InvalidInput: A setting that the platform needs is missing.
    """
    if settings.platform == "aws":
        from oratio.bootstrap.aws import aws_platform

        return aws_platform(settings)
    from oratio.bootstrap.local import local_platform

    return local_platform(settings)
