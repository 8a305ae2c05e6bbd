"""Figures over a tenant's conversations, from their heads alone; and the use of an agent's documents."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from oratio.domain.agents.agent import Step, StepStatus
from oratio.domain.conversations.analytics import Report, is_unanswered, rehearsal_use, report
from oratio.domain.conversations.conversation import Channel, Conversation, Outcome
from oratio.domain.conversations.conversation_stats import ModelUse
from oratio.domain.cost import CostEstimate, Prices, StageCost, StageUse, conversation_cost, stage_cost
from oratio.domain.cursors import cursor as cursor_of
from oratio.domain.cursors import read_cursor
from oratio.domain.knowledge.knowledge_base import Document
from oratio.domain.knowledge.usage import DocumentUse, KnowledgeUse, Unanswered
from oratio.domain.plan.rehearsal import RehearsalReport
from oratio.domain.refs import VersionRef
from oratio.errors import FieldProblem, InvalidInput
from oratio.ports.clock import Clock
from oratio.ports.repositories import AgentRepository, ConversationRepository, Journal, Page, VersionRepository
from oratio.services.conversations.conversations import ConversationService

MOST_CONVERSATIONS = 10_000
"""Most heads that one report reads; beyond them it is marked incomplete."""
_MOST_DAYS = 366
_PAGE = 200
_MOST_READ = 50
_MOST_QUESTIONS = 100
_DAY_MS = 86_400_000


class Filters(NamedTuple):
    """Filters of conversations; None for any. `since` and `until` bound the time they started."""

    agent_id: str | None = None
    since: int | None = None
    until: int | None = None
    channel: Channel | None = None
    outcome: Outcome | None = None

    def match(self, conversation: Conversation) -> bool:
        return (
            (self.until is None or conversation.started_at < self.until)
            and self.channel in (None, conversation.channel)
            and self.outcome in (None, conversation.outcome)
        )


class AnalyticsService:
    def __init__(
        self,
        *,
        agents: AgentRepository,
        versions: VersionRepository,
        conversations: ConversationRepository,
        transcripts: ConversationService,
        journal: Journal,
        clock: Clock,
        prices: Prices,
    ) -> None:
        self._agents = agents
        self._versions = versions
        self._conversations = conversations
        self._transcripts = transcripts
        self._journal = journal
        self._clock = clock
        self._prices = prices

    def report(
        self, user_id: str, *, agent_id: str | None, since: int, until: int | None, offset_minutes: int = 0
    ) -> Report:
        """Return figures of the conversations that started between two moments, in ms since 1970.

        Raises:
            InvalidInput: The time is longer than a year or ends before it starts.
            NotFound: No such agent of this tenant.
        """
        until = self._clock.now_ms() if until is None else until
        if not since <= until <= since + _MOST_DAYS * _DAY_MS:
            msg = f"must be before `until`, and at most {_MOST_DAYS} days"
            raise InvalidInput(f"since {msg}", [FieldProblem(("since",), msg)])
        found: list[Conversation] = []
        complete = True
        for name in self._asked(user_id, agent_id):
            for conversation in self._newest(user_id, name, since):
                if conversation.started_at >= until:
                    continue
                if len(found) == MOST_CONVERSATIONS:
                    complete = False
                    break
                found.append(conversation)
        return report(
            found,
            since=since,
            until=until,
            offset_minutes=offset_minutes,
            complete=complete,
            prices=self._prices,
        )

    def cost(self, conversation: Conversation) -> CostEstimate | None:
        """Return a conversation's estimated cost at the providers."""
        return conversation_cost(conversation, self._prices)

    def creation_cost(self, ref: VersionRef, rehearsal: RehearsalReport | None) -> tuple[StageCost, ...]:
        """Return the estimated cost of a version's steps that use a provider, in order; without those not done."""
        uses: dict[Step, StageUse] = {}
        written = self._journal.find(ref, Step.AUTHOR_AGENT)
        if written is not None and written.status is StepStatus.SUCCEEDED:
            models = written.outcome.get("models", ())
            uses[Step.AUTHOR_AGENT] = StageUse(models=tuple(map(ModelUse.model_validate, models)))
        if rehearsal is not None:
            uses[Step.REHEARSE_AGENT] = rehearsal_use(rehearsal)
        return tuple(stage_cost(step, use, self._prices) for step, use in uses.items())

    def conversations(
        self, user_id: str, filters: Filters, *, limit: int, cursor: str | None = None
    ) -> Page[Conversation]:
        """Return conversations of all agents or one, newest first; a page reads at most `MOST_CONVERSATIONS`.

        Raises:
            InvalidInput: The cursor does not come from this method.
            NotFound: No such agent of this tenant.
        """
        last = read_cursor(cursor)
        names = self._asked(user_id, filters.agent_id)
        streams = [
            self._newest(user_id, name, filters.since or 0, cursor=cursor_of(*last), at_once=limit + 1)
            for name in names
        ]
        merged = heapq.merge(*streams, key=_position, reverse=True)
        found: list[Conversation] = []
        for looked, conversation in enumerate(merged):
            matches = filters.match(conversation)
            if looked == MOST_CONVERSATIONS or (matches and len(found) == limit):
                return Page(found, cursor_of(*last))
            if matches:
                found.append(conversation)
            last = _position(conversation)
        return Page(found, None)

    def knowledge_use(self, user_id: str, agent_id: str, *, since: int) -> KnowledgeUse:
        """Return the answers from each document of the live version, and the questions that none answered.

        Raises:
            NotFound: No such agent of this tenant.
        """
        agent = self._agents.get(user_id, agent_id)
        counts: Counter[str] = Counter()
        open_ones: list[Conversation] = []
        read = 0
        for conversation in self._newest(user_id, agent_id, since):
            if read == MOST_CONVERSATIONS:
                break
            read += 1
            counts.update(conversation.tally.paths)
            if conversation.tally.unanswered and len(open_ones) < _MOST_READ:
                open_ones.append(conversation)
        known = self._documents(user_id, agent_id, agent.current_version)
        return KnowledgeUse(
            conversations=read,
            documents=tuple(DocumentUse(path=file.path, conversations=counts[file.path]) for file in known),
            unanswered=tuple(self._unanswered(user_id, open_ones)),
        )

    def _unanswered(self, user_id: str, conversations: Sequence[Conversation]) -> list[Unanswered]:
        found: list[Unanswered] = []
        for conversation in conversations:
            _, turns = self._transcripts.get(user_id, conversation.conversation_id)
            found += [
                Unanswered(conversation_id=conversation.conversation_id, at=turn.at, prompt=turn.prompt)
                for turn in turns
                if is_unanswered(turn)
            ]
        return sorted(found, key=lambda one: -one.at)[:_MOST_QUESTIONS]

    def _documents(self, user_id: str, agent_id: str, version: int | None) -> Sequence[Document]:
        if version is None:
            return ()
        return self._versions.get(VersionRef(user_id=user_id, agent_id=agent_id, version=version)).documents

    def _asked(self, user_id: str, agent_id: str | None) -> list[str]:
        return [self._agents.get(user_id, agent_id).agent_id] if agent_id else list(self._names(user_id))

    def _names(self, user_id: str) -> Iterator[str]:
        cursor: str | None = None
        while True:
            page = self._agents.page(user_id, limit=_PAGE, cursor=cursor)
            yield from (agent.agent_id for agent in page.items)
            if (cursor := page.next_cursor) is None:
                return

    def _newest(
        self, user_id: str, agent_id: str, since: int, *, cursor: str | None = None, at_once: int = _PAGE
    ) -> Iterator[Conversation]:
        """Yield an agent's conversations back to a moment, from the newest or a cursor; `at_once` are read first."""
        while True:
            page = self._conversations.page(user_id, agent_id, limit=at_once, cursor=cursor)
            at_once = _PAGE
            for conversation in page.items:
                if conversation.started_at < since:
                    return
                yield conversation
            if (cursor := page.next_cursor) is None:
                return


def _position(conversation: Conversation) -> tuple[int, str]:
    return conversation.started_at, conversation.conversation_id
