"""Routes of figures over a tenant's conversations, and of the use of an agent's documents."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from oratio.api.context import ByCaller, InContext, answers, reply
from oratio.api.routes.agents import MAX_PAGE
from oratio.api.routes.conversations import page_view
from oratio.domain.conversations.conversation import Channel, Outcome
from oratio.domain.refs import VersionRef
from oratio.errors import Conflict, NotReady
from oratio.protocol.http import (
    AnalyticsView,
    ConversationPage,
    KnowledgeUseView,
    PassageView,
    SearchBody,
    SearchView,
)
from oratio.services.conversations.analytics import Filters

router = APIRouter(tags=["analytics"])

Moment = Annotated[int, Query(ge=0, le=2**53)]
AgentFilter = Annotated[str | None, Query(alias="agentId", max_length=200)]


@router.get("/api/analytics", response_model=None, responses=answers(200, AnalyticsView))
def analytics(
    context: InContext,
    caller: ByCaller,
    since: Moment,
    until: Moment | None = None,
    agent_id: AgentFilter = None,
    offset_minutes: Annotated[int, Query(alias="offsetMinutes", ge=-1_080, le=1_080)] = 0,
) -> Response:
    """Show calls, minutes, waits, silence, hand-offs, sources, errors and tokens: in all, per agent, per day, per both.

    `offsetMinutes` says when a day starts, in minutes east of UTC.
    """
    report = context.services.analytics.report(
        caller.user_id, agent_id=agent_id, since=since, until=until, offset_minutes=offset_minutes
    )
    return reply(AnalyticsView(**dict(report)))


@router.get("/api/conversations", response_model=None, responses=answers(200, ConversationPage))
def find_conversations(
    context: InContext,
    caller: ByCaller,
    agent_id: AgentFilter = None,
    since: Moment | None = None,
    until: Moment | None = None,
    channel: Channel | None = None,
    outcome: Outcome | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """List conversations of all agents or one, newest first, that started between `since` and `until`."""
    filters = Filters(agent_id=agent_id, since=since, until=until, channel=channel, outcome=outcome)
    page = context.services.analytics.conversations(caller.user_id, filters, limit=limit, cursor=cursor)
    return reply(page_view(context, page))


@router.get("/api/agents/{agentId}/knowledge-use", response_model=None, responses=answers(200, KnowledgeUseView))
def knowledge_use(agentId: str, context: InContext, caller: ByCaller, since: Moment = 0) -> Response:
    """Count the answers from each document of the live version, and list the questions that none answered."""
    return reply(
        KnowledgeUseView(**dict(context.services.analytics.knowledge_use(caller.user_id, agentId, since=since)))
    )


@router.post("/api/agents/{agentId}/searches", response_model=None, responses=answers(200, SearchView, 409))
def search(agentId: str, body: SearchBody, context: InContext, caller: ByCaller) -> Response:
    """Search the agent's documents as it would for a question; nothing is stored."""
    agent = context.services.agents.get(caller.user_id, agentId)
    version = body.version or agent.current_version
    if version is None:
        raise Conflict(f"agent {agentId} has no live version", hint="wait until it is active")
    ref = VersionRef(user_id=caller.user_id, agent_id=agentId, version=version)
    try:
        found = context.services.knowledge_bases.retrieve(ref, body.query)
    except NotReady as error:
        raise Conflict(f"version {version} cannot be searched yet: {error}", hint="wait until it is active") from error
    return reply(SearchView(version=version, passages=list(map(PassageView.of, found))))
