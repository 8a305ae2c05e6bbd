"""Where deployed agents run: AgentCore Runtime, or the local agent host."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from oratio.domain.conversations.conversation import Message, TurnEvent
from oratio.domain.plan.agent_plan import Drill
from oratio.domain.refs import Value, VersionRef

LIVE = "live"


class RuntimeStatus(StrEnum):
    CREATING = "CREATING"
    UPDATING = "UPDATING"
    READY = "READY"
    FAILED = "FAILED"


class AgentPackage(NamedTuple):
    """What the review signed, as bytes; a runtime refuses bytes whose digests the signature does not cover."""

    code: bytes
    prompt: bytes
    plan: bytes
    signature: str


class RuntimeRef(NamedTuple):
    """A runtime and the version of it that a package became."""

    runtime_id: str
    runtime_version: str
    status: RuntimeStatus
    failure: str = ""


class Invocation(Value):
    """One turn asked of an agent.

    Attributes:
        session_id: The conversation; 33 to 128 characters.
        history: The turns before, oldest first, for a runtime that has lost its memory of the session.
        warm_up: No turn: whatever the first one would wait for is made ready, and an empty result comes.
        replay: The runtime's memory of the session is not what happened: the history counts.
        guidance: What an operator lets the agent know in this turn; it is not for the caller's ears.
        deadline_ms: How long the answer may take in all.
        drill: What to stage around the agent for this turn, in a rehearsal.
        traceparent: The span this turn belongs to (W3C), for a host that traces.
    """

    session_id: str
    prompt: str
    history: Sequence[Message] = ()
    warm_up: bool = False
    replay: bool = False
    guidance: tuple[str, ...] = ()
    deadline_ms: int = 30_000
    drill: Drill | None = None
    traceparent: str | None = None


class AgentRuntime(Protocol):
    """Hosts agents.

    Contract:
    1. `ensure_runtime` creates or updates; the same token returns the same version and changes nothing, unless that
       version failed: then it is made again. `NotReady` while something it needs is still in the making.
    2. An endpoint is pinned to a runtime version; moving it is atomic, turns in progress finish where they began.
    3. `invoke` yields any number of `TurnDelta` and then exactly one `TurnResult`. Raises `NotFound` (no such runtime
       or endpoint), `AgentFailed` (the agent failed or passed its deadline), `Unavailable` (the host is not there).
       Cancelling the iteration stops the turn.
    4. Deleting nothing is not an error; a deletion that goes on raises `NotReady`.
    5. A turn with a `drill` shares nothing with a caller's: `Conflict` when an endpoint is pinned to the version.
    """

    @abstractmethod
    def ensure_runtime(
        self, ref: VersionRef, package: AgentPackage, *, engine_id: str, tags: Mapping[str, str], token: str
    ) -> RuntimeRef:
        """`engine_id` is the knowledge base this agent may reach, and the only one."""
        ...

    @abstractmethod
    def runtime(self, runtime_id: str, runtime_version: str) -> RuntimeRef: ...

    @abstractmethod
    def ensure_endpoint(self, runtime_id: str, name: str, runtime_version: str) -> None: ...

    @abstractmethod
    def invoke(self, runtime_id: str, qualifier: str, invocation: Invocation) -> AsyncIterator[TurnEvent]:
        """`qualifier` is an endpoint's name or a runtime version."""
        ...

    @abstractmethod
    def delete_runtime(self, runtime_id: str) -> None: ...
