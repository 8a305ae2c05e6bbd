"""Our own records, which are the truth; Prefect only schedules."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple, Protocol

from oratio.domain.agents.agent import Agent, Step
from oratio.domain.agents.journal import AgentEvent, Lease, StepRecord
from oratio.domain.agents.version import AgentVersion
from oratio.domain.api_keys import ApiKey
from oratio.domain.conversations.conversation import Conversation
from oratio.domain.knowledge.knowledge_base import KnowledgeBase
from oratio.domain.refs import VersionRef


class Page[T](NamedTuple):
    """One page of a listing; `next_cursor` is opaque, None on the last page."""

    items: list[T]
    next_cursor: str | None


type Change[R] = Callable[[R], R | None]
"""What becomes of a stored record: the record to store instead, or None to leave it as it is."""


class AgentRepository(Protocol):
    """Agents of a tenant.

    Contract (also of the other repositories here, with their own keys):
    1. `add` raises `Conflict` when the key is taken; `get` raises `NotFound`.
    2. `save` is compare-and-set on `revision`: it stores the record with `revision + 1` and returns that, or raises
       `StaleRecord` when the stored revision differs, `NotFound` when there is no such record.
    3. `delete` of nothing is not an error.
    4. No method of one tenant ever sees another tenant's record.
    5. A method that returned has been made durable.
    6. `update` stores what `change` makes of the stored record and returns that, or returns the record as it is when
       `change` makes None of it. Where another writer was first, `change` is called again with the newer record: it
       has no effects of its own. What it raises comes through, and nothing is stored. Raises `NotFound` for a missing
       record and `StaleRecord` when others are first too many times.
    """

    @abstractmethod
    def add(self, agent: Agent, knowledge_base: KnowledgeBase, version: AgentVersion) -> Agent:
        """Store a new agent with its knowledge base and first version, all or nothing."""
        ...

    @abstractmethod
    def get(self, user_id: str, agent_id: str) -> Agent: ...

    @abstractmethod
    def page(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Agent]:
        """Newest first. `InvalidInput` for a cursor this method did not give out."""
        ...

    @abstractmethod
    def save(self, agent: Agent) -> Agent:
        """Also appends an event when status or progress changed."""
        ...

    @abstractmethod
    def update(self, user_id: str, agent_id: str, change: Change[Agent]) -> Agent:
        """With the events that `save` appends."""
        ...

    @abstractmethod
    def unfinished(self) -> list[Agent]:
        """Every tenant's agents that are `creating` or `deleting`, or whose newest version is building: the
        reconciler's work list.
        """
        ...

    @abstractmethod
    def delete(self, user_id: str, agent_id: str) -> None:
        """Remove the agent's row and all that hangs on it: versions, journal, events, leases, keys, conversations."""
        ...

    @abstractmethod
    def events(self, user_id: str, agent_id: str, *, after: int = 0) -> list[AgentEvent]:
        """Events with `seq > after`, in order."""
        ...


class KnowledgeBaseRepository(Protocol):
    @abstractmethod
    def get(self, user_id: str, knowledge_base_id: str) -> KnowledgeBase: ...

    @abstractmethod
    def save(self, knowledge_base: KnowledgeBase) -> KnowledgeBase: ...

    @abstractmethod
    def update(self, user_id: str, knowledge_base_id: str, change: Change[KnowledgeBase]) -> KnowledgeBase: ...

    @abstractmethod
    def delete(self, user_id: str, knowledge_base_id: str) -> None: ...


class VersionRepository(Protocol):
    @abstractmethod
    def add(self, version: AgentVersion) -> AgentVersion: ...

    @abstractmethod
    def get(self, ref: VersionRef) -> AgentVersion: ...

    @abstractmethod
    def history(self, user_id: str, agent_id: str) -> list[AgentVersion]:
        """Newest first."""
        ...

    @abstractmethod
    def save(self, version: AgentVersion) -> AgentVersion: ...

    @abstractmethod
    def update(self, ref: VersionRef, change: Change[AgentVersion]) -> AgentVersion: ...


class Journal(Protocol):
    """Steps and leases of versions.

    Contract:
    1. At most one live lease on a version; `acquire` takes over an expired one (or its own owner's) with a greater
       fence, and raises `Conflict` while another owner's is live.
    2. `record` stores the step's row and the agent (compare-and-set) and appends the events in ONE transaction, and
       raises `LeaseLost` when the lease is no longer the newest.
    3. `update` is `record` with the agent as `change` makes it of the stored one, as `AgentRepository.update`; a
       `change` that makes None of it stores no step either.
    4. `release` of a lease that was taken over is not an error.
    """

    @abstractmethod
    def acquire(self, ref: VersionRef, owner: str, *, ttl_ms: int) -> Lease: ...

    @abstractmethod
    def renew(self, lease: Lease, *, ttl_ms: int) -> Lease: ...

    @abstractmethod
    def release(self, lease: Lease) -> None: ...

    @abstractmethod
    def record(self, lease: Lease, step: StepRecord, agent: Agent) -> Agent: ...

    @abstractmethod
    def update(self, lease: Lease, step: StepRecord, change: Change[Agent]) -> Agent: ...

    @abstractmethod
    def find(self, ref: VersionRef, step: Step) -> StepRecord | None: ...

    @abstractmethod
    def steps(self, ref: VersionRef) -> list[StepRecord]: ...

    @abstractmethod
    def lease(self, ref: VersionRef) -> Lease | None:
        """The newest lease, live or expired."""
        ...


class ApiKeyRepository(Protocol):
    @abstractmethod
    def add(self, key: ApiKey) -> ApiKey: ...

    @abstractmethod
    def find(self, key_id: str) -> ApiKey | None:
        """By key id alone: this is the look-up that finds the tenant."""
        ...

    @abstractmethod
    def of_agent(self, user_id: str, agent_id: str) -> list[ApiKey]: ...

    @abstractmethod
    def save(self, key: ApiKey) -> ApiKey: ...

    @abstractmethod
    def update(self, user_id: str, key_id: str, change: Change[ApiKey]) -> ApiKey: ...


class ConversationRepository(Protocol):
    @abstractmethod
    def add(self, conversation: Conversation) -> Conversation: ...

    @abstractmethod
    def get(self, user_id: str, conversation_id: str) -> Conversation: ...

    @abstractmethod
    def page(self, user_id: str, agent_id: str, *, limit: int, cursor: str | None = None) -> Page[Conversation]:
        """Newest first."""
        ...

    @abstractmethod
    def save(self, conversation: Conversation) -> Conversation: ...

    @abstractmethod
    def update(self, user_id: str, conversation_id: str, change: Change[Conversation]) -> Conversation: ...

    @abstractmethod
    def delete(self, user_id: str, conversation_id: str) -> None: ...

    @abstractmethod
    def quiet_since(self, at_ms: int, *, still_open: bool, limit: int) -> list[Conversation]:
        """Every tenant's conversations with `updated_at` before a time: the work list of retention.

        Args:
            at_ms: The time.
            still_open: Only those whose outcome is `open`; otherwise all, whatever their outcome.
            limit: The most to return, any of them.
        """
        ...


class IdempotencyRepository(Protocol):
    """Outcomes of creating calls by the caller's key."""

    @abstractmethod
    def claim(self, user_id: str, key: str, body_sha256: str, resource_id: str) -> str:
        """Bind (tenant, key) to a body and a resource, once.

        Returns:
            The resource id bound first: `resource_id` itself for the first caller.

        Raises:
            Conflict: The key was used with another body.
        """
        ...

    @abstractmethod
    def release(self, user_id: str, key: str) -> None:
        """Forget a claim whose request was refused."""
        ...
