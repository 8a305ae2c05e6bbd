"""Deployment of reviewed bytes: runtime, smoke call, the pinned endpoint, roll-back."""

import logging
import uuid

from oratio.domain import tags
from oratio.domain.agents import version as versions_of
from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.agents.version import AgentVersion, Override, VersionStatus
from oratio.domain.conversations.conversation import TurnResult
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import CODE_FILE, PROMPT_FILE, live_key, version_key
from oratio.errors import AgentFailed, Conflict, NotReady, RehearsalFailed, StepFailed
from oratio.ports.agent_runtime import LIVE, AgentRuntime, Invocation, RuntimeStatus
from oratio.ports.clock import Clock
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import AgentRepository, VersionRepository
from oratio.services.agents.runs import RunService
from oratio.services.authoring.authoring import AuthoringService
from oratio.services.knowledge.knowledge_bases import KnowledgeBaseService, step_token

logger = logging.getLogger(__name__)

SMOKE_PROMPT = "Hello"


class DeploymentService:
    """Service behind `deploy_agent` and `activate`, and for activation by hand."""

    def __init__(
        self,
        *,
        agents: AgentRepository,
        versions: VersionRepository,
        code: ObjectStore,
        runtime: AgentRuntime,
        authoring: AuthoringService,
        knowledge_bases: KnowledgeBaseService,
        clock: Clock,
        environment: str,
        api_base: str,
        voice_base: str,
        rehearsal_required: bool,
    ) -> None:
        self._agents = agents
        self._versions = versions
        self._code = code
        self._runtime = runtime
        self._authoring = authoring
        self._knowledge_bases = knowledge_bases
        self._clock = clock
        self._environment = environment
        self._api_base = api_base
        self._voice_base = voice_base
        self._rehearsal_required = rehearsal_required

    def ensure_runtime(self, ref: VersionRef) -> None:
        """Create the runtime of the reviewed package, once per content."""
        package = self._authoring.package(ref)
        runtime = self._runtime.ensure_runtime(
            ref,
            package,
            engine_id=self._knowledge_bases.engine_id(ref),
            tags=tags.resource_tags(ref.user_id, ref.agent_id, self._environment),
            token=step_token(ref, f"runtime-{package.signature}"),
        )
        deployed = {"runtime_id": runtime.runtime_id, "runtime_version": runtime.runtime_version}
        self._versions.update(ref, lambda record: record.model_copy(update=deployed))

    def require_runtime(self, ref: VersionRef) -> None:
        """Return once the runtime version is ready.

        Raises:
            NotReady: It is being created.
            StepFailed: It could not be created.
        """
        runtime = self._runtime.runtime(*self._deployed(ref))
        if runtime.status in (RuntimeStatus.CREATING, RuntimeStatus.UPDATING):
            raise NotReady(f"the runtime is {runtime.status}")
        if runtime.status is not RuntimeStatus.READY:
            raise StepFailed(f"the runtime is {runtime.status}: {runtime.failure or 'no reason given'}", hint="retry")

    async def smoke(self, ref: VersionRef) -> None:
        """Send one greeting through the runtime version that is about to go live.

        Raises:
            AgentFailed: It did not answer.
        """
        runtime_id, runtime_version = self._deployed(ref)
        call = Invocation(session_id=f"smoke-{uuid.uuid4()}", prompt=SMOKE_PROMPT)
        async for event in self._runtime.invoke(runtime_id, runtime_version, call):
            if isinstance(event, TurnResult) and event.answer.strip():
                return
        raise AgentFailed("the deployed agent did not answer a greeting", hint="see its rehearsal report, then retry")

    def activate(self, ref: VersionRef, owner: str, runs: RunService) -> Agent:
        """Make a rehearsed version the live one, as the flow's last step.

        Raises:
            RehearsalFailed: Its rehearsal failed and no one signed an override.
        """
        version = self._require_rehearsed(ref)
        self._pin(ref)
        self._settle(ref)
        agent = runs.activate(ref, owner, version, self._endpoints(ref))
        logger.info("agent_id=<%s> version=<%d> | version is live", ref.agent_id, ref.version)
        return agent

    def switch(
        self, user_id: str, agent_id: str, version: int, *, override: str | None = None, signed_by: str = ""
    ) -> Agent:
        """Activate a version outside a flow: an update that was held back, or a roll-back.

        Args:
            override: The operator's reason for activating in spite of a failed rehearsal.

        Raises:
            Conflict: The version was never deployed, or the agent is not one that can go live.
            RehearsalFailed: Its rehearsal failed and no reason was given.
        """
        ref = VersionRef(user_id=user_id, agent_id=agent_id, version=version)
        _require_kept(self._agents.get(user_id, agent_id))
        record = self._versions.get(ref)
        if record.runtime_id is None or record.rehearsal is None:
            raise Conflict(f"version {version} is {record.status} and was never rehearsed", hint="wait, or retry it")
        if override is not None and not record.rehearsal.passed:
            signature = Override(reason=override, signed_by=signed_by, signed_at=self._clock.now_ms())
            self._versions.update(ref, lambda record: record.model_copy(update={"override": signature}))
        record = self._require_rehearsed(ref)
        self._pin(ref)
        live = self._go_live(ref, record)
        self._settle(ref)
        return live

    def _go_live(self, ref: VersionRef, record: AgentVersion) -> Agent:
        words = record.brief.model_dump(by_alias=False)
        changes = {**words, **self._endpoints(ref), "current_version": ref.version, "error": None}

        def live(agent: Agent) -> Agent:
            _require_kept(agent)
            # A signed override takes a failed agent live, which no flow may do.
            return agent.model_copy(
                update={**changes, "status": AgentStatus.ACTIVE, "updated_at": self._clock.now_ms()}
            )

        return self._agents.update(ref.user_id, ref.agent_id, live)

    def _require_rehearsed(self, ref: VersionRef) -> AgentVersion:
        record = self._versions.get(ref)
        if self._rehearsal_required and record.override is None:
            if record.rehearsal is None:
                raise Conflict(f"version {ref.version} has not been rehearsed", hint="retry the agent")
            if not record.rehearsal.passed:
                raise RehearsalFailed(
                    f"version {ref.version} failed its rehearsal ({len(record.rehearsal.failures)} scenarios)",
                    hint=f"read `oratio agents show {ref.agent_id} --rehearsal`, fix the SOP or documents, or sign"
                    f' `oratio agents activate {ref.agent_id} {ref.version} --override "reason"`',
                )
        return record

    def _pin(self, ref: VersionRef) -> None:
        """Point the endpoint and the live files at this version; repeating it changes nothing."""
        runtime_id, runtime_version = self._deployed(ref)
        self._runtime.ensure_endpoint(runtime_id, LIVE, runtime_version)
        labels = tags.object_tags(ref.user_id, ref.agent_id, "generated-code")
        for file in (CODE_FILE, PROMPT_FILE):
            data = self._code.get(version_key(ref.user_id, ref.agent_id, ref.version, file))
            self._code.put(live_key(ref.user_id, ref.agent_id, file), data, tags=labels)

    def _settle(self, ref: VersionRef) -> None:
        """Set this version live and every other live one retired."""
        now = self._clock.now_ms()

        def retired(record: AgentVersion) -> AgentVersion | None:
            is_live = record.status is VersionStatus.LIVE
            return versions_of.with_status(record, VersionStatus.RETIRED, now) if is_live else None

        def live(record: AgentVersion) -> AgentVersion:
            return versions_of.with_status(record, VersionStatus.LIVE, now).model_copy(update={"activated_at": now})

        for record in self._versions.history(ref.user_id, ref.agent_id):
            if record.version != ref.version and record.status is VersionStatus.LIVE:
                self._versions.update(record.ref, retired)
        self._versions.update(ref, live)

    def _endpoints(self, ref: VersionRef) -> dict[str, str]:
        return {
            "agent_code_s3_path": self._code.uri(live_key(ref.user_id, ref.agent_id, CODE_FILE)),
            "generated_prompt_s3_path": self._code.uri(live_key(ref.user_id, ref.agent_id, PROMPT_FILE)),
            "api_endpoint": f"{self._api_base}/api/agents/{ref.agent_id}/invocations",
            "websocket_url": f"{self._voice_base}/v1/agents/{ref.agent_id}/voice",
        }

    def _deployed(self, ref: VersionRef) -> tuple[str, str]:
        record = self._versions.get(ref)
        if record.runtime_id is None or record.runtime_version is None:
            raise Conflict(f"version {ref.version} has not been deployed")
        return record.runtime_id, record.runtime_version


def _require_kept(agent: Agent) -> None:
    if agent.status is AgentStatus.DELETING:
        raise Conflict(f"agent {agent.agent_id} is being deleted")
