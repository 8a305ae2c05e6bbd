"""Every table and index there is: the one description that set-up, doctor and the CloudFormation template agree on.

The first five are the outside contract's. Keys made of several parts join them with `#`, numbers padded so that they
sort. A listing that must show what was just written uses a local index; a work list over all tenants a sparse global
one, whose `work` only the rows on the list have.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from oratio.settings import Settings


class Index(NamedTuple):
    """One index: `local` shares the table's hash key and can be read consistently; `whole` projects every attribute."""

    name: str
    hash_key: str
    range_key: str
    local: bool = False
    whole: bool = False


class Table(NamedTuple):
    """One table.

    Attributes:
        setting: The setting that holds its name.
        range_key: None when the hash key alone is the key.
        time_to_live: The attribute (seconds since 1970) after which DynamoDB removes a row.
    """

    setting: str
    hash_key: str
    range_key: str | None = None
    indexes: tuple[Index, ...] = ()
    time_to_live: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.hash_key, self.range_key) if self.range_key else (self.hash_key,)


LISTED = Index("listed-index", "userId", "listed", local=True)
WORK = Index("work-index", "work", "workAt")
OF_USER = Index("userId-index", "userId", "agentId")
OF_RESOURCE = Index("resourceId-index", "userId", "resourceId")

AGENTS = Table("agents_table", "userId", "agentId", (LISTED, WORK))
KNOWLEDGE_BASES = Table("knowledge_bases_table", "knowledgeBaseId", None, (OF_USER._replace(whole=True),))
VERSIONS = Table("versions_table", "userId", "versionKey")
API_KEYS = Table("api_keys_table", "keyId", None, (OF_USER,))
CONVERSATIONS = Table("conversations_table", "userId", "conversationKey", (WORK,))
JOURNAL = Table("journal_table", "userId", "entryKey", (WORK,))
REQUESTS = Table("requests_table", "userId", "requestKey", (OF_RESOURCE,), "expiresAt")
WEBHOOKS = Table("webhooks_table", "userId", "webhookId")
OUTBOX = Table("outbox_table", "userId", "entryKey", (WORK,))
LIVE_CALLS = Table("live_calls_table", "userId", "conversationId", time_to_live="goneAt")

TABLES: Sequence[Table] = (
    AGENTS,
    KNOWLEDGE_BASES,
    VERSIONS,
    API_KEYS,
    CONVERSATIONS,
    JOURNAL,
    REQUESTS,
    WEBHOOKS,
    OUTBOX,
    LIVE_CALLS,
)

NUMBERS = frozenset({"workAt"})
"""Key attributes that are numbers; all others are strings."""


def kind(attribute: str) -> Literal["N", "S"]:
    return "N" if attribute in NUMBERS else "S"


def names(settings: Settings) -> Mapping[Table, str]:
    """Return what each table is called under these settings."""
    return {table: settings.value(table.setting) for table in TABLES}
