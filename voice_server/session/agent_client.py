"""The questions of a call to its agent: one at a time; of a speech-to-speech model several, each with a deadline."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import nullcontext
from typing import Protocol

from oratio import tracing
from oratio.domain.conversations.conversation import Channel, TurnDelta
from oratio.errors import AgentFailed, OratioError
from oratio.services.conversations.conversations import Closed, ConversationEvent
from voice_server.recording.transcript_writer import TranscriptWriter
from voice_server.server.auth import CallerGrant
from voice_server.server.metrics import VoiceMetrics
from voice_server.session.effects import QueryAgent, TurnEnded
from voice_server.session.session import Session

logger = logging.getLogger(__name__)


class Agents(Protocol):
    """The part of `ConversationService` that asks an agent."""

    async def warm_up(self, user_id: str, agent_id: str, session_id: str) -> None: ...

    def stream(
        self,
        user_id: str,
        agent_id: str,
        prompt: str,
        session_id: str | None = None,
        *,
        channel: Channel,
        guidance: Sequence[str],
        keep: bool = True,
    ) -> AsyncIterator[ConversationEvent]: ...


class AgentClient:
    """Args:
    act: Carries out what the session wants after an answer.
    """

    def __init__(
        self,
        *,
        session_id: str,
        grant: CallerGrant,
        session: Session,
        agents: Agents,
        keeper: TranscriptWriter,
        metrics: VoiceMetrics,
        act: Callable[[], None],
        now_ms: Callable[[], float],
    ) -> None:
        self._session_id = session_id
        self._grant = grant
        self._session = session
        self._agents = agents
        self._keeper = keeper
        self._metrics = metrics
        self._act = act
        self._now = now_ms
        # The newest question of a turn; the next waits for it.
        self.newest: asyncio.Task[None] | None = None
        # What a speech-to-speech model asks, each in a task of its own.
        self._consulting: set[asyncio.Task[None]] = set()
        # The spans of the turns that have not ended, by number; empty while tracing is off.
        self._traces: dict[int, tracing.Span] = {}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Questions that have no answer yet."""
        return [task for task in (self.newest, *self._consulting) if task is not None and not task.done()]

    def ask(self, question: QueryAgent) -> None:
        self._trace(question.turn)
        if question.tool_ms is not None:
            consulting = asyncio.create_task(self._consult(question, question.tool_ms), name="consult")
            self._consulting.add(consulting)
            consulting.add_done_callback(self._consulting.discard)
            return
        # The turn before has been kept as it was spoken when the next is put to the agent.
        asking = self._ask(question, self._session.desk.guidance, self.newest, self._keeper.last)
        self.newest = asyncio.create_task(asking, name="ask")

    def warm_up(self) -> None:
        """The agent's process is started before the first question waits for it."""
        warming = asyncio.create_task(self._warm_up(), name="warm up")
        self._consulting.add(warming)
        warming.add_done_callback(self._consulting.discard)

    async def _warm_up(self) -> None:
        begun = self._now()
        try:
            await self._agents.warm_up(self._grant.user_id, self._grant.agent.agent_id, self._session_id)
        except OratioError as error:
            # The first question will say it, if it lasts.
            logger.warning("conversation_id=<%s> | agent not warmed up: %s", self._session_id, error.code)
        else:
            took_ms = round(self._now() - begun)
            logger.info("conversation_id=<%s> ms=<%d> | agent is ready", self._session_id, took_ms)

    def abandon(self) -> None:
        if self.newest is not None:
            self.newest.cancel()

    def observe(self, turn: TurnEnded) -> None:
        """A turn for the metrics and the traces."""
        self._metrics.turns.labels(turn.status).inc()
        if span := self._traces.pop(turn.turn, None):
            span.set(status=turn.status, latency_ms=turn.latency_ms, dead_air_ms=turn.dead_air_ms)
            span.end()
        if turn.latency_ms is not None:
            self._metrics.latency.observe(turn.latency_ms / 1000)
            self._metrics.dead_air.observe(turn.dead_air_ms / 1000)

    def _trace(self, turn: int) -> None:
        span = tracing.span(
            "voice turn",
            agent_id=self._grant.agent.agent_id,
            user_id=self._grant.user_id,
            version=self._grant.agent.current_version,
            conversation_id=self._session_id,
            turn=turn,
        )
        if span.traceparent:
            self._traces[turn] = span

    async def _consult(self, question: QueryAgent, tool_ms: int) -> None:
        """One question of a speech-to-speech model, in the caller's conversation."""
        try:
            async with asyncio.timeout(tool_ms / 1000):
                await self._ask(question, self._session.desk.guidance, self._keeper.last, keep=False)
        except TimeoutError:
            logger.warning("conversation_id=<%s> | agent passed the tool's deadline", self._session_id)
            failed = AgentFailed("the agent took too long", hint="ask again, or raise ORATIO_VOICE_TOOL_SECONDS")
            self._session.agent_failed(question.turn, failed, self._now())
            self._act()
        finally:
            if span := self._traces.pop(question.turn, None):
                span.end()

    async def _ask(
        self, question: QueryAgent, guidance: Sequence[str], *before: asyncio.Task[None] | None, keep: bool = True
    ) -> None:
        if waiting := [task for task in before if task is not None]:
            await asyncio.wait(waiting)
        user_id, agent_id = self._grant.user_id, self._grant.agent.agent_id
        turn, span = question.turn, self._traces.get(question.turn)
        if keep:
            self._keeper.journal.asked(question.prompt)
        try:
            with span.within() if span else nullcontext():
                async for event in self._agents.stream(
                    user_id,
                    agent_id,
                    question.prompt,
                    self._session_id,
                    channel=Channel.VOICE,
                    guidance=guidance,
                    keep=keep,
                ):
                    if isinstance(event, TurnDelta):
                        self._keeper.journal.answered(event.text)
                        self._session.agent_text(turn, event.text, self._now())
                    elif isinstance(event, Closed):
                        self._session.agent_done(turn, event.result, self._now())
                        self._count(event)
                    self._act()
        except OratioError as error:
            logger.warning("conversation_id=<%s> | agent failed: %s", self._session_id, error.code)
            self._metrics.errors.labels(error.code).inc()
            self._session.agent_failed(turn, error, self._now())
        except Exception:
            logger.exception("conversation_id=<%s> | agent failed", self._session_id)
            self._session.agent_failed(turn, AgentFailed("the agent failed", hint="try again"), self._now())
        self._act()

    def _count(self, turn: Closed) -> None:
        self._metrics.tokens.labels("input").inc(turn.result.usage.input_tokens)
        self._metrics.tokens.labels("output").inc(turn.result.usage.output_tokens)
