"""The embedded platform: everything in one folder of this machine.

Building is cheap and touches nothing but the record store; adapters with a cost (the embedding model, a key file)
pay it when first used.
"""

from oratio.adapters.http_webhooks import HttpWebhookSender
from oratio.adapters.issuers import believed
from oratio.adapters.local.agent_runtime import LocalAgentRuntime
from oratio.adapters.local.clock import SystemClock
from oratio.adapters.local.conversations import SqliteConversations
from oratio.adapters.local.database import Database
from oratio.adapters.local.identity import ISSUER, EmbeddedIssuer
from oratio.adapters.local.knowledge_bases import LocalKnowledgeBases
from oratio.adapters.local.live_calls import SqliteLiveCalls
from oratio.adapters.local.objects import FileObjectStore
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
from oratio.adapters.local.secrets import SecretFiles
from oratio.adapters.prefect_pipeline import PrefectPipeline
from oratio.authoring.review.signature import covers
from oratio.bootstrap.platform import Platform
from oratio.ports.secrets import SecretName
from oratio.settings import Settings


def local_platform(settings: Settings) -> Platform:
    data = settings.data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = SystemClock()
    database = Database(data / "oratio.db")
    documents = FileObjectStore(data / "objects", settings.storage.knowledge_bucket)
    issuer = EmbeddedIssuer(data / "keys", clock)
    secrets = SecretFiles(data / "keys")
    return Platform(
        settings=settings,
        clock=clock,
        documents=documents,
        code=FileObjectStore(data / "objects", settings.storage.code_bucket),
        recordings=FileObjectStore(data / "objects", settings.storage.conversations_bucket),
        agents=SqliteAgents(database),
        knowledge_bases=SqliteKnowledgeBases(database),
        versions=SqliteVersions(database),
        journal=SqliteJournal(database, clock),
        api_keys=SqliteApiKeys(database),
        conversations=SqliteConversations(database),
        live_calls=SqliteLiveCalls(database, clock),
        idempotency=SqliteIdempotency(database, clock),
        submissions=SqliteSubmissions(database),
        webhooks=SqliteWebhooks(database),
        outbox=SqliteOutbox(database, clock),
        webhook_sender=HttpWebhookSender(allow_private=settings.limits.webhook_allow_private),
        knowledge=LocalKnowledgeBases(data / "knowledge", documents, clock),
        runtime=LocalAgentRuntime(
            data / "agents",
            settings.local_url("agent-host"),
            data / "run" / "agent-host.token",
            clock,
            verify=lambda package: covers(*package, key=secrets.get(SecretName.REVIEW_KEY)),
        ),
        pipeline=PrefectPipeline(settings),
        secrets=secrets,
        identity=believed(settings, clock, {ISSUER: issuer}),
        token_issuer=issuer,
    )
