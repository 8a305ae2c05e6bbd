"""Webhooks of a tenant: registered, listed, removed; and their waiting deliveries."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

from oratio.domain import webhook as rules
from oratio.domain.webhook import Delivery, Webhook, WebhookEvent
from oratio.errors import Conflict, FieldProblem, InvalidInput, NotFound
from oratio.ports.clock import Clock
from oratio.ports.repositories import IdempotencyRepository
from oratio.ports.webhooks import Outbox, WebhookRepository, WebhookSender
from oratio.services.agents.idempotency import digest

logger = logging.getLogger(__name__)

MAX_WEBHOOKS = 20
_AT_ONCE = 16
_LEASE_MS = 60_000


class WebhookService:
    def __init__(
        self,
        *,
        webhooks: WebhookRepository,
        outbox: Outbox,
        idempotency: IdempotencyRepository,
        sender: WebhookSender,
        clock: Clock,
        pepper: Callable[[], bytes],
        allow_private: bool,
    ) -> None:
        self._webhooks = webhooks
        self._outbox = outbox
        self._idempotency = idempotency
        self._sender = sender
        self._clock = clock
        self._pepper = pepper
        self._allow_private = allow_private

    def create(
        self, user_id: str, url: str, events: Sequence[WebhookEvent], *, idempotency_key: str | None = None
    ) -> tuple[Webhook, str]:
        """Register an address; only this answer, and that to the same call under the same key, has its secret.

        Raises:
            InvalidInput: An address that may not be called, or no event.
            Conflict: The tenant has `MAX_WEBHOOKS` of them, or the idempotency key was used with another body.
        """
        problems = []
        if reason := rules.url_problem(url, allow_private=self._allow_private):
            problems.append(FieldProblem(("url",), reason))
        if not events:
            problems.append(FieldProblem(("events",), f"must contain some of {', '.join(WebhookEvent)}"))
        if problems:
            raise InvalidInput(f"{problems[0].loc[0]} {problems[0].msg}", problems)
        webhook_id = secrets.token_hex(12)
        if idempotency_key:
            asked = digest(url, list(events))
            webhook_id = self._idempotency.claim(user_id, f"webhooks {idempotency_key}", asked, webhook_id)
        secret = rules.secret_of(self._pepper(), webhook_id)
        record = Webhook(
            webhook_id=webhook_id,
            user_id=user_id,
            url=url,
            events=tuple(dict.fromkeys(events)),
            created_at=self._clock.now_ms(),
        )
        try:
            return self._webhooks.add(record, most=MAX_WEBHOOKS), secret
        except Conflict:
            with suppress(NotFound):
                return self._webhooks.get(user_id, webhook_id), secret
            raise

    def list(self, user_id: str) -> list[Webhook]:
        return self._webhooks.of_user(user_id)

    def delete(self, user_id: str, webhook_id: str) -> None:
        """Remove a webhook; its waiting deliveries are dropped.

        Raises:
            NotFound: No such webhook of this tenant.
        """
        self._webhooks.get(user_id, webhook_id)
        self._webhooks.delete(user_id, webhook_id)

    async def deliver(self) -> int:
        """Try every due delivery; return the number tried."""
        due = await asyncio.to_thread(self._outbox.claim, limit=_AT_ONCE, lease_ms=_LEASE_MS)
        await asyncio.gather(*map(self._try, due))
        return len(due)

    async def _try(self, delivery: Delivery) -> None:
        try:
            webhook = await asyncio.to_thread(self._webhooks.get, delivery.user_id, delivery.webhook_id)
        except NotFound:
            await asyncio.to_thread(self._outbox.settle, delivery)
            return
        body = rules.body_of(delivery)
        secret = rules.secret_of(await asyncio.to_thread(self._pepper), webhook.webhook_id)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "oratio-webhooks",
            "Oratio-Event": delivery.event,
            "Oratio-Event-Id": delivery.event_id,
            **rules.signature_headers(secret, delivery.event_id, self._clock.now_ms() // 1000, body),
        }
        sent = await self._sender.send(webhook.url, body, headers)
        await asyncio.to_thread(self._settle, delivery, sent.ok, sent.detail)

    def _settle(self, delivery: Delivery, ok: bool, detail: str) -> None:
        again = None if ok else rules.next_try_ms(delivery.attempts, self._clock.now_ms())
        if again is not None:
            self._outbox.postpone(delivery, again)
        else:
            self._outbox.settle(delivery)
        said = "delivered" if ok else "not delivered, tried again later" if again else "not delivered, given up"
        logger.info(
            "webhook_id=<%s> event=<%s> attempt=<%d> | %s%s",
            delivery.webhook_id,
            delivery.event,
            delivery.attempts,
            said,
            "" if ok else f" ({detail})",
        )
