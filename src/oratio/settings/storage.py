"""Names of buckets and tables."""

from pydantic import Field

from oratio.settings.section import SettingsSection


class StorageSettings(SettingsSection):
    """Names of buckets and tables."""

    knowledge_bucket: str = Field("oratio-knowledge-bases", description="Bucket of uploaded documents.")
    code_bucket: str = Field("oratio-generated-code", description="Bucket of generated code and prompts.")
    conversations_bucket: str = Field("oratio-conversations", description="Bucket of transcripts and recordings.")
    agents_table: str = Field("oratio-agents", description="DynamoDB table of agents.")
    knowledge_bases_table: str = Field("oratio-knowledgebases", description="DynamoDB table of knowledge bases.")
    versions_table: str = Field("oratio-agent-versions", description="DynamoDB table of agents' versions.")
    api_keys_table: str = Field("oratio-api-keys", description="DynamoDB table of API keys.")
    conversations_table: str = Field("oratio-conversations", description="DynamoDB table of conversations' heads.")
    journal_table: str = Field("oratio-journal", description="DynamoDB table of steps, leases, events and submits.")
    requests_table: str = Field("oratio-requests", description="DynamoDB table of idempotency keys and used tickets.")
    webhooks_table: str = Field("oratio-webhooks", description="DynamoDB table of webhooks.")
    outbox_table: str = Field("oratio-outbox", description="DynamoDB table of webhook deliveries that wait.")
    live_calls_table: str = Field("oratio-live-calls", description="DynamoDB table of the calls in progress.")
