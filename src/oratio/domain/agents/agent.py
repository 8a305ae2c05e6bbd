"""An agent's record, its steps and the status changes that are legal."""

from collections.abc import Sequence
from enum import StrEnum

from oratio.domain.agents.brief import AgentBrief, AgentType
from oratio.domain.knowledge.descriptions import Descriptions
from oratio.domain.refs import Value
from oratio.errors import Conflict


class AgentStatus(StrEnum):
    CREATING = "creating"
    ACTIVE = "active"
    FAILED = "failed"
    DELETING = "deleting"


_NEXT: dict[AgentStatus, frozenset[AgentStatus]] = {
    AgentStatus.CREATING: frozenset({AgentStatus.ACTIVE, AgentStatus.FAILED, AgentStatus.DELETING}),
    AgentStatus.ACTIVE: frozenset({AgentStatus.DELETING}),
    AgentStatus.FAILED: frozenset({AgentStatus.CREATING, AgentStatus.DELETING}),
    AgentStatus.DELETING: frozenset(),
}


class Step(StrEnum):
    """The steps of `create_agent` and `update_agent`, in order."""

    INGEST_FOLDER = "ingest_folder"
    PROVISION_KNOWLEDGE_BASE = "provision_knowledge_base"
    AUTHOR_AGENT = "author_agent"
    CHECK_CODE = "check_code"
    REHEARSE_AGENT = "rehearse_agent"
    DEPLOY_AGENT = "deploy_agent"
    ACTIVATE = "activate"


class StepStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class StepProgress(Value):
    """How far one step is. Times are ms since 1970; `detail` is one line for an operator."""

    step: Step
    status: StepStatus = StepStatus.PENDING
    started_at: int | None = None
    ended_at: int | None = None
    detail: str = ""


class AgentFailure(Value):
    """Why an agent is `failed`: the step, a stable code, and what to do about it."""

    step: str
    code: str
    message: str


class Agent(Value):
    """One agent of one tenant; the row of `oratio-agents`.

    Attributes:
        current_version: The live version; None until the first activation.
        latest_version: The highest version number given out.
        attempt: Counts the flow runs started for `latest_version`; part of their idempotency keys.
        progress: The steps of the newest creation or update, in order.
        trace: The W3C `traceparent` of the request that asked for the newest flow; ids only.
        revision: Compare-and-set counter, owned by the repository; 0 for a record not yet stored.
    """

    user_id: str
    agent_id: str
    agent_name: str
    agent_type: AgentType
    sop: str
    knowledge_base_description: str
    human_handoff_description: str
    folder_file_descriptions: Descriptions
    knowledge_base_id: str
    status: AgentStatus
    created_at: int
    updated_at: int
    current_version: int | None = None
    latest_version: int = 1
    attempt: int = 1
    flow_run_id: str | None = None
    trace: str | None = None
    generated_prompt_s3_path: str | None = None
    agent_code_s3_path: str | None = None
    websocket_url: str | None = None
    api_endpoint: str | None = None
    progress: tuple[StepProgress, ...] = ()
    error: AgentFailure | None = None
    revision: int = 0

    @property
    def brief(self) -> AgentBrief:
        return AgentBrief(**{name: getattr(self, name) for name in AgentBrief.model_fields})


def pending_steps(steps: Sequence[Step] = tuple(Step)) -> tuple[StepProgress, ...]:
    return tuple(StepProgress(step=step) for step in steps)


def with_status(agent: Agent, status: AgentStatus, now_ms: int) -> Agent:
    """The agent in its next status.

    Raises:
        Conflict: The change is not legal from where the agent is.
    """
    if status is agent.status:
        return agent
    if status not in _NEXT[agent.status]:
        raise Conflict(f"agent {agent.agent_id} is {agent.status} and cannot become {status}")
    return agent.model_copy(update={"status": status, "updated_at": now_ms})


def with_step(agent: Agent, step: Step, status: StepStatus, now_ms: int, detail: str = "") -> Agent:
    """The agent with one step's progress moved on; a step that starts again loses its old end."""

    def moved(entry: StepProgress) -> StepProgress:
        if entry.step is not step:
            return entry
        running = status is StepStatus.RUNNING
        return StepProgress(
            step=step,
            status=status,
            started_at=(entry.started_at if entry.status is StepStatus.RUNNING else now_ms)
            if running
            else entry.started_at or now_ms,
            ended_at=None if status in (StepStatus.RUNNING, StepStatus.PENDING) else now_ms,
            detail=detail,
        )

    return agent.model_copy(update={"progress": tuple(map(moved, agent.progress)), "updated_at": now_ms})
