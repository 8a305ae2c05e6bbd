"""What a change of a record means: to those who watch, to webhooks, and to the reconciler."""

from typing import Any, NamedTuple

from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.agents.journal import AgentEvent
from oratio.domain.conversations.conversation import Conversation
from oratio.domain.webhook import WebhookEvent


class AgentNotice(NamedTuple):
    """One event of an agent that the outside may be notified of; `at` is ms since 1970."""

    event: WebhookEvent
    at: int
    data: dict[str, Any]


def is_unfinished(agent: Agent) -> bool:
    """Whether a flow should be working on the agent; an update that failed waits for the operator instead."""
    if agent.status in (AgentStatus.CREATING, AgentStatus.DELETING):
        return True
    updating = any(entry.ended_at is None for entry in agent.progress)
    return agent.status is AgentStatus.ACTIVE and agent.error is None and updating


def agent_events(before: Agent | None, after: Agent, *, last: int) -> list[AgentEvent]:
    """One event for each step whose progress changed, then one for a changed status.

    Args:
        last: The `seq` of the agent's newest event so far.
    """
    events: list[AgentEvent] = []

    def event(kind: str, status: str, step: str | None = None, detail: str = "") -> None:
        events.append(
            AgentEvent(
                seq=last + len(events) + 1,
                at=after.updated_at,
                kind=kind,
                version=after.latest_version,
                status=status,
                step=step,
                detail=detail,
            )
        )

    known = {entry.step: entry for entry in before.progress} if before else {}
    if before is not None:
        for entry in after.progress:
            if known.get(entry.step) != entry:
                event("step", entry.status, entry.step, entry.detail)
    if before is None or before.status != after.status or before.current_version != after.current_version:
        event("status", after.status, detail=after.error.message if after.error else "")
    return events


def agent_news(before: Agent | None, after: Agent) -> list[AgentNotice]:
    """What a change of an agent's record means to the outside."""
    news: list[AgentNotice] = []

    def tell(event: WebhookEvent, **data: Any) -> None:
        news.append(AgentNotice(event, after.updated_at, data))

    was, live = (before.status, before.current_version) if before else (None, None)
    if after.current_version is not None and after.current_version != live:
        tell(WebhookEvent.VERSION_ACTIVATED, version=after.current_version, previousVersion=live)
    if after.status is not was and after.status is AgentStatus.ACTIVE:
        tell(WebhookEvent.AGENT_ACTIVE, version=after.current_version, agentName=after.agent_name)
    failed_before = before.error if before else None
    if after.error is not None and failed_before is None:
        failure = {"step": after.error.step, "code": after.error.code, "message": after.error.message}
        tell(WebhookEvent.AGENT_FAILED, version=after.latest_version, status=after.status, **failure)
    return news


def conversation_news(before: Conversation, after: Conversation) -> list[AgentNotice]:
    """What a change of a conversation's head means to the outside."""
    known = {
        "conversationId": after.conversation_id,
        "channel": after.channel,
        "version": after.version,
        "turns": after.turns,
        "startedAt": after.started_at,
    }
    news: list[AgentNotice] = []
    if after.handoff is not None and after.handoff != before.handoff:
        asked = {"reason": after.handoff.reason, "summary": after.handoff.summary}
        news.append(AgentNotice(WebhookEvent.HANDOFF_REQUESTED, after.updated_at, known | asked))
    missed = after.handoff_failure
    if missed is not None and missed != before.handoff_failure:
        summary = after.handoff.summary if after.handoff else ""
        told = {"reason": missed.reason, "summary": summary, "message": missed.message}
        news.append(AgentNotice(WebhookEvent.HANDOFF_FAILED, after.updated_at, known | told))
    if after.outcome == "ended" and before.outcome != "ended":
        news.append(AgentNotice(WebhookEvent.CONVERSATION_ENDED, after.updated_at, known | {"outcome": after.outcome}))
    return news
