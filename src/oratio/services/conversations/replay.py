"""Replay before a switch: earlier callers' words, asked of the candidate and of the live version.

Nothing of it is stored or logged: the answers are in the report alone, and the runtime sessions are no caller's.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Sequence

from oratio.domain.agents.version import AgentVersion
from oratio.domain.conversations import replay
from oratio.domain.conversations.conversation import Conversation, Message, Turn, TurnResult
from oratio.domain.conversations.replay import ReplayedConversation, ReplayedTurn, ReplayReport, TurnComparison
from oratio.domain.refs import VersionRef
from oratio.errors import AgentFailed, Conflict, RateLimited, Unavailable
from oratio.ports.agent_runtime import AgentRuntime, Invocation
from oratio.ports.repositories import AgentRepository, VersionRepository
from oratio.services.conversations.conversations import HISTORY_TURNS, ConversationService

logger = logging.getLogger(__name__)

MAX_CONVERSATIONS = 50
MAX_TURNS = 200
_PARALLEL = 2  # conversations at a time: callers of the live version come first
_PREFIX = "replay-"


class ReplayService:
    def __init__(
        self,
        *,
        agents: AgentRepository,
        versions: VersionRepository,
        conversations: ConversationService,
        runtime: AgentRuntime,
        deadline_ms: int,
    ) -> None:
        self._agents = agents
        self._versions = versions
        self._conversations = conversations
        self._runtime = runtime
        self._deadline_ms = deadline_ms
        self._busy: set[str] = set()

    async def replay(self, user_id: str, agent_id: str, version: int, *, conversations: int) -> ReplayReport:
        """Play the newest recorded conversations again, at most `MAX_TURNS` turns of them.

        Raises:
            NotFound: No such agent or version of this tenant.
            Conflict: The candidate was never deployed, or there is no live version to compare it with.
            RateLimited: A replay of this tenant is under way.
        """
        candidate, live = await asyncio.to_thread(self._sides, user_id, agent_id, version)
        if user_id in self._busy:
            raise RateLimited("a replay of this tenant is under way", retry_after_s=10, hint="wait until it is done")
        self._busy.add(user_id)
        try:
            recorded, complete = await asyncio.to_thread(self._recorded, user_id, agent_id, conversations)
            gate = asyncio.Semaphore(_PARALLEL)

            async def play(head: Conversation, turns: Sequence[Turn]) -> ReplayedConversation:
                async with gate:
                    return await self._play(head, turns, live, candidate)

            async with asyncio.TaskGroup() as group:
                playing = [group.create_task(play(head, turns)) for head, turns in recorded]
        finally:
            self._busy.discard(user_id)
        played = tuple(task.result() for task in playing)
        summary = replay.summarise([turn for each in played for turn in each.turns])
        logger.info("agent_id=<%s> version=<%d> turns=<%d> | replayed", agent_id, version, summary.turns)
        return ReplayReport(
            agent_id=agent_id,
            version=version,
            live_version=live.version,
            complete=complete,
            summary=summary,
            conversations=played,
        )

    def _sides(self, user_id: str, agent_id: str, version: int) -> tuple[AgentVersion, AgentVersion]:
        agent = self._agents.get(user_id, agent_id)
        candidate = self._versions.get(VersionRef(user_id=user_id, agent_id=agent_id, version=version))
        if agent.current_version is None:
            raise Conflict(f"agent {agent_id} has no live version", hint="wait until it is active")
        live = self._versions.get(candidate.ref.model_copy(update={"version": agent.current_version}))
        for side in (candidate, live):
            if side.runtime_id is None or side.runtime_version is None:
                raise Conflict(f"version {side.version} is {side.status} and was never deployed", hint="wait for it")
        return candidate, live

    def _recorded(self, user_id: str, agent_id: str, most: int) -> tuple[list[tuple[Conversation, list[Turn]]], bool]:
        """Return the newest conversations that have a turn, newest first, and True if all their turns are there."""
        found: list[tuple[Conversation, list[Turn]]] = []
        room = MAX_TURNS
        for head in self._conversations.page(user_id, agent_id, limit=most).items:
            _, turns = self._conversations.get(user_id, head.conversation_id)
            if len(turns) > room:
                return [*found, (head, turns[:room])] if room else found, False
            if turns:
                found.append((head, turns))
                room -= len(turns)
        return found, True

    async def _play(
        self, head: Conversation, turns: Sequence[Turn], live: AgentVersion, candidate: AgentVersion
    ) -> ReplayedConversation:
        prompts = [turn.prompt for turn in turns]
        old, new = await asyncio.gather(self._ask_all(live, prompts), self._ask_all(candidate, prompts))
        compared: list[TurnComparison] = list(map(replay.compare, prompts, old, new))
        return ReplayedConversation(
            conversation_id=head.conversation_id,
            channel=head.channel,
            started_at=head.started_at,
            turns=tuple(compared),
        )

    async def _ask_all(self, version: AgentVersion, prompts: Sequence[str]) -> list[ReplayedTurn]:
        """Play one conversation from its start, each turn after this version's own earlier answers."""
        session_id = f"{_PREFIX}{uuid.uuid4()}"
        history: list[Message] = []
        turns = []
        for prompt in prompts:
            call = Invocation(
                session_id=session_id,
                prompt=prompt,
                history=tuple(history[-2 * HISTORY_TURNS :]),
                deadline_ms=self._deadline_ms,
            )
            turn = await self._ask(version, call)
            turns.append(turn)
            if not turn.error:
                history += [Message(role="user", text=prompt), Message(role="assistant", text=turn.answer)]
        return turns

    async def _ask(self, version: AgentVersion, call: Invocation) -> ReplayedTurn:
        assert version.runtime_id
        assert version.runtime_version
        started = time.monotonic_ns()
        try:
            async for event in self._runtime.invoke(version.runtime_id, version.runtime_version, call):
                if isinstance(event, TurnResult):
                    return replay.replayed(event, (time.monotonic_ns() - started) // 1_000_000)
        except (AgentFailed, Unavailable) as error:
            return ReplayedTurn(error=str(error))
        return ReplayedTurn(error="the agent ended its turn without a result")
