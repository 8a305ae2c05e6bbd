"""Stream of an agent's events as they happen, from the records."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable

from starlette.concurrency import run_in_threadpool

from oratio.api.metrics import ApiMetrics
from oratio.domain.agents.agent import Agent, AgentStatus, StepStatus
from oratio.domain.agents.journal import AgentEvent
from oratio.errors import NotFound, RateLimited
from oratio.protocol.sse import KEEP_ALIVE
from oratio.protocol.sse import event as encoded
from oratio.services.agents.agents import AgentService

POLL_S = 0.2
KEEP_ALIVE_S = 15.0
MAX_WATCHERS = 500
MAX_PER_TENANT = 50


class Watchers:
    """Open event streams, counted: each costs two small reads every `POLL_S`."""

    def __init__(self, agents: AgentService, metrics: ApiMetrics, stopping: Callable[[], bool]) -> None:
        self._agents = agents
        self._metrics = metrics
        self._stopping = stopping
        self._open: Counter[str] = Counter()

    async def watch(self, user_id: str, agent_id: str, after: int) -> AsyncGenerator[bytes]:
        """Return the stream of an agent's events with `seq > after`.

        Raises:
            NotFound: No such agent of this tenant.
            RateLimited: Too many streams are open.
        """
        first = await run_in_threadpool(self._agents.events, user_id, agent_id, after=after)
        if self._open.total() >= MAX_WATCHERS or self._open[user_id] >= MAX_PER_TENANT:
            raise RateLimited("too many event streams are open", retry_after_s=5, hint="close some, or poll the agent")
        return self._stream(user_id, agent_id, after, first)

    async def _stream(self, user_id: str, agent_id: str, after: int, events: list[AgentEvent]) -> AsyncGenerator[bytes]:
        self._open[user_id] += 1
        self._metrics.watchers.inc()
        try:
            yield b"retry: 2000\n\n"
            sent_at = time.monotonic()
            while not self._stopping():
                for event in events:
                    after = event.seq
                    yield _encode(event)
                    sent_at = time.monotonic()
                try:
                    # The agent first: its events, read afterwards, are then at least as new.
                    agent = await run_in_threadpool(self._agents.get, user_id, agent_id)
                    events = await run_in_threadpool(self._agents.events, user_id, agent_id, after=after)
                except NotFound:
                    return  # deleted while watched
                if not events and settled(agent):
                    return
                if events:
                    continue
                if time.monotonic() - sent_at >= KEEP_ALIVE_S:
                    yield KEEP_ALIVE
                    sent_at = time.monotonic()
                await asyncio.sleep(POLL_S)
        finally:
            self._metrics.watchers.dec()
            self._open[user_id] -= 1
            if not self._open[user_id]:
                del self._open[user_id]


def settled(agent: Agent) -> bool:
    """Return True if nothing more will happen to an agent until a caller asks for it."""
    if agent.status is AgentStatus.ACTIVE:
        updating = any(entry.ended_at is None for entry in agent.progress)
        return not updating or any(entry.status is StepStatus.FAILED for entry in agent.progress)
    return agent.status is AgentStatus.FAILED


def _encode(event: AgentEvent) -> bytes:
    return encoded(event.model_dump(mode="json", by_alias=True, exclude_none=True), name=event.kind, seq=event.seq)
