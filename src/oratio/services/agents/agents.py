"""Agents from the operator's side: create, show, retry, update, roll back, delete."""

import hashlib
import logging
import threading
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path

from oratio import tracing
from oratio.domain import tags
from oratio.domain.agents.agent import Agent, AgentStatus, Step, StepProgress, StepStatus, pending_steps, with_status
from oratio.domain.agents.brief import AgentBrief
from oratio.domain.agents.journal import AgentEvent
from oratio.domain.agents.version import AgentVersion, VersionStatus
from oratio.domain.agents.version import with_status as version_with_status
from oratio.domain.knowledge.knowledge_base import Document, KnowledgeBase, KnowledgeBaseStatus
from oratio.domain.knowledge.uploads import name_problems, normalise
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import agent_prefix, archived_document_key, document_key
from oratio.errors import Conflict, FieldProblem, InvalidInput, NotFound, Unavailable
from oratio.ports.clock import Clock
from oratio.ports.object_store import ObjectStore
from oratio.ports.pipeline import Pipeline
from oratio.ports.repositories import (
    AgentRepository,
    IdempotencyRepository,
    KnowledgeBaseRepository,
    Page,
    VersionRepository,
)
from oratio.ports.submissions import Submission, SubmissionRepository
from oratio.services.agents.form_validation import BriefLimits, read_brief, refuse
from oratio.services.agents.idempotency import digest
from oratio.services.knowledge.uploads import StagedFile, check_files

logger = logging.getLogger(__name__)

DIED_AFTER_MS = 3600 * 1000  # no submit takes so long
_STORED_AT_ONCE = 8
START_WAIT_S = 1.0
"""Longest wait of a request for its turn to start a flow; after that the reconciler starts it."""
_NAMESPACE = uuid.UUID("6f726174-696f-4000-8000-6167656e7473")
_KNOWLEDGE_NAMESPACE = uuid.UUID("6f726174-696f-4000-8000-6b6e6f776c65")


class AgentService:
    """Service of a tenant's agents; another tenant's agent is `NotFound`."""

    def __init__(
        self,
        *,
        agents: AgentRepository,
        knowledge_bases: KnowledgeBaseRepository,
        versions: VersionRepository,
        idempotency: IdempotencyRepository,
        submissions: SubmissionRepository,
        documents: ObjectStore,
        archive: ObjectStore,
        pipeline: Pipeline,
        clock: Clock,
        limits: BriefLimits,
        max_files: int,
    ) -> None:
        self._agents = agents
        self._knowledge_bases = knowledge_bases
        self._versions = versions
        self._idempotency = idempotency
        self._submissions = submissions
        self._documents = documents
        self._archive = archive
        self._pipeline = pipeline
        self._clock = clock
        self._limits = limits
        self._max_files = max_files
        # Runs created in parallel make Prefect's SQLite answer after seconds; one at a time takes 0.1 s each.
        self._starting = threading.Lock()
        # A submit may not start while the files of its dead predecessor are being removed.
        self._beginning = threading.Lock()

    def submit(
        self,
        user_id: str,
        form: Mapping[str, str],
        files: Sequence[StagedFile],
        *,
        idempotency_key: str | None = None,
    ) -> Agent:
        """Check the form, store the files, write the records, start the flow.

        Raises:
            InvalidInput: Lists every field and file that breaks a rule; nothing was stored.
            Conflict: The idempotency key was used with another body.
        """
        documents, problems = check_files(files)
        if not files:
            problems.append(FieldProblem(("files",), "is empty; send at least one document"))
        brief, wrong = read_brief(form, [document.path for document in documents], self._limits)
        refuse(problems + wrong)
        assert brief is not None
        agent_id = str(uuid.uuid5(_NAMESPACE, f"{user_id}\0{idempotency_key}") if idempotency_key else uuid.uuid4())
        if idempotency_key:
            agent_id = self._idempotency.claim(user_id, idempotency_key, _fingerprint(brief, documents), agent_id)
            try:
                return self._agents.get(user_id, agent_id)
            except NotFound:
                pass
        with self._beginning:
            self._submissions.begin(Submission(user_id, agent_id, self._clock.now_ms()))
        try:
            self._store(user_id, agent_id, files)
        except BaseException:
            # Under a key, another request may be storing the same agent's files: leave them to the sweep.
            if idempotency_key is None:
                self._discard(user_id, agent_id)
            raise
        agent = self._record(user_id, agent_id, brief, documents)
        logger.info("agent_id=<%s> files=<%d> | agent submitted", agent_id, len(files))
        return self.start(agent)

    def _discard(self, user_id: str, agent_id: str) -> None:
        """Remove the objects of a submit that has no record; the sweep removes what cannot be removed now."""
        with suppress(Unavailable, OSError), self._beginning:
            try:
                self._agents.get(user_id, agent_id)
            except NotFound:
                self._documents.delete_prefix(agent_prefix(user_id, agent_id))
            self._submissions.end(user_id, agent_id)

    def sweep(self) -> int:
        """Remove the objects of submits that died before their record existed; return the number of submits."""
        died = self._submissions.started_before(self._clock.now_ms() - DIED_AFTER_MS)
        for submission in died:
            self._discard(submission.user_id, submission.agent_id)
            logger.info("agent_id=<%s> | objects of a submit that died removed", submission.agent_id)
        return len(died)

    def _store(self, user_id: str, agent_id: str, files: Sequence[StagedFile]) -> None:
        named = [(document_key(user_id, agent_id, file.path), file.location) for file in files]
        self._put(self._documents, named, tags.object_tags(user_id, agent_id, "document"))

    def _put(self, store: ObjectStore, files: Sequence[tuple[str, Path]], labels: Mapping[str, str]) -> None:
        """Store the files in a few threads at once: each waits for the disk (or the network), not for the processor."""
        with ThreadPoolExecutor(_STORED_AT_ONCE, thread_name_prefix="store") as pool:
            shares = [files[start::_STORED_AT_ONCE] for start in range(min(_STORED_AT_ONCE, len(files)))]
            for stored in [pool.submit(store.put_files, share, tags=labels, frozen=True) for share in shares]:
                stored.result()

    def _record(self, user_id: str, agent_id: str, brief: AgentBrief, documents: Sequence[Document]) -> Agent:
        now = self._clock.now_ms()
        knowledge_base_id = str(uuid.uuid5(_KNOWLEDGE_NAMESPACE, agent_id))
        agent = Agent(
            user_id=user_id,
            agent_id=agent_id,
            **brief.model_dump(by_alias=False),
            knowledge_base_id=knowledge_base_id,
            status=AgentStatus.CREATING,
            created_at=now,
            updated_at=now,
            progress=pending_steps(),
            trace=tracing.current(),
        )
        knowledge_base = KnowledgeBase(
            knowledge_base_id=knowledge_base_id,
            user_id=user_id,
            agent_id=agent_id,
            s3_path=self._documents.uri(agent_prefix(user_id, agent_id)),
            status=KnowledgeBaseStatus.NOTREADY,
            folder_file_descriptions=brief.folder_file_descriptions,
            created_at=now,
            updated_at=now,
        )
        version = AgentVersion(
            user_id=user_id,
            agent_id=agent_id,
            version=1,
            status=VersionStatus.BUILDING,
            brief=brief,
            documents=tuple(documents),
            created_at=now,
            updated_at=now,
        )
        try:
            return self._agents.add(agent, knowledge_base, version)
        except Conflict:
            # The same idempotency key, at the same moment: return the other call's agent.
            return self._agents.get(user_id, agent_id)

    def update(
        self,
        user_id: str,
        agent_id: str,
        form: Mapping[str, str],
        files: Sequence[StagedFile],
        *,
        delete_files: Sequence[str] = (),
        activate: bool = False,
        idempotency_key: str | None = None,
    ) -> int:
        """Start version n+1 next to the live one: any field, files added, replaced or removed.

        Args:
            user_id: The tenant.
            agent_id: The agent.
            form: The fields that change.
            files: Those added or replaced.
            delete_files: Paths of those removed.
            activate: Switch to it once it is rehearsed; else it waits for `DeploymentService.switch`.
            idempotency_key: The same call under the same key starts one version.

        Returns:
            The version's number.

        Raises:
            InvalidInput: Lists every field and file that breaks a rule; nothing was stored.
            Conflict: The agent is not active, an update is under way, or the key was used with another body.
        """
        agent = self._agents.get(user_id, agent_id)
        number = self._versions.history(user_id, agent_id)[0].version + 1
        claim = f"{agent_id}/versions {idempotency_key}" if idempotency_key else None
        if claim:
            named = sorted((file.path, file.sha256) for file in files)
            asked = digest(sorted(form.items()), named, list(delete_files), activate)
            number = int(self._idempotency.claim(user_id, claim, asked, str(number)))
            if agent.latest_version >= number:
                return number
        try:
            version = self._next(agent, number, form, files, delete_files)
            with suppress(Conflict) if claim else nullcontext():  # the same call may have stored it and died
                self._versions.add(version.model_copy(update={"held": not activate}))
            self._begin(agent, number)
        except (InvalidInput, Conflict):
            if claim:
                if self._agents.get(user_id, agent_id).latest_version >= number:
                    return number  # started by the same call, at the same moment
                self._idempotency.release(user_id, claim)
            raise
        return number

    def _next(
        self,
        agent: Agent,
        number: int,
        form: Mapping[str, str],
        files: Sequence[StagedFile],
        delete_files: Sequence[str],
    ) -> AgentVersion:
        """Store the new files and return the version that a change of the live one would be.

        Raises:
            InvalidInput, Conflict: See `update`.
        """
        user_id, agent_id = agent.user_id, agent.agent_id
        live = _live(agent)
        base = self._versions.get(VersionRef(user_id=user_id, agent_id=agent_id, version=live))
        documents, problems = self._merge(base, files, delete_files)
        paths = [document.path for document in documents]
        brief, wrong = read_brief(form, paths, self._limits, base=base.brief)
        refuse(problems + wrong)
        assert brief is not None
        archived = {archived_document_key(user_id, agent_id, file.sha256): file.location for file in files}
        self._put(self._archive, [*archived.items()], tags.object_tags(user_id, agent_id, "document"))
        now = self._clock.now_ms()
        return AgentVersion(
            user_id=user_id,
            agent_id=agent_id,
            version=number,
            status=VersionStatus.BUILDING,
            brief=brief,
            documents=tuple(documents),
            created_at=now,
            updated_at=now,
        )

    def _begin(self, agent: Agent, number: int) -> None:
        """Make a version the one in progress, and start its flow; once.

        Raises:
            Conflict: Another one was started in the meantime; this one has failed.
        """
        starts = False

        def started(current: Agent) -> Agent | None:
            nonlocal starts
            if current.latest_version > number:
                raise Conflict(f"version {current.latest_version} is being built", hint="wait until it has ended")
            starts = current.latest_version < number
            if not starts:
                return None
            _live(current)
            return current.model_copy(
                update={
                    "latest_version": number,
                    "attempt": 1,
                    "progress": pending_steps(),
                    "error": None,
                    "trace": tracing.current(),
                    "updated_at": self._clock.now_ms(),
                }
            )

        try:
            saved = self._agents.update(agent.user_id, agent.agent_id, started)
        except Conflict:
            self._abandon(agent, number)
            raise
        if starts:
            logger.info("agent_id=<%s> version=<%d> | update submitted", agent.agent_id, number)
            self.start(saved)

    def _abandon(self, agent: Agent, number: int) -> None:
        """Fail a version that was never started."""

        def failed(record: AgentVersion) -> AgentVersion | None:
            if record.status is not VersionStatus.BUILDING:
                return None
            return version_with_status(record, VersionStatus.FAILED, self._clock.now_ms())

        self._versions.update(VersionRef(user_id=agent.user_id, agent_id=agent.agent_id, version=number), failed)

    def _merge(
        self, base: AgentVersion, files: Sequence[StagedFile], delete_files: Sequence[str]
    ) -> tuple[list[Document], list[FieldProblem]]:
        """Return the next version's documents, and the problems of the change."""
        sent, problems = check_files(files)
        kept = {document.path: document for document in base.documents}
        for path in delete_files:
            if kept.pop(normalise(path), None) is None:
                msg = f"{path!r} is not among the agent's files; remove it from the list"
                problems.append(FieldProblem(("deleteFiles", path), msg))
        kept.update({document.path: document for document in sent})
        if not problems:
            problems = name_problems(list(kept))
        if len(kept) > self._max_files:
            problems.append(FieldProblem(("files",), f"would be more than {self._max_files}; remove some"))
        if not kept:
            problems.append(FieldProblem(("files",), "would be empty; keep at least one document"))
        return [kept[path] for path in sorted(kept)], problems

    def start(self, agent: Agent) -> Agent:
        """Start the agent's flow; leave it to the reconciler when the engine is down or many others wait."""
        if not self._starting.acquire(timeout=START_WAIT_S):
            logger.info("agent_id=<%s> | others are being started, the reconciler will start the flow", agent.agent_id)
            return agent
        try:
            run_id = self._start(agent)
        except Unavailable:
            logger.warning("agent_id=<%s> | pipeline not available, the reconciler will start the flow", agent.agent_id)
            return agent
        finally:
            self._starting.release()
        # No step owns this field: it is set on whatever the flow has written in the meantime.
        return self._agents.update(
            agent.user_id, agent.agent_id, lambda current: current.model_copy(update={"flow_run_id": run_id})
        )

    def _start(self, agent: Agent) -> str:
        if agent.status is AgentStatus.DELETING:
            return self._pipeline.start_delete(agent.user_id, agent.agent_id, agent.attempt)
        ref = VersionRef(user_id=agent.user_id, agent_id=agent.agent_id, version=agent.latest_version)
        if agent.current_version is None:
            return self._pipeline.start_create(ref, agent.attempt)
        return self._pipeline.start_update(ref, agent.attempt)

    def get(self, user_id: str, agent_id: str) -> Agent:
        return self._agents.get(user_id, agent_id)

    def knowledge_base(self, agent: Agent) -> KnowledgeBase:
        return self._knowledge_bases.get(agent.user_id, agent.knowledge_base_id)

    def page(self, user_id: str, *, limit: int, cursor: str | None = None) -> Page[Agent]:
        return self._agents.page(user_id, limit=limit, cursor=cursor)

    def events(self, user_id: str, agent_id: str, *, after: int = 0) -> list[AgentEvent]:
        """Return the events after `seq`, in order.

        Raises:
            NotFound: No such agent of this tenant.
        """
        self._agents.get(user_id, agent_id)
        return self._agents.events(user_id, agent_id, after=after)

    def retry(self, user_id: str, agent_id: str) -> Agent:
        """Resume a failed creation or update at the step that failed.

        Raises:
            Conflict: Nothing has failed.
        """

        def again(agent: Agent) -> Agent:
            if agent.error is None or agent.status not in (AgentStatus.FAILED, AgentStatus.ACTIVE):
                raise Conflict(f"agent {agent_id} is {agent.status}", hint="only a failed agent can be retried")
            status = AgentStatus.CREATING if agent.status is AgentStatus.FAILED else AgentStatus.ACTIVE
            return with_status(agent, status, self._clock.now_ms()).model_copy(
                update={
                    "error": None,
                    "attempt": agent.attempt + 1,
                    "progress": _reopened(agent.progress),
                    "trace": tracing.current(),
                }
            )

        return self.start(self._agents.update(user_id, agent_id, again))

    def delete(self, user_id: str, agent_id: str) -> Agent:
        """Begin to take an agent down; it is `deleting` when this returns, and gone when the flow ends."""
        is_first = False

        def going(agent: Agent) -> Agent | None:
            nonlocal is_first
            is_first = agent.status is not AgentStatus.DELETING
            if not is_first:
                return None
            changes = {"attempt": agent.attempt + 1, "error": None, "trace": tracing.current()}
            return with_status(agent, AgentStatus.DELETING, self._clock.now_ms()).model_copy(update=changes)

        deleting = self._agents.update(user_id, agent_id, going)
        if is_first and deleting.flow_run_id:
            with suppress(Unavailable):
                self._pipeline.cancel(deleting.flow_run_id)
        return self.start(deleting)

    def unfinished(self) -> list[Agent]:
        """Return the agents of all tenants that a flow should be working on, for the reconciler."""
        return self._agents.unfinished()


def _reopened(progress: tuple[StepProgress, ...]) -> tuple[StepProgress, ...]:
    return tuple(
        StepProgress(step=Step(entry.step)) if entry.status in (StepStatus.FAILED, StepStatus.RUNNING) else entry
        for entry in progress
    )


def _fingerprint(brief: AgentBrief, documents: Sequence[Document]) -> str:
    found = hashlib.sha256(brief.model_dump_json().encode())
    for document in documents:
        found.update(document.model_dump_json().encode())
    return found.hexdigest()


def _live(agent: Agent) -> int:
    """Return the version that the next one changes.

    Raises:
        Conflict: The agent is not active, or one is being built.
    """
    if agent.status is not AgentStatus.ACTIVE or agent.current_version is None:
        raise Conflict(f"agent {agent.agent_id} is {agent.status}", hint="wait until it is active")
    if agent.error is None and any(entry.ended_at is None for entry in agent.progress):
        raise Conflict(f"version {agent.latest_version} is being built", hint="wait until it is done")
    return agent.current_version
