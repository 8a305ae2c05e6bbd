"""Flow run's writes to a version, under a lease: enter a step, note its progress, complete it or fail it."""

import logging
from typing import Any

from oratio.domain.agents import version as versions_of
from oratio.domain.agents.agent import (
    Agent,
    AgentFailure,
    AgentStatus,
    Step,
    StepStatus,
    with_status,
    with_step,
)
from oratio.domain.agents.journal import Lease, StepRecord
from oratio.domain.agents.version import AgentVersion, VersionStatus
from oratio.domain.knowledge.knowledge_base import KnowledgeBase, KnowledgeBaseStatus
from oratio.domain.knowledge.knowledge_base import with_status as knowledge_base_with_status
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, LeaseLost, NotFound, OratioError
from oratio.ports.clock import Clock
from oratio.ports.repositories import AgentRepository, Journal, KnowledgeBaseRepository, VersionRepository

logger = logging.getLogger(__name__)


class RunService:
    """Only writer of the journal.

    `owner` is the flow run's id: a run that comes back after a kill is the same owner and goes on; another run must
    wait until the lease has expired. A step that succeeded is never entered again.
    """

    def __init__(
        self,
        *,
        agents: AgentRepository,
        knowledge_bases: KnowledgeBaseRepository,
        versions: VersionRepository,
        journal: Journal,
        clock: Clock,
        lease_ms: int,
    ) -> None:
        self._agents = agents
        self._knowledge_bases = knowledge_bases
        self._versions = versions
        self._journal = journal
        self._clock = clock
        self._lease_ms = lease_ms
        # Leases that this process took; every write checks them again in its own transaction.
        self._leases: dict[tuple[VersionRef, str], Lease] = {}

    def begin(self, ref: VersionRef, owner: str) -> None:
        """Take the lease for a run and set the version building.

        Raises:
            Conflict: Another run holds the version, or the agent is being deleted.
            NotFound: The agent or version was deleted.
        """
        self._require_workable(self._agents.get(ref.user_id, ref.agent_id))
        self._leases[ref, owner] = self._journal.acquire(ref, owner, ttl_ms=self._lease_ms)

        def building(record: AgentVersion) -> AgentVersion | None:
            if record.status is not VersionStatus.FAILED:
                return None
            return versions_of.with_status(record, VersionStatus.BUILDING, self._clock.now_ms())

        self._versions.update(ref, building)

    def keep(self, ref: VersionRef, owner: str) -> None:
        """Renew the run's lease; call it well within the lease's time.

        Raises:
            LeaseLost: Another run took over; this one must stop.
        """
        self._journal.renew(self._held(ref, owner), ttl_ms=self._lease_ms)

    def enter(self, ref: VersionRef, owner: str, step: Step) -> bool:
        """Start a step, unless it is done already.

        Returns:
            False when the step has succeeded already: skip its work.

        Raises:
            LeaseLost: Another run took over.
            Conflict: The agent is being deleted.
        """
        known = self._journal.find(ref, step)
        if known and known.status is StepStatus.SUCCEEDED:
            return False
        now = self._clock.now_ms()
        record = StepRecord(
            ref=ref,
            step=step,
            status=StepStatus.RUNNING,
            started_at=now,
            outcome=known.outcome if known else {},
            attempts=known.attempts + 1 if known else 1,
        )
        self._write(ref, owner, record, "")
        return True

    def note(self, ref: VersionRef, owner: str, step: Step, detail: str, outcome: dict[str, Any] | None = None) -> None:
        """Report a running step's progress to watchers, and optionally store its outcome so far."""
        record = self._require_running(ref, step)
        changes: dict[str, Any] = {"detail": detail} | ({} if outcome is None else {"outcome": outcome})
        self._write(ref, owner, record.model_copy(update=changes), detail)

    def complete(self, ref: VersionRef, owner: str, step: Step, detail: str, outcome: dict[str, Any]) -> None:
        """Complete a step; `outcome` is small JSON (ids, counts, digests) for later steps and runs."""
        record = self._require_running(ref, step).model_copy(
            update={
                "status": StepStatus.SUCCEEDED,
                "ended_at": self._clock.now_ms(),
                "detail": detail,
                "outcome": outcome,
            }
        )
        self._write(ref, owner, record, detail)
        logger.info("agent_id=<%s> version=<%d> step=<%s> | step succeeded", ref.agent_id, ref.version, step)

    def outcome(self, ref: VersionRef, step: Step) -> dict[str, Any]:
        """Return a step's outcome; `{}` before it has one."""
        record = self._journal.find(ref, step)
        return record.outcome if record else {}

    def release(self, ref: VersionRef, owner: str) -> None:
        """Release the version at the end of a run."""
        self._leases.pop((ref, owner), None)
        held = self._journal.lease(ref)
        if held and held.owner == owner:
            self._journal.release(held)

    def fail(self, ref: VersionRef, owner: str, error: BaseException) -> None:
        """Fail a run: the step that was running, the version, and (before its first activation) the agent.

        The stored message is the error's own when it is one of ours, else a plain sentence: foreign exceptions may hold
        document text. Does nothing when the agent was deleted, is being deleted, or belongs to another run by now.
        """
        self._leases.pop((ref, owner), None)
        try:
            lease = self._held(ref, owner)
            agent = self._agents.get(ref.user_id, ref.agent_id)
        except (LeaseLost, NotFound):
            return
        if agent.status is AgentStatus.DELETING:
            return
        failure = self._failure(ref, agent, error)
        now = self._clock.now_ms()
        self._fail_version(ref, now)
        if agent.current_version is None:
            self._fail_knowledge_base(agent, now)
        step = Step(failure.step)
        record = self._journal.find(ref, step) or StepRecord(
            ref=ref, step=step, status=StepStatus.RUNNING, started_at=now
        )
        record = record.model_copy(update={"status": StepStatus.FAILED, "ended_at": now, "detail": failure.message})

        def failed(current: Agent) -> Agent:
            current = with_step(current, step, StepStatus.FAILED, now, failure.message)
            if current.status is AgentStatus.CREATING:
                current = with_status(current, AgentStatus.FAILED, now)
            return current.model_copy(update={"error": failure})

        self._journal.update(lease, record, failed)
        self._journal.release(lease)
        logger.warning(
            "agent_id=<%s> version=<%d> step=<%s> code=<%s> | run failed",
            ref.agent_id,
            ref.version,
            failure.step,
            failure.code,
        )

    def _failure(self, ref: VersionRef, agent: Agent, error: BaseException) -> AgentFailure:
        running = [entry.step for entry in agent.progress if entry.status is StepStatus.RUNNING]
        waiting = [entry.step for entry in agent.progress if entry.status is not StepStatus.SUCCEEDED]
        step = (running or waiting or [Step.ACTIVATE])[0]
        if isinstance(error, OratioError):
            return AgentFailure(step=step, code=error.code, message=str(error))
        kind = type(error).__name__
        message = f"{step} stopped unexpectedly ({kind}): retry it, and see the flow run's log if it happens again"
        return AgentFailure(step=step, code="internal", message=message)

    def _fail_version(self, ref: VersionRef, now_ms: int) -> None:
        def failed(record: AgentVersion) -> AgentVersion | None:
            if record.status not in (VersionStatus.BUILDING, VersionStatus.REHEARSED):
                return None
            return versions_of.with_status(record, VersionStatus.FAILED, now_ms)

        self._versions.update(ref, failed)

    def _fail_knowledge_base(self, agent: Agent, now_ms: int) -> None:
        def failed(record: KnowledgeBase) -> KnowledgeBase | None:
            if record.status is not KnowledgeBaseStatus.NOTREADY:
                return None
            return knowledge_base_with_status(record, KnowledgeBaseStatus.FAILED, now_ms)

        self._knowledge_bases.update(agent.user_id, agent.knowledge_base_id, failed)

    def _held(self, ref: VersionRef, owner: str) -> Lease:
        lease = self._leases.get((ref, owner)) or self._journal.lease(ref)
        if lease is None or lease.owner != owner:
            raise LeaseLost(f"another run took over version {ref}")
        return lease

    def _require_running(self, ref: VersionRef, step: Step) -> StepRecord:
        record = self._journal.find(ref, step)
        if record is None or record.status is not StepStatus.RUNNING:
            raise Conflict(f"step {step} of version {ref} is not running")
        return record

    def _write(self, ref: VersionRef, owner: str, record: StepRecord, detail: str) -> None:
        now = self._clock.now_ms()

        def moved(current: Agent) -> Agent:
            self._require_workable(current)
            return with_step(current, record.step, record.status, now, detail)

        self._journal.update(self._held(ref, owner), record, moved)

    @staticmethod
    def _require_workable(agent: Agent) -> None:
        if agent.status is AgentStatus.DELETING:
            raise Conflict(f"agent {agent.agent_id} is being deleted")

    def activate(self, ref: VersionRef, owner: str, version: AgentVersion, changes: dict[str, Any]) -> Agent:
        """Complete the last step and make the version the live one, in one transaction with the status."""
        now = self._clock.now_ms()
        record = self._require_running(ref, Step.ACTIVATE).model_copy(
            update={"status": StepStatus.SUCCEEDED, "ended_at": now, "detail": f"version {ref.version} is live"}
        )

        def live(current: Agent) -> Agent:
            self._require_workable(current)
            current = with_step(current, Step.ACTIVATE, StepStatus.SUCCEEDED, now, record.detail)
            current = with_status(current, AgentStatus.ACTIVE, now)
            words = version.brief.model_dump(by_alias=False)
            return current.model_copy(
                update={**words, **changes, "current_version": ref.version, "error": None, "updated_at": now}
            )

        return self._journal.update(self._held(ref, owner), record, live)
