"""An HTTP API in memory that answers the console as the real one does; typed by the wire's own models."""

import io
import json
import re
import threading
import time
import wave
from collections.abc import Callable

import httpx

from oratio.domain.agents.agent import Agent, AgentFailure, AgentStatus, Step, StepProgress, StepStatus
from oratio.domain.agents.brief import AgentType
from oratio.domain.agents.journal import AgentEvent
from oratio.domain.agents.version import RehearsalSummary, VersionStatus
from oratio.domain.conversations.analytics import report
from oratio.domain.conversations.conversation import (
    Channel,
    Citation,
    Conversation,
    Handoff,
    SopStep,
    ToolCall,
    Turn,
    TurnResult,
)
from oratio.domain.conversations.conversation_stats import ConversationStats
from oratio.domain.conversations.live_call import LiveHandoff
from oratio.domain.conversations.replay import ReplayedConversation, ReplayedTurn, compare, summarise
from oratio.domain.knowledge.knowledge_base import Document, DocumentProblem, KnowledgeBase, KnowledgeBaseStatus
from oratio.domain.knowledge.usage import DocumentUse, Unanswered
from oratio.domain.plan.agent_plan import Scenario
from oratio.domain.plan.rehearsal import RehearsalReport, RehearsedTurn, ScenarioResult
from oratio.protocol.http import (
    Accepted,
    AcceptedVersion,
    Activated,
    AgentDetail,
    AgentPage,
    AgentSummary,
    AnalyticsView,
    Answer,
    CallList,
    CallView,
    ConversationDetail,
    ConversationPage,
    ConversationView,
    EventLog,
    KeyList,
    KeyView,
    KnowledgeUseView,
    NewKey,
    PassageView,
    ReplayView,
    SearchView,
    SystemView,
    TicketView,
    VersionDetail,
    VersionList,
    VersionSummary,
    Wire,
)

TOKEN = "e30.eyJzdWIiOiJvcGVyYXRvciJ9.sig"
NOW = 1_790_000_000_000
SOP = "# Returns\n\n1. Ask for the order number.\n2. Never promise a date."
RESULT = TurnResult(
    answer="Within 30 days.",
    answered=True,
    citations=(Citation(path="returns.md", excerpt="Goods can be sent back within 30 days.", score=0.91, page=2),),
    sop_steps=(SopStep(step_id="s001", title="Ask for the order number", line_start=3, line_end=3),),
    tool_calls=(ToolCall(name="search_knowledge_base", status="success", ms=12),),
    model="builtin",
)
TALLY = ConversationStats(
    waits_ms=(700, 900, 2400), dead_air_ms=800, answered=2, sourced=2, unanswered=1, paths=("returns.md",)
)
HANDOFF = Handoff(reason="The caller asks for a person", summary="Order 17 is broken")


def agent(agent_id: str, status: AgentStatus = AgentStatus.ACTIVE, **fields: object) -> Agent:
    """An agent that went through all its steps, or stopped in the third."""
    reached = {AgentStatus.ACTIVE: 7, AgentStatus.DELETING: 7}.get(status, 2)
    ends = {AgentStatus.CREATING: StepStatus.RUNNING, AgentStatus.FAILED: StepStatus.FAILED}
    progress = []
    for at, step in enumerate(Step):
        state = StepStatus.SUCCEEDED if at < reached else ends.get(status) if at == reached else StepStatus.PENDING
        began = NOW + at * 1000 if state != StepStatus.PENDING else None
        ended = NOW + at * 1000 + 900 if state in (StepStatus.SUCCEEDED, StepStatus.FAILED) else None
        progress.append(
            StepProgress(
                step=step, status=state, started_at=began, ended_at=ended, detail=f"detail {at}" if began else ""
            )
        )
    values: dict[str, object] = {
        "user_id": "operator",
        "agent_id": agent_id,
        "agent_name": f"Agent {agent_id}",
        "agent_type": AgentType.TEXT,
        "sop": SOP,
        "knowledge_base_description": "For returns",
        "human_handoff_description": "When asked",
        "folder_file_descriptions": {"returns.md": "How to send goods back"},
        "knowledge_base_id": f"kb-{agent_id}",
        "status": status,
        "created_at": NOW,
        "updated_at": NOW,
        "current_version": 1 if status == AgentStatus.ACTIVE else None,
        "websocket_url": "ws://127.0.0.1:1/v1/agents/a/voice",
        "api_endpoint": "http://127.0.0.1:1/api/agents/a/invocations",
        "progress": tuple(progress),
        "error": AgentFailure(step="author_agent", code="step_failed", message="The SOP says nothing to do")
        if status == AgentStatus.FAILED
        else None,
    }
    return Agent(**{**values, **fields})


def rehearsed(planned: tuple[str, ...] = ()) -> RehearsalReport:
    """One scenario that passed, one required that failed."""
    turn = RehearsedTurn(prompt="Can I return it?", answer=RESULT.answer, answered=True, citations=RESULT.citations)

    def result(title: str, passed: bool) -> ScenarioResult:
        scenario = Scenario(scenario_id=title, title=title, prompts=("x",), expect="handoff")
        reason = "" if passed else "no human was called"
        return ScenarioResult(scenario=scenario, required=True, passed=passed, reason=reason, turns=(turn,))

    results = (result("Asks for a person", True), result("Is angry", False))
    return RehearsalReport(
        version=1, model="builtin", started_at=NOW, ended_at=NOW + 2000, results=results, planned=planned
    )


def a_live_call(name: str, *, handoff: bool = False) -> CallView:
    asked = LiveHandoff(reason=HANDOFF.reason, summary=HANDOFF.summary, at=NOW) if handoff else None
    return CallView(
        conversation_id=name, agent_id="a", agent_name="Agent a", version=1,
        started_at=int(time.time() * 1000) - 65_000, state="handoff" if handoff else "agent",
        handoff=asked, operator=None, websocket_url="ws://127.0.0.1:1/x",
    )  # fmt: skip


class FakeApi:
    """The API's state, and a transport that answers from it. Set `broken` to have every call fail that way.

    With `nonsense`, plans hold what the console cannot draw.
    """

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}
        self.problems: tuple[DocumentProblem, ...] = ()
        self.keys: list[KeyView] = []
        self.conversations: dict[str, Conversation] = {}
        self.live: list[CallView] = []
        self.voice = "ws://127.0.0.1:1"
        self.refusals: dict[tuple[str, str], httpx.Response] = {}
        self.broken: Callable[[httpx.Request], httpx.Response] | None = None
        self.nonsense = False
        self.planned: tuple[str, ...] = ()
        self.begun_before: dict[Step, int] = {}
        self.accepts: Callable[[str], bool] = TOKEN.__eq__
        self.sandbox = "A"
        self.model = "builtin"
        self.calls: list[tuple[str, str, bytes]] = []
        self.queries: list[dict[str, str]] = []
        self._open = threading.Event()
        self._open.set()
        self.transport = httpx.MockTransport(self._handle)

    def add(self, made: Agent) -> None:
        self.agents[made.agent_id] = made

    def hold(self) -> None:
        """Let every call wait until `release`."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def called(self, method: str, path: str) -> list[bytes]:
        return [body for verb, where, body in self.calls if (verb, where) == (method, path)]

    def _handle(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        path = request.url.path
        self.calls.append((request.method, path, body))
        self.queries.append(dict(request.url.params))
        self._open.wait()
        if self.broken:
            return self.broken(request)
        if refused := self.refusals.get((request.method, path)):
            return refused
        if path.startswith("/api/agents") and not self.accepts(request.headers.get("authorization", "")[7:]):
            return problem(401, "not_authenticated")
        for method, pattern, answer in self._routes():
            if method == request.method and (match := re.fullmatch(pattern, path)):
                found = answer(*match.groups())
                return found if isinstance(found, httpx.Response) else reply(found)
        return problem(404, "not_found")

    def _routes(self) -> list[tuple[str, str, Callable[..., Wire | httpx.Response]]]:
        one = r"/api/agents/([^/]+)"
        return [
            ("GET", "/api/system", self._system),
            ("GET", "/api/agents", self._list),
            ("POST", "/api/agents", self._create),
            ("GET", one, self._show),
            ("DELETE", one, self._delete),
            ("GET", rf"{one}/log", self._log),
            ("POST", rf"{one}/retry", self._retry),
            ("POST", rf"{one}/versions/(\d+)/replay", self._replay),
            ("GET", rf"{one}/versions", self._versions),
            ("POST", rf"{one}/versions", lambda key: reply(AcceptedVersion(agent_id=key, version=2), 202)),
            ("GET", rf"{one}/versions/(\d+)", self._version),
            ("POST", rf"{one}/versions/(\d+)/activate", self._activate),
            ("GET", rf"{one}/api-keys", lambda key: KeyList(keys=self.keys)),
            ("POST", rf"{one}/api-keys", self._new_key),
            ("POST", rf"{one}/invocations", lambda key: self._answer()),
            ("GET", rf"{one}/conversations", self._conversations),
            ("GET", r"/api/conversations", lambda: self._conversations("")),
            ("GET", r"/api/conversations/([^/]+)", self._conversation),
            ("GET", r"/api/conversations/([^/]+)/audio", self._recording),
            ("POST", r"/api/conversations/([^/]+)/operator-tickets", self._ticket),
            ("GET", r"/api/analytics", self._analytics),
            ("GET", r"/api/calls", lambda: CallList(calls=self.live)),
            ("GET", rf"{one}/knowledge-use", self._knowledge_use),
            ("POST", rf"{one}/searches", self._search),
            ("POST", rf"{one}/voice-tickets", self._ticket),
        ]

    def _system(self) -> Wire:
        return SystemView(
            version="0.1.0", platform="local", environment="local", model=self.model, answers_by="rules",
            speech="local", sandbox=self.sandbox, urls={"prefect": "http://127.0.0.1:1/api"},
            limits={
                "maxFiles": 1000, "maxTotalBytes": 500_000_000, "maxFileBytes": 50_000_000, "maxSopChars": 100_000,
                "maxDescriptionChars": 2000,
            },
        )  # fmt: skip

    def _list(self) -> Wire:
        return AgentPage(agents=list(map(AgentSummary.of, self.agents.values())), next_cursor=None)

    def _create(self) -> httpx.Response:
        self.add(agent("made", AgentStatus.CREATING))
        return reply(Accepted(agent_id="made", status=AgentStatus.CREATING, message="started"), 202)

    def _show(self, agent_id: str) -> Wire | httpx.Response:
        if agent_id not in self.agents:
            return problem(404, "not_found")
        ready = KnowledgeBaseStatus.READY
        base = KnowledgeBase(
            knowledge_base_id="kb", user_id="operator", agent_id=agent_id, s3_path="s3://x", status=ready,
            created_at=NOW, updated_at=NOW, problems=self.problems,
        )  # fmt: skip
        return AgentDetail.of(self.agents[agent_id], base)

    def _delete(self, agent_id: str) -> Wire:
        self.add(agent(agent_id, AgentStatus.DELETING))
        return Accepted(agent_id=agent_id, status=AgentStatus.DELETING, message="")

    def _retry(self, agent_id: str) -> Wire:
        self.add(agent(agent_id, AgentStatus.CREATING))
        return Accepted(agent_id=agent_id, status=AgentStatus.CREATING, message="")

    def _log(self, agent_id: str) -> Wire | httpx.Response:
        """Each step's beginning and end, as they stand in its progress."""
        if agent_id not in self.agents:
            return problem(404, "not_found")
        events: list[AgentEvent] = []
        for entry in self.agents[agent_id].progress:
            begun = 1 + self.begun_before.get(entry.step, 0)
            told = [(entry.started_at, "running", "")] * begun if entry.started_at else []
            told += [(entry.ended_at or NOW, entry.status, entry.detail)] if entry.detail else []
            for at, status, detail in told:
                events.append(
                    AgentEvent(
                        seq=len(events) + 1, at=at, kind="step", version=1, status=status, step=entry.step,
                        detail=detail,
                    )
                )  # fmt: skip
        return EventLog(events=[event for event in events if event.seq > int(self.queries[-1].get("after", 0))])

    def _replay(self, agent_id: str, number: str) -> Wire:
        old = ReplayedTurn(answer=RESULT.answer, answered=True, citations=RESULT.citations, latency_ms=321)
        new = old.model_copy(update={"answer": "Within 14 days.", "latency_ms": 280})
        turns = (compare("Can I return it?", old, new), compare("Are you open on Sundays?", old, old))
        played = ReplayedConversation(conversation_id="c0", channel=Channel.TEXT, started_at=NOW, turns=turns)
        return ReplayView(
            agent_id=agent_id, version=int(number), live_version=1, complete=True, summary=summarise(turns),
            conversations=(played,) if self.conversations else (),
        )  # fmt: skip

    def _versions(self, agent_id: str) -> Wire:
        def version(number: int, status: VersionStatus, passed: bool) -> VersionSummary:
            failures = () if passed else ("Is angry: no human was called",)
            return VersionSummary(
                version=number, status=status, created_at=NOW, updated_at=NOW, activated_at=NOW, documents=1,
                rehearsal=RehearsalSummary(passed=passed, scenarios=2, failures=failures), override=None,
            )  # fmt: skip

        history = [version(2, VersionStatus.FAILED, False), version(1, VersionStatus.LIVE, True)]
        return VersionList(agent_id=agent_id, current_version=1, versions=history)

    def _version(self, agent_id: str, number: str) -> Wire:
        source = {"document": "sop", "lineStart": 3, "lineEnd": 3}
        return VersionDetail(
            agent_id=agent_id, version=int(number), status=VersionStatus.LIVE, created_at=NOW, updated_at=NOW,
            activated_at=NOW, agent_name="Agent", agent_type=AgentType.TEXT, sop=SOP,
            knowledge_base_description="For returns", human_handoff_description="When asked",
            folder_file_descriptions={"returns.md": "How to send goods back"},
            files=(Document(path="returns.md", size=1200, sha256="0" * 64, media_type="text/markdown"),),
            plan={"steps": 1 if self.nonsense else [{"stepId": "s001", "source": source}], "uncovered": [[4, 4]]},
            code=f"VERSION = {number}\n", prompt="You are the agent.", rehearsal=rehearsed(self.planned),
            rehearsal_summary=None, override=None, code_sha256=None, prompt_sha256=None, plan_sha256=None,
        )  # fmt: skip

    def _activate(self, agent_id: str, number: str) -> Wire:
        return Activated(agent_id=agent_id, version=int(number), status=AgentStatus.ACTIVE)

    def _new_key(self, _agent_id: str) -> httpx.Response:
        key = NewKey(
            key_id="k1", name="Web shop", prefix="orat_live_abc", scopes=(), origins=(), created_at=NOW,
            expires_at=None, last_used_at=None, revoked_at=None, key="orat_live_secret",
        )  # fmt: skip
        self.keys = [KeyView(**key.model_dump(by_alias=False, exclude={"key"}))]
        return reply(key, 201)

    def _answer(self) -> httpx.Response:
        answer = Answer.of("s1", 1, RESULT.model_copy(update={"handoff": HANDOFF}), 321)
        events = [("delta", {"text": "Within 30 days."}), ("done", answer.model_dump(mode="json"))]
        lines = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        return httpx.Response(200, text=lines, headers={"content-type": "text/event-stream"})

    def _ticket(self, name: str) -> httpx.Response:
        url = f"{self.voice}/v1/{name}"
        return reply(TicketView(ticket=f"ticket-{name}", expires_at=NOW, websocket_url=url), 201)

    def _analytics(self) -> Wire:
        held = [one.model_copy(update={"tally": TALLY}) for one in self.conversations.values()]
        told = report(held, since=NOW, until=NOW + 86_400_000, offset_minutes=0, complete=True)
        return AnalyticsView(**dict(told))

    def _knowledge_use(self, _agent_id: str) -> Wire:
        open_ones = (Unanswered(conversation_id="c0", at=NOW, prompt="Do you repair lamps?"),)
        used = (DocumentUse(path="returns.md", conversations=2), DocumentUse(path="unused.md", conversations=0))
        return KnowledgeUseView(conversations=3, documents=used, unanswered=open_ones)

    def _search(self, _agent_id: str) -> Wire:
        passage = PassageView(
            path="returns.md", excerpt="Goods can be sent back within 30 days.", score=0.9, similarity=0.71,
            coverage=0.5, known=1.0, page=2, heading="Returns",
        )  # fmt: skip
        return SearchView(version=1, passages=[passage])

    def _conversations(self, _agent_id: str) -> Wire:
        heads = list(map(ConversationView.of, self.conversations.values()))
        return ConversationPage(conversations=heads, next_cursor=None)

    def _conversation(self, key: str) -> Wire | httpx.Response:
        if key not in self.conversations:
            return problem(404, "not_found")
        turns = [Turn(at=NOW, prompt="Can I return it?", result=RESULT, latency_ms=321)]
        return ConversationDetail(conversation=ConversationView.of(self.conversations[key]), transcript=turns)

    def _recording(self, key: str) -> httpx.Response:
        return _quiet() if key in self.conversations else problem(404, "not_found")


def _quiet() -> httpx.Response:
    """Two seconds of quiet, caller left, agent right."""
    held = io.BytesIO()
    with wave.open(held, "wb") as target:
        target.setparams((2, 2, 16_000, 0, "NONE", ""))
        target.writeframes(bytes(4 * 32_000))
    return httpx.Response(200, content=held.getvalue(), headers={"content-type": "audio/wav"})


def reply(body: Wire, status: int = 200) -> httpx.Response:
    return httpx.Response(status, text=body.model_dump_json(), headers={"content-type": "application/json"})


def problem(
    status: int, code: str, detail: str = "refused", errors: list[dict[str, object]] | None = None
) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": detail, "errors": errors or []})


def refused_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)
