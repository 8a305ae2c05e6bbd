"""Routes of an agent's API keys, and of one-time tickets for browsers."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response

from oratio.api.context import ByCaller, IdempotencyKey, InContext, answers, reply
from oratio.domain.api_keys import Scope
from oratio.protocol.http import KeyBody, KeyList, KeyView, NewKey, TicketBody, TicketView

router = APIRouter(tags=["keys"])


@router.post("/api/agents/{agentId}/api-keys", response_model=None, responses=answers(201, NewKey, 409))
def create_key(agentId: str, body: KeyBody, context: InContext, caller: ByCaller, once: IdempotencyKey) -> Response:
    """Create a key; only this answer, and its repetition under the same `Idempotency-Key`, contains it."""
    record, key = context.services.access.create(
        caller.user_id,
        agentId,
        body.name,
        scopes=body.scopes or tuple(Scope),
        expires_at=body.expires_at,
        origins=body.origins or (),
        idempotency_key=once,
    )
    return reply(NewKey(**KeyView.of(record).model_dump(by_alias=False), key=key), 201)


@router.get("/api/agents/{agentId}/api-keys", response_model=None, responses=answers(200, KeyList))
def list_keys(agentId: str, context: InContext, caller: ByCaller) -> Response:
    """List the agent's keys by prefix and last use."""
    return reply(KeyList(keys=list(map(KeyView.of, context.services.access.list(caller.user_id, agentId)))))


@router.delete("/api/agents/{agentId}/api-keys/{keyId}", response_model=None, responses=answers(204, None))
def revoke_key(agentId: str, keyId: str, context: InContext, caller: ByCaller) -> Response:
    """Revoke a key for good."""
    context.services.access.revoke(caller.user_id, agentId, keyId)
    return Response(status_code=204)


@router.post("/api/agents/{agentId}/voice-tickets", response_model=None, responses=answers(201, TicketView, 403, 409))
def create_ticket(
    agentId: str,
    request: Request,
    context: InContext,
    caller: ByCaller,
    body: Annotated[TicketBody | None, Body()] = None,
) -> Response:
    """Create a ticket for one voice session, valid for 60 s."""
    origin = (body.origin if body else None) or request.headers.get("origin")
    ticket, expires_at = context.services.access.ticket(caller.user_id, agentId, key=caller.key, origin=origin)
    url = f"{context.platform.settings.voice_base}/v1/agents/{agentId}/voice"
    return reply(TicketView(ticket=ticket, expires_at=expires_at, websocket_url=url), 201)
