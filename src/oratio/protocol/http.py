"""The bodies of the HTTP contract, for the API and its client; camelCase on the wire, times in ms since 1970."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from oratio.domain.agents.agent import Agent, AgentFailure, AgentStatus, StepProgress
from oratio.domain.agents.brief import AgentType
from oratio.domain.agents.comparison import VersionDiff
from oratio.domain.agents.journal import AgentEvent
from oratio.domain.agents.version import AgentVersion, Override, RehearsalSummary, VersionStatus
from oratio.domain.api_keys import ApiKey, Scope
from oratio.domain.conversations.analytics import Report
from oratio.domain.conversations.conversation import (
    Channel,
    Citation,
    Conversation,
    Handoff,
    HandoffFailure,
    Outcome,
    SopStep,
    ToolCall,
    Turn,
    TurnResult,
    Usage,
)
from oratio.domain.conversations.live_call import CallState, LiveCall, LiveHandoff
from oratio.domain.conversations.replay import ReplayReport
from oratio.domain.cost import CostEstimate, StageCost
from oratio.domain.knowledge.descriptions import Descriptions
from oratio.domain.knowledge.knowledge_base import (
    Document,
    DocumentProblem,
    KnowledgeBase,
    KnowledgeBaseStatus,
    Passage,
)
from oratio.domain.knowledge.upload_entry import ListedFile
from oratio.domain.knowledge.usage import KnowledgeUse
from oratio.domain.plan.rehearsal import RehearsalReport
from oratio.domain.procedures.check import Binding, LintFinding, ReadBackLine
from oratio.domain.procedures.flow import Flow
from oratio.domain.refs import Value
from oratio.domain.webhook import MAX_URL_CHARS, Webhook, WebhookEvent

MAX_PROMPT_CHARS = 20_000


class Body(BaseModel):
    """A request's JSON: closed, and read by its wire names alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=False)


class Wire(Value):
    """An answer's JSON; a client takes fields that a newer server added."""

    model_config = ConfigDict(extra="ignore")


class Accepted(Wire):
    agent_id: str
    status: AgentStatus
    message: str


class AcceptedVersion(Wire):
    agent_id: str
    version: int


class AgentSummary(Wire):
    agent_id: str
    agent_name: str
    status: AgentStatus
    agent_type: AgentType
    created_at: int
    websocket_url: str | None
    api_endpoint: str | None
    current_version: int | None = None

    @classmethod
    def of(cls, agent: Agent) -> "AgentSummary":
        return cls(**{name: getattr(agent, name) for name in cls.model_fields})


class AgentPage(Wire):
    agents: list[AgentSummary]
    next_cursor: str | None


class KnowledgeBaseView(Wire):
    knowledge_base_id: str
    status: KnowledgeBaseStatus
    bedrock_knowledge_base_id: str | None
    problems: tuple[DocumentProblem, ...]


class AgentDetail(Wire):
    """The seed's fields, and ours."""

    agent_id: str
    agent_name: str
    status: AgentStatus
    agent_type: AgentType
    sop: str
    knowledge_base_description: str
    human_handoff_description: str
    folder_file_descriptions: Descriptions
    generated_prompt_s3_path: str | None
    agent_code_s3_path: str | None
    knowledge_base: KnowledgeBaseView
    created_at: int
    updated_at: int
    websocket_url: str | None
    api_endpoint: str | None
    current_version: int | None
    latest_version: int
    progress: tuple[StepProgress, ...]
    error: AgentFailure | None
    flow_run_id: str | None = None

    @classmethod
    def of(cls, agent: Agent, knowledge_base: KnowledgeBase) -> "AgentDetail":
        known = {name: getattr(agent, name) for name in cls.model_fields if name != "knowledge_base"}
        view = {name: getattr(knowledge_base, name) for name in KnowledgeBaseView.model_fields}
        return cls(**known, knowledge_base=KnowledgeBaseView(**view))


class EventLog(Wire):
    """What has happened to an agent, oldest first."""

    events: list[AgentEvent]


class VersionSummary(Wire):
    version: int
    status: VersionStatus
    created_at: int
    updated_at: int
    activated_at: int | None
    documents: int
    rehearsal: RehearsalSummary | None
    override: Override | None

    @classmethod
    def of(cls, version: AgentVersion) -> "VersionSummary":
        known = {name: getattr(version, name) for name in cls.model_fields if name != "documents"}
        return cls(**known, documents=len(version.documents))


class VersionList(Wire):
    agent_id: str
    current_version: int | None
    versions: list[VersionSummary]


class VersionDetail(Wire):
    """One version whole; what has not been written yet is null."""

    agent_id: str
    version: int
    status: VersionStatus
    created_at: int
    updated_at: int
    activated_at: int | None
    agent_name: str
    agent_type: AgentType
    sop: str
    knowledge_base_description: str
    human_handoff_description: str
    folder_file_descriptions: Descriptions
    files: tuple[Document, ...]
    plan: dict[str, Any] | None
    code: str | None
    prompt: str | None
    rehearsal: RehearsalReport | None
    rehearsal_summary: RehearsalSummary | None
    override: Override | None
    code_sha256: str | None
    prompt_sha256: str | None
    plan_sha256: str | None
    creation_cost: tuple[StageCost, ...] = ()


class ActivateBody(Body):
    """`overrideReason` signs the activation of a version whose rehearsal failed."""

    override_reason: Annotated[str, Field(min_length=1, max_length=2000)] | None = None


class Activated(Wire):
    agent_id: str
    version: int
    status: AgentStatus


class DiffView(VersionDiff, Wire):
    """From version `against` to version `version`."""


class ReplayBody(Body):
    """`conversations`: how many of the newest recorded ones are played again."""

    conversations: Annotated[int, Field(ge=1, le=50, strict=True)] = 5


class ReplayView(ReplayReport, Wire):
    """What both versions say to what callers said."""


class KeyBody(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=8)] | None = None
    expires_at: Annotated[int, Field(ge=0, le=2**53, strict=True)] | None = None
    origins: Annotated[list[Annotated[str, Field(min_length=1, max_length=300)]], Field(max_length=50)] | None = None


class KeyView(Wire):
    key_id: str
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    origins: tuple[str, ...]
    created_at: int
    expires_at: int | None
    last_used_at: int | None
    revoked_at: int | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyView":
        return cls(**{name: getattr(key, name) for name in cls.model_fields})


class NewKey(KeyView):
    """The only answer that holds the key itself."""

    key: str


class KeyList(Wire):
    keys: list[KeyView]


class UploadBody(Body):
    files: Annotated[list[ListedFile], Field(min_length=1, max_length=20_000)]


class UploadView(Wire):
    """`held`: paths whose bytes are here; `missing`: the files still to send."""

    upload_id: str
    complete: bool
    held: list[str]
    missing: list[ListedFile]


class NewUpload(UploadView):
    """`ticket` sends files of this upload, and does nothing else; it ends at `expiresAt`."""

    ticket: str
    expires_at: int


class WebhookBody(Body):
    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARS)]
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=20)]


class WebhookView(Wire):
    webhook_id: str
    url: str
    events: tuple[WebhookEvent, ...]
    created_at: int

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookView":
        return cls(**{name: getattr(webhook, name) for name in cls.model_fields})


class NewWebhook(WebhookView):
    """The only answer that holds the secret deliveries are signed with."""

    secret: str


class WebhookList(Wire):
    webhooks: list[WebhookView]


class PromptBody(Body):
    prompt: Annotated[str, Field(min_length=1, max_length=MAX_PROMPT_CHARS)]
    session_id: str | None = None


class Answer(Wire):
    """One turn; `answered` is false, and `citations` empty, when the documents do not answer."""

    session_id: str
    answer: str
    answered: bool
    citations: tuple[Citation, ...]
    handoff: Handoff | None
    sop_steps: tuple[SopStep, ...]
    usage: Usage
    latency_ms: int
    version: int
    model: str
    tool_calls: tuple[ToolCall, ...]

    @classmethod
    def of(cls, session_id: str, version: int, result: TurnResult, latency_ms: int) -> "Answer":
        known = {name: getattr(result, name) for name in TurnResult.model_fields}
        return cls(**known, session_id=session_id, version=version, latency_ms=latency_ms)


class TicketBody(Body):
    """`origin`: the page's origin the ticket is for; unset, the caller's own `Origin` header, if any."""

    origin: Annotated[str, Field(min_length=1, max_length=300)] | None = None


class TicketView(Wire):
    ticket: str
    expires_at: int
    websocket_url: str


class CallView(Wire):
    """A call in progress; `operator` is who has taken it over, `websocketUrl` where an operator joins it."""

    conversation_id: str
    agent_id: str
    agent_name: str
    version: int
    started_at: int
    state: CallState
    handoff: LiveHandoff | None
    operator: str | None
    websocket_url: str

    @classmethod
    def of(cls, call: LiveCall, websocket_url: str) -> "CallView":
        known = {name: getattr(call, name) for name in cls.model_fields if name != "websocket_url"}
        return cls(**known, websocket_url=websocket_url)


class CallList(Wire):
    calls: list[CallView]


class ConversationView(Wire):
    conversation_id: str
    agent_id: str
    version: int
    channel: Channel
    started_at: int
    updated_at: int
    turns: int
    outcome: Outcome
    handoff: Handoff | None
    handoff_failure: HandoffFailure | None = None
    operator: str | None = None
    usage: Usage
    cost_estimate: CostEstimate | None = None

    @classmethod
    def of(cls, conversation: Conversation, cost: CostEstimate | None = None) -> "ConversationView":
        known = {name: getattr(conversation, name) for name in cls.model_fields if name != "cost_estimate"}
        return cls(**known, cost_estimate=cost)


class ConversationPage(Wire):
    conversations: list[ConversationView]
    next_cursor: str | None


class ConversationDetail(Wire):
    conversation: ConversationView
    transcript: list[Turn]


class AnalyticsView(Report, Wire):
    """Figures in all, per agent, per day, and per agent and day (`agentId` of a day's row; null for all agents)."""


class KnowledgeUseView(KnowledgeUse, Wire):
    """Documents of the live version with the conversations whose answers came from them; questions without answer."""


class SearchBody(Body):
    """`version`: whose documents; the live one when it is left out."""

    query: Annotated[str, Field(min_length=1, max_length=2_000)]
    version: Annotated[int, Field(ge=1, le=999_999, strict=True)] | None = None


class SopCheckBody(Body):
    """`tools`: tool sources as in an agent's form; their operations are bound to the SOP's actions by name."""

    sop: str
    tools: Annotated[list[dict[str, Any]], Field(max_length=100)] | None = None


class SopCheckView(Wire):
    """An SOP as it was understood: read back, with findings, bindings, a chart and the whole flow."""

    ok: bool
    read_back: tuple[ReadBackLine, ...]
    findings: tuple[LintFinding, ...]
    bindings: tuple[Binding, ...]
    mermaid: str
    flow: Flow


class PassageView(Wire):
    """One found passage; why: `score` within this result, `similarity` in meaning and `coverage` of the words."""

    path: str
    excerpt: str
    score: float
    similarity: float | None
    coverage: float | None
    known: float | None
    page: int | None
    heading: str | None

    @classmethod
    def of(cls, passage: Passage) -> "PassageView":
        return cls(**{name: getattr(passage, name) for name in cls.model_fields})


class SearchView(Wire):
    version: int
    passages: list[PassageView]


class Check(Wire):
    ok: bool
    detail: str = ""


class ReadinessView(Wire):
    ready: bool
    checks: dict[str, Check]


class SystemView(Wire):
    """What runs here, and what answers: `builtin` is no language model, and `answersBy` says so."""

    version: str
    platform: str
    environment: str
    model: str
    answers_by: str
    speech: str
    sandbox: str | None
    urls: dict[str, str]
    limits: dict[str, int]
