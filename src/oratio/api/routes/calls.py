"""Routes of calls in progress, and of tickets for operators who join one from a browser."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from oratio.api.context import ApiContext, ByCaller, InContext, answers, reply
from oratio.protocol.http import CallList, CallView, TicketView

router = APIRouter(tags=["calls"])


@router.get("/api/calls", response_model=None, responses=answers(200, CallList))
def list_calls(
    context: InContext,
    caller: ByCaller,
    agentId: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the calls in progress, newest first."""
    calls = context.services.live_calls.list(caller.user_id, agent_id=agentId)
    return reply(CallList(calls=[CallView.of(call, _url(context, call.conversation_id)) for call in calls]))


@router.post(
    "/api/conversations/{conversationId}/operator-tickets", response_model=None, responses=answers(201, TicketView)
)
def create_operator_ticket(conversationId: str, context: InContext, caller: ByCaller) -> Response:
    """Create a ticket to join one call in progress, valid once and for 60 s."""
    ticket, expires_at = context.services.live_calls.ticket(caller.user_id, conversationId)
    url = _url(context, conversationId)
    return reply(TicketView(ticket=ticket, expires_at=expires_at, websocket_url=url), 201)


def _url(context: ApiContext, conversation_id: str) -> str:
    return f"{context.platform.settings.voice_base}/v1/operator/{conversation_id}"
