"""Turns of conversations: asked of the live agent, answered, and stored."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from oratio.domain import tags
from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.conversations.analytics import tally
from oratio.domain.conversations.conversation import Channel, Conversation, Message, Turn, TurnDelta, TurnResult, Usage
from oratio.domain.conversations.conversation_stats import ConversationStats
from oratio.domain.storage_layout import transcript_key
from oratio.errors import AgentFailed, Conflict, FieldProblem, InvalidInput, NotFound, OratioError, Unavailable
from oratio.ports.agent_runtime import LIVE, AgentRuntime, Invocation
from oratio.ports.clock import Clock
from oratio.ports.object_store import ObjectStore
from oratio.ports.repositories import AgentRepository, ConversationRepository, Page, VersionRepository
from oratio.services.conversations.turn_tracing import TurnTrace

logger = logging.getLogger(__name__)

MAX_PROMPT_CHARS = 20_000
HISTORY_TURNS = 20
_TO_A_HUMAN = "(A human colleague had the call and answered.)"
_MIN_SESSION, _MAX_SESSION = 8, 128


class Opened(NamedTuple):
    """First event of every turn: its conversation, and the version that answers."""

    session_id: str
    version: int


class Closed(NamedTuple):
    """Last event of every turn: the result, and ms from prompt to result."""

    result: TurnResult
    latency_ms: int


type ConversationEvent = Opened | TurnDelta | Closed


class ConversationService:
    def __init__(
        self,
        *,
        agents: AgentRepository,
        versions: VersionRepository,
        conversations: ConversationRepository,
        recordings: ObjectStore,
        runtime: AgentRuntime,
        clock: Clock,
        deadline_ms: int,
    ) -> None:
        self._agents = agents
        self._versions = versions
        self._conversations = conversations
        self._recordings = recordings
        self._runtime = runtime
        self._clock = clock
        self._deadline_ms = deadline_ms

    async def stream(
        self,
        user_id: str,
        agent_id: str,
        prompt: str,
        session_id: str | None = None,
        *,
        channel: Channel = Channel.TEXT,
        guidance: Sequence[str] = (),
        keep: bool = True,
    ) -> AsyncGenerator[ConversationEvent]:
        """Run one turn: `Opened`, any number of `TurnDelta`, `Closed`. The answer is stored before `Closed`.

        Args:
            guidance: An operator's note to the agent, which the caller does not hear.
            keep: False when the answer goes to a model that rephrases it; `held` stores the turn then.

        Raises:
            InvalidInput: The prompt is empty or too long, or the session id is malformed.
            NotFound: No such agent of this tenant, or a session of another agent.
            Conflict: The agent is not active.
            AgentFailed, Unavailable: See `AgentRuntime.invoke`.
        """
        _check_turn(prompt, session_id)
        started = time.monotonic_ns()
        # In a thread: a new conversation's record is synced to the disk before the agent is asked.
        conversation, turns, (runtime_id, qualifier) = await asyncio.to_thread(
            self._begin, user_id, agent_id, session_id or str(uuid.uuid4()), channel
        )
        trace = TurnTrace(conversation, number=len(turns) + 1)
        try:
            yield Opened(conversation.conversation_id, conversation.version)
            result = None
            call = Invocation(
                session_id=_runtime_session(conversation),
                prompt=prompt,
                history=_history(turns),
                replay=_differs(turns),
                guidance=tuple(guidance),
                deadline_ms=self._deadline_ms,
                traceparent=trace.traceparent,
            )
            async for event in self._runtime.invoke(runtime_id, qualifier, call):
                if isinstance(event, TurnDelta):
                    yield event
                else:
                    result = event
            if result is None:
                raise AgentFailed("the agent ended its turn without a result", hint="try again")
            latency_ms = (time.monotonic_ns() - started) // 1_000_000
            if keep:
                turn = Turn(
                    at=self._clock.now_ms(),
                    prompt=prompt,
                    result=result,
                    latency_ms=latency_ms,
                    guidance=tuple(guidance),
                )
                await _whole(asyncio.to_thread(self._keep, conversation, turns, turn))
            trace.answered(result, latency_ms)
            yield Closed(result, latency_ms)
        except OratioError as error:
            trace.failed(error)
            if isinstance(error, (AgentFailed, Unavailable)):
                await asyncio.to_thread(self._count_failure, conversation)
            raise
        finally:
            trace.end()

    def _begin(
        self, user_id: str, agent_id: str, session_id: str, channel: Channel
    ) -> tuple[Conversation, list[Turn], tuple[str, str]]:
        """Return the conversation, its turns so far, and its runtime and qualifier."""
        agent = self._active(user_id, agent_id)
        conversation, turns = self._open(agent, session_id, channel)
        return conversation, turns, self._target(agent, conversation)

    def _active(self, user_id: str, agent_id: str) -> Agent:
        agent = self._agents.get(user_id, agent_id)
        if agent.current_version is None or agent.status is not AgentStatus.ACTIVE:
            raise Conflict(f"agent {agent_id} is {agent.status}", hint="wait until it is active")
        return agent

    def _open(self, agent: Agent, conversation_id: str, channel: Channel) -> tuple[Conversation, list[Turn]]:
        try:
            conversation = self._conversations.get(agent.user_id, conversation_id)
        except NotFound:
            try:
                return self._conversations.add(self._new(agent, conversation_id, channel)), []
            except Conflict:
                conversation = self._conversations.get(agent.user_id, conversation_id)
        if conversation.agent_id != agent.agent_id:
            raise NotFound(f"no conversation {conversation_id}")
        return conversation, self._turns(conversation)

    def _new(self, agent: Agent, conversation_id: str, channel: Channel) -> Conversation:
        now = self._clock.now_ms()
        assert agent.current_version is not None
        return Conversation(
            user_id=agent.user_id,
            agent_id=agent.agent_id,
            conversation_id=conversation_id,
            version=agent.current_version,
            channel=channel,
            started_at=now,
            updated_at=now,
        )

    def _target(self, agent: Agent, conversation: Conversation) -> tuple[str, str]:
        """Return the runtime of a conversation: the version it started with; the live endpoint for a new one."""
        record = next(
            (
                known
                for known in self._versions.history(agent.user_id, agent.agent_id)
                if known.version == conversation.version and known.runtime_id
            ),
            None,
        )
        if record is None or record.runtime_id is None:
            raise Conflict(f"agent {agent.agent_id} has no deployed version", hint="wait until it is active")
        if conversation.version == agent.current_version or record.runtime_version is None:
            return record.runtime_id, LIVE
        return record.runtime_id, record.runtime_version

    def _keep(
        self, conversation: Conversation, turns: list[Turn], turn: Turn, *, replaced: Usage | None = None
    ) -> None:
        """Add a turn to the transcript and count it; `replaced` is what the turn in whose place it is had cost."""
        turns = [*turns, turn]
        key = self._write(conversation, turns)
        spent, back = turn.result.usage, replaced or Usage()

        def counted(head: Conversation) -> Conversation:
            usage = Usage(
                input_tokens=head.usage.input_tokens + spent.input_tokens - back.input_tokens,
                output_tokens=head.usage.output_tokens + spent.output_tokens - back.output_tokens,
            )
            changes: dict[str, object] = {"turns": len(turns), "updated_at": turn.at, "usage": usage}
            changes["tally"] = tally(turns, failed=head.tally.failed)
            if turn.result.handoff:
                changes |= {"outcome": "handed_off", "handoff": turn.result.handoff}
            elif head.outcome == "ended" and head.channel is Channel.TEXT:
                changes["outcome"] = "open"  # the caller goes on with it
            return head.model_copy(update=changes)

        try:
            self._conversations.update(conversation.user_id, conversation.conversation_id, counted)
        except NotFound:
            # The agent was deleted while it answered: its transcript goes with it.
            self._recordings.delete(key)

    def _write(self, conversation: Conversation, turns: list[Turn]) -> str:
        key = transcript_key(conversation.user_id, conversation.agent_id, conversation.conversation_id)
        lines = "".join(entry.model_dump_json() + "\n" for entry in turns)
        labels = tags.object_tags(conversation.user_id, conversation.agent_id, "conversation")
        self._recordings.put(key, lines.encode(), tags=labels)
        return key

    def _turns(self, conversation: Conversation) -> list[Turn]:
        key = transcript_key(conversation.user_id, conversation.agent_id, conversation.conversation_id)
        try:
            lines = self._recordings.get(key).decode().splitlines()
        except NotFound:
            return []
        return [Turn.model_validate(json.loads(line)) for line in lines]

    async def spoken(
        self,
        user_id: str,
        conversation_id: str,
        *,
        prompt: str,
        heard: str | None,
        latency_ms: int | None,
        dead_air_ms: int,
        failed: bool = False,
    ) -> None:
        """Record how the newest turn ended in speech; store it now if it was cut, or failed, before it was stored.

        Args:
            heard: The text the caller heard before breaking in, or before the agent failed; None when the answer was
                heard whole.
            failed: The agent failed.
            latency_ms: To the first audible sample; None when there was none.

        Raises:
            NotFound: No such conversation of this tenant.
        """
        await asyncio.to_thread(self._amend, user_id, conversation_id, prompt, heard, latency_ms, dead_air_ms, failed)

    def _amend(
        self,
        user_id: str,
        conversation_id: str,
        prompt: str,
        heard: str | None,
        latency_ms: int | None,
        dead_air_ms: int,
        failed: bool,
    ) -> None:
        conversation = self._conversations.get(user_id, conversation_id)
        turns = self._turns(conversation)
        changes: dict[str, object] = {"dead_air_ms": dead_air_ms}
        if latency_ms is not None:
            changes["latency_ms"] = latency_ms
        newest = turns[-1] if turns else None
        if newest is not None and newest.prompt == prompt and newest.dead_air_ms is None and not failed:
            if heard is not None:
                changes |= {"interrupted": True, "result": newest.result.model_copy(update={"answer": heard})}
            turns = [*turns[:-1], newest.model_copy(update=changes)]
            self._write(conversation, turns)
            self._recount(conversation, lambda known: tally(turns, failed=known.failed))
        elif heard is not None:
            cut = Turn(
                at=self._clock.now_ms(),
                prompt=prompt,
                result=TurnResult(answer=heard, answered=False),
                latency_ms=latency_ms or 0,
                interrupted=not failed,
                failed=failed,
                dead_air_ms=dead_air_ms,
            )
            self._keep(conversation, turns, cut)

    async def warm_up(self, user_id: str, agent_id: str, session_id: str) -> None:
        """Make the agent ready for the first turn of a conversation; nothing of it is stored.

        Raises:
            NotFound: No such agent of this tenant.
            Conflict: The agent is not active.
            AgentFailed, Unavailable: See `AgentRuntime.invoke`.
        """
        agent = await asyncio.to_thread(self._active, user_id, agent_id)
        new = self._new(agent, session_id, Channel.VOICE)
        runtime_id, qualifier = await asyncio.to_thread(self._target, agent, new)
        call = Invocation(session_id=_runtime_session(new), prompt="", warm_up=True, deadline_ms=self._deadline_ms)
        async for _ in self._runtime.invoke(runtime_id, qualifier, call):
            pass

    def begin(self, user_id: str, agent_id: str, conversation_id: str, channel: Channel) -> Conversation:
        """Return the conversation; start it now if it does not exist.

        Raises:
            NotFound: No such agent of this tenant, or a conversation of another agent.
            Conflict: The agent is not active.
        """
        return self._open(self._active(user_id, agent_id), conversation_id, channel)[0]

    def append(self, conversation: Conversation, turn: Turn) -> None:
        """Add a turn that the agent did not answer."""
        self._keep(conversation, self._turns(conversation), turn)

    def change(self, user_id: str, conversation_id: str, change: Callable[[Conversation], Conversation]) -> None:
        """Change a conversation's head.

        Raises:
            NotFound: No such conversation of this tenant.
        """

        def changed(head: Conversation) -> Conversation:
            return change(head).model_copy(update={"updated_at": self._clock.now_ms()})

        self._conversations.update(user_id, conversation_id, changed)

    async def held(self, user_id: str, agent_id: str, conversation_id: str, turn: Turn) -> None:
        """Store a turn of a speech-to-speech model; a second call with the same `at` replaces the first.

        Raises:
            NotFound: The agent was deleted, or the conversation is another agent's.
        """
        await asyncio.to_thread(self._hold, user_id, agent_id, conversation_id, turn)

    def _hold(self, user_id: str, agent_id: str, conversation_id: str, turn: Turn) -> None:
        conversation, turns = self._open(self._active(user_id, agent_id), conversation_id, Channel.VOICE)
        before = next((known for known in turns if known.at == turn.at), None)
        if before is None:
            self._keep(conversation, turns, turn)
            return
        others = [known for known in turns if known is not before]
        self._keep(conversation, others, turn, replaced=before.result.usage)

    def _count_failure(self, conversation: Conversation) -> None:
        self._recount(conversation, lambda known: known.model_copy(update={"failed": known.failed + 1}))

    def _recount(self, conversation: Conversation, change: Callable[[ConversationStats], ConversationStats]) -> None:
        with suppress(NotFound):
            self._conversations.update(
                conversation.user_id,
                conversation.conversation_id,
                lambda head: head.model_copy(update={"tally": change(head.tally)}),
            )

    async def close(self, user_id: str, conversation_id: str) -> None:
        """Mark a conversation ended; keep one that was handed over, and ignore one that never started."""
        await asyncio.to_thread(self._close, user_id, conversation_id)

    def _close(self, user_id: str, conversation_id: str) -> None:
        def ended(head: Conversation) -> Conversation | None:
            changes: dict[str, object] = {"outcome": "ended"} if head.outcome == "open" else {}
            if head.channel is Channel.VOICE:
                # The length of a call is from its begin to here.
                changes["updated_at"] = self._clock.now_ms()
            return head.model_copy(update=changes) if changes else None

        with suppress(NotFound):
            self._conversations.update(user_id, conversation_id, ended)

    def page(self, user_id: str, agent_id: str, *, limit: int, cursor: str | None = None) -> Page[Conversation]:
        self._agents.get(user_id, agent_id)
        return self._conversations.page(user_id, agent_id, limit=limit, cursor=cursor)

    def get(self, user_id: str, conversation_id: str) -> tuple[Conversation, list[Turn]]:
        """Return a conversation with its turns.

        Raises:
            NotFound: No such conversation of this tenant.
        """
        conversation = self._conversations.get(user_id, conversation_id)
        return conversation, self._turns(conversation)


async def _whole(write: Coroutine[Any, Any, None]) -> None:
    """Wait for a write to its end, also when the turn is cancelled: the next turn reads what it wrote."""
    writing = asyncio.ensure_future(write)
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        raise


def _check_turn(prompt: str, session_id: str | None) -> None:
    problems = []
    if not prompt.strip():
        problems.append(FieldProblem(("prompt",), "is empty; say something"))
    elif len(prompt) > MAX_PROMPT_CHARS:
        problems.append(FieldProblem(("prompt",), f"is longer than {MAX_PROMPT_CHARS} characters"))
    if session_id is not None and not (
        _MIN_SESSION <= len(session_id) <= _MAX_SESSION and session_id.replace("-", "").replace("_", "").isalnum()
    ):
        msg = f"must be {_MIN_SESSION} to {_MAX_SESSION} letters, digits, '-' or '_'; use the `sessionId` of an answer"
        problems.append(FieldProblem(("sessionId",), msg))
    if problems:
        raise InvalidInput(f"{problems[0].loc[0]} {problems[0].msg}", problems)


def _runtime_session(conversation: Conversation) -> str:
    """Return the runtime's session id: derived from ours, so that no caller can name another tenant's session."""
    name = f"{conversation.user_id}/{conversation.agent_id}/{conversation.conversation_id}"
    return str(uuid.uuid5(uuid.UUID(int=0), name))


def _differs(turns: Sequence[Turn]) -> bool:
    """Return True if the agent's own memory differs from the conversation: it was cut off, or a human spoke."""
    return bool(turns) and (turns[-1].interrupted or turns[-1].role == "operator")


def _history(turns: Sequence[Turn]) -> tuple[Message, ...]:
    messages: list[Message] = []
    for turn in turns[-HISTORY_TURNS:]:
        answer = turn.result.answer
        if turn.role == "operator":
            answer = f"(A human colleague had the call and said:) {answer}" if answer else _TO_A_HUMAN
        if turn.prompt:
            messages.append(Message(role="user", text=turn.prompt))
        messages.append(Message(role="assistant", text=answer))
    return tuple(messages)
