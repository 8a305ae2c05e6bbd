"""Routes of the tenant's webhooks."""

from fastapi import APIRouter
from fastapi.responses import Response

from oratio.api.context import ByCaller, IdempotencyKey, InContext, answers, reply
from oratio.protocol.http import NewWebhook, WebhookBody, WebhookList, WebhookView

router = APIRouter(tags=["webhooks"])


@router.post("/api/webhooks", response_model=None, responses=answers(201, NewWebhook, 409))
def create_webhook(body: WebhookBody, context: InContext, caller: ByCaller, key: IdempotencyKey) -> Response:
    """Register an address; only this answer, and its repetition under the same `Idempotency-Key`, has its secret."""
    webhook, secret = context.services.webhooks.create(caller.user_id, body.url, body.events, idempotency_key=key)
    return reply(NewWebhook(**WebhookView.of(webhook).model_dump(by_alias=False), secret=secret), 201)


@router.get("/api/webhooks", response_model=None, responses=answers(200, WebhookList))
def list_webhooks(context: InContext, caller: ByCaller) -> Response:
    """List the tenant's webhooks, oldest first."""
    return reply(WebhookList(webhooks=list(map(WebhookView.of, context.services.webhooks.list(caller.user_id)))))


@router.delete("/api/webhooks/{webhookId}", response_model=None, responses=answers(204, None))
def delete_webhook(webhookId: str, context: InContext, caller: ByCaller) -> Response:
    """Remove a webhook; its waiting deliveries are dropped."""
    context.services.webhooks.delete(caller.user_id, webhookId)
    return Response(status_code=204)
