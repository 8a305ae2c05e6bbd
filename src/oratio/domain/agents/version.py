"""One version of an agent: everything it was made of and how it fared."""

from enum import StrEnum

from oratio.domain.agents.brief import AgentBrief
from oratio.domain.knowledge.knowledge_base import Document
from oratio.domain.refs import Value, VersionRef
from oratio.errors import Conflict


class VersionStatus(StrEnum):
    BUILDING = "building"
    REHEARSED = "rehearsed"
    LIVE = "live"
    RETIRED = "retired"
    FAILED = "failed"


_NEXT: dict[VersionStatus, frozenset[VersionStatus]] = {
    VersionStatus.BUILDING: frozenset({VersionStatus.REHEARSED, VersionStatus.FAILED}),
    VersionStatus.REHEARSED: frozenset({VersionStatus.LIVE, VersionStatus.FAILED, VersionStatus.BUILDING}),
    VersionStatus.LIVE: frozenset({VersionStatus.RETIRED}),
    VersionStatus.RETIRED: frozenset({VersionStatus.LIVE}),
    VersionStatus.FAILED: frozenset({VersionStatus.BUILDING, VersionStatus.LIVE}),
}


class Override(Value):
    """An operator's signature under activating a version whose rehearsal failed."""

    reason: str
    signed_by: str
    signed_at: int


class RehearsalSummary(Value):
    """The verdict of `rehearsal.json`, kept with the record."""

    passed: bool
    scenarios: int
    failures: tuple[str, ...] = ()


class AgentVersion(Value):
    """The row of `oratio-agent-versions`.

    Attributes:
        brief: The operator's words this version was made from.
        documents: The files this version knows, sorted by path.
        code_sha256, prompt_sha256, plan_sha256: Hex digests of what the author wrote.
        review_signature: Signs exactly those three digests once the review has passed; None before.
        runtime_version: The runtime's own version number that runs this code.
        held: Once rehearsed it waits for an operator to activate it.
    """

    user_id: str
    agent_id: str
    version: int
    status: VersionStatus
    brief: AgentBrief
    documents: tuple[Document, ...]
    created_at: int
    updated_at: int
    code_sha256: str | None = None
    prompt_sha256: str | None = None
    plan_sha256: str | None = None
    review_signature: str | None = None
    rehearsal: RehearsalSummary | None = None
    override: Override | None = None
    runtime_id: str | None = None
    runtime_version: str | None = None
    activated_at: int | None = None
    held: bool = False
    revision: int = 0

    @property
    def ref(self) -> VersionRef:
        return VersionRef(user_id=self.user_id, agent_id=self.agent_id, version=self.version)


def with_status(record: AgentVersion, status: VersionStatus, now_ms: int) -> AgentVersion:
    """The record in its next status.

    Raises:
        Conflict: The change is not legal from where the version is.
    """
    if status is record.status:
        return record
    if status not in _NEXT[record.status]:
        raise Conflict(f"version {record.version} is {record.status} and cannot become {status}")
    return record.model_copy(update={"status": status, "updated_at": now_ms})
