"""The conversations an agent process holds in memory, and one turn of one of them."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strands import Agent
from strands.hooks import AfterToolCallEvent
from strands.types.content import Message, Messages

from oratio.agentkit.context import AgentContext
from oratio.agentkit.definition import AgentDefinition, BadDefinition, BuildAgent
from oratio.agentkit.guidance import guided
from oratio.agentkit.platform.connections import Connections
from oratio.agentkit.turn import Status, TurnDelta, TurnError, trace

logger = logging.getLogger(__name__)

MAX_SESSIONS = 64


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One prompt in one conversation.

    Attributes:
        history: (role, text) pairs, oldest first.
        warm_up: No turn is asked for: the conversation's agent is made ready.
        replay: What is remembered of the conversation is not what happened: the history counts.
        guidance: What an operator lets the agent know, unheard by the caller.
    """

    session_id: str
    prompt: str
    history: Sequence[tuple[str, str]]
    deadline_s: float
    warm_up: bool = False
    replay: bool = False
    guidance: Sequence[str] = ()
    trace: str = ""


@dataclass(slots=True)
class _Session:
    context: AgentContext
    agent: Agent
    prompt: str
    guidance: tuple[str, ...] = ()
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def replayed(history: Sequence[tuple[str, str]]) -> Messages:
    """History as Strands messages: roles alternate and the first is the user's, as every provider demands."""
    messages: Messages = []
    for role, text in history:
        if not text.strip():
            continue
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"].append({"text": text})
        elif messages or role == "user":
            messages.append(Message(role="assistant" if role == "assistant" else "user", content=[{"text": text}]))
    if messages and messages[-1]["role"] == "user":
        messages.pop()
    return messages


class Sessions:
    """At most `limit` conversations, the longest unused one forgotten first; a forgotten one is replayed."""

    def __init__(
        self, definition: AgentDefinition, build: BuildAgent, connections: Connections, *, limit: int = MAX_SESSIONS
    ) -> None:
        self._definition = definition
        self._build = build
        self._connections = connections
        self._limit = limit
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    async def turn(self, request: TurnRequest) -> AsyncIterator[dict[str, Any]]:
        """`delta` events, then one `done`, or one `error`. A turn that fails forgets its conversation's memory."""
        finished = False
        try:
            async with asyncio.timeout(request.deadline_s):
                session = self._open(request)
                async with session.lock:
                    async for event in self._warm(session) if request.warm_up else self._run(session, request):
                        yield event
            finished = True
        except TimeoutError:
            yield _error("deadline", "the agent did not answer in time")
        except Exception as error:
            # The edge of a session. The message of the error may hold a caller's words: only its type is reported.
            logger.error("error=<%s> | turn failed", type(error).__name__)
            yield _error("agent_failed", f"the agent failed ({type(error).__name__})")
        finally:
            if not finished:
                self._sessions.pop(request.session_id, None)

    def _open(self, request: TurnRequest) -> _Session:
        session = None if request.replay else self._sessions.get(request.session_id)
        if session is None:
            context = AgentContext(
                connections=self._connections,
                prompt=self._definition.prompt,
                steps=self._definition.steps,
                announcement=self._definition.announcement,
            )
            agent = self._build(context)
            if not isinstance(agent, Agent):
                raise BadDefinition("build_agent(ctx) does not return a strands.Agent")
            agent.messages.extend(replayed(request.history))
            agent.add_hook(_tool_recorder(context), AfterToolCallEvent)
            session = self._sessions[request.session_id] = _Session(context, agent, agent.system_prompt or "")
        self._sessions.move_to_end(request.session_id)
        while len(self._sessions) > self._limit:
            self._sessions.popitem(last=False)
        return session

    async def _warm(self, session: _Session) -> AsyncIterator[dict[str, Any]]:
        session.context.turn.begin("", 0.0)
        yield self._done(session, "", {})

    async def _run(self, session: _Session, request: TurnRequest) -> AsyncIterator[dict[str, Any]]:
        turn = session.context.turn
        trace.set(request.trace)
        turn.begin(request.prompt, request.deadline_s)
        before = _tokens(session.agent)
        if (guidance := tuple(request.guidance)) != session.guidance:
            session.agent.system_prompt = guided(session.prompt, guidance)
            session.guidance = guidance
        pieces: list[str] = []
        new_message = False
        async for event in session.agent.stream_async(request.prompt):
            if "messageStart" in event.get("event", ()):
                new_message = bool(pieces)
            text = event.get("data")
            if isinstance(text, str) and text:
                if new_message and not pieces[-1][-1:].isspace() and not text[:1].isspace():
                    text = " " + text
                new_message = False
                pieces.append(text)
                yield TurnDelta(text=text).wire()
        usage = {key: count - before[key] for key, count in _tokens(session.agent).items()}
        yield self._done(session, "".join(pieces), usage)

    def _done(self, session: _Session, answer: str, usage: Mapping[str, int]) -> dict[str, Any]:
        definition = self._definition
        result = session.context.turn.result(answer, definition.steps, usage, definition.model)
        # The form of `TurnDone`, unchecked: the host that runs the agent has to check it anyway.
        return {"type": "done", "result": result}


def _tokens(agent: Agent) -> dict[str, int]:
    usage = agent.event_loop_metrics.accumulated_usage
    return {"inputTokens": usage["inputTokens"], "outputTokens": usage["outputTokens"]}


def _tool_recorder(context: AgentContext) -> Any:
    def record(event: AfterToolCallEvent) -> None:
        status: Status = "success" if event.result.get("status") == "success" else "error"
        context.turn.note_tool_call(event.tool_use["name"], status, round((event.duration or 0.0) * 1000))

    return record


def _error(code: str, message: str) -> dict[str, Any]:
    return TurnError(code=code, message=message).wire()
