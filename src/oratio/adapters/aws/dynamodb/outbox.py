"""Webhooks and their outbox in DynamoDB; the contracts stand in `ports.webhooks`.

All that waits for one webhook from one agent is a stream: a head row that says how much waits (`pending`) and when the
first of it is due (`workAt`), and a row for each delivery. Only heads are on the work list, so that a webhook that does
not answer hides no one else's deliveries.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from functools import partial

from oratio.adapters.aws.dynamodb.codec import Item, decode, to_item, to_record
from oratio.adapters.aws.dynamodb.store import Dynamo, Refused, Write, key_of
from oratio.adapters.aws.dynamodb.tables import OUTBOX, WEBHOOKS, WORK
from oratio.domain.agents.events import AgentNotice
from oratio.domain.webhook import Delivery, Webhook
from oratio.errors import Conflict, NotFound
from oratio.ports.clock import Clock
from oratio.ports.webhooks import Outbox, WebhookRepository

_KIND = "outbox"
_COUNT = "#"
"""The webhook id of the row that counts a tenant's webhooks; sorts before every other."""


def stream(webhook_id: str, agent_id: str = "") -> str:
    """The key of a stream's head, which begins the keys of its deliveries; without an agent, of all streams' keys."""
    return f"{webhook_id}#{agent_id}#" if agent_id else f"{webhook_id}#"


class DynamoWebhooks(WebhookRepository):
    def __init__(self, dynamo: Dynamo) -> None:
        self._dynamo = dynamo

    def add(self, webhook: Webhook, *, most: int) -> Webhook:
        count = Write(
            "Update",
            WEBHOOKS,
            key_of(WEBHOOKS, webhook.user_id, _COUNT),
            "attribute_not_exists(#held) OR #held < :most",
            "ADD #held :one",
            {"most": most, "one": 1},
        )
        try:
            self._dynamo.write(count, Write("Put", WEBHOOKS, to_item(webhook), "attribute_not_exists(#webhookId)"))
        except Refused as refused:
            if 0 in refused.failed:
                raise Conflict(f"there are {most} webhooks already", hint="delete one first") from None
            raise Conflict(f"there is already a webhook {webhook.webhook_id}") from None
        return webhook

    def get(self, user_id: str, webhook_id: str) -> Webhook:
        item = self._dynamo.get(WEBHOOKS, user_id, webhook_id)
        if item is None or webhook_id == _COUNT:
            raise NotFound(f"no webhook {webhook_id}")
        return to_record(item, Webhook)

    def of_user(self, user_id: str) -> list[Webhook]:
        webhooks = webhooks_of(self._dynamo, user_id)
        return sorted(webhooks, key=lambda webhook: (webhook.created_at, webhook.webhook_id))

    def delete(self, user_id: str, webhook_id: str) -> None:
        gone = Write("Delete", WEBHOOKS, key_of(WEBHOOKS, user_id, webhook_id), "attribute_exists(#webhookId)")
        count = Write(
            "Update", WEBHOOKS, key_of(WEBHOOKS, user_id, _COUNT), update="ADD #held :less", values={"less": -1}
        )
        try:
            self._dynamo.write(gone, count)
        except Refused:
            return
        finally:
            drop(self._dynamo, user_id, webhook_id)


def webhooks_of(dynamo: Dynamo, user_id: str) -> list[Webhook]:
    values = {"user": user_id, "count": _COUNT}
    found = dynamo.query(WEBHOOKS, "#userId = :user AND #webhookId > :count", values)
    return [to_record(item, Webhook) for item in found]


def drop(dynamo: Dynamo, user_id: str, webhook_id: str, agent_id: str = "") -> None:
    """Forget what waits for a webhook, of one agent or of all."""
    values = {"user": user_id, "stream": stream(webhook_id, agent_id)}
    found = dynamo.query(OUTBOX, "#userId = :user AND begins_with(#entryKey, :stream)", values)
    dynamo.batch_delete(OUTBOX, list(found))


def deliveries(
    dynamo: Dynamo, user_id: str, agent_id: str, news: Sequence[AgentNotice], *, after: int, now_ms: int
) -> tuple[list[Write], int]:
    """The writes that put news into the outbox, and the newest order number among them.

    Args:
        after: The order number that the same record's news had last. Numbers are microseconds since 1970, but always
            grow within a record, whatever the machines' clocks say.
    """
    webhooks = webhooks_of(dynamo, user_id) if news else []
    writes: list[Write] = []
    waiting: Counter[str] = Counter()
    seq = after
    for event, at, data in news:
        seq = max(seq + 1, now_ms * 1000)
        event_id = secrets.token_hex(12)
        for webhook in (webhook for webhook in webhooks if event in webhook.events):
            delivery = Delivery(
                seq=seq,
                event_id=event_id,
                webhook_id=webhook.webhook_id,
                user_id=user_id,
                agent_id=agent_id,
                event=event,
                at=at,
                data=data,
            )
            writes.append(Write("Put", OUTBOX, to_item(delivery, entryKey=_place(delivery))))
            waiting[stream(webhook.webhook_id, agent_id)] += 1
    for head, count in waiting.items():
        key = key_of(OUTBOX, user_id, head)
        update = "SET #work = :work, #workAt = if_not_exists(#workAt, :now) ADD #pending :count"
        values = {"work": _KIND, "now": 0, "count": count}
        writes.append(Write("Update", OUTBOX, key, update=update, values=values))
    return writes, seq


def _place(delivery: Delivery) -> str:
    return f"{stream(delivery.webhook_id, delivery.agent_id)}{delivery.seq:020d}#{delivery.event_id}"


def _head(delivery: Delivery) -> Item:
    return key_of(OUTBOX, delivery.user_id, stream(delivery.webhook_id, delivery.agent_id))


class DynamoOutbox(Outbox):
    def __init__(self, dynamo: Dynamo, clock: Clock) -> None:
        self._dynamo = dynamo
        self._clock = clock

    def claim(self, *, limit: int, lease_ms: int) -> list[Delivery]:
        now = self._clock.now_ms()
        values = {"work": _KIND, "now": now}
        heads = self._dynamo.query(OUTBOX, "#work = :work AND #workAt <= :now", values, index=WORK, limit=limit)
        claimed = map(partial(self._claim_first, now=now, lease_ms=lease_ms), heads)
        return [delivery for delivery in claimed if delivery]

    def _claim_first(self, head: Item, *, now: int, lease_ms: int) -> Delivery | None:
        """The first delivery of a stream, if no other process is faster."""
        user_id, place = decode(head["userId"]), decode(head["entryKey"])
        values = {"user": user_id, "first": f"{place}0", "last": f"{place}9~"}
        between = "#userId = :user AND #entryKey BETWEEN :first AND :last"
        first = next(self._dynamo.query(OUTBOX, between, values, limit=1), None)
        if first is None:
            self._close(user_id, place)
            return None
        delivery = to_record(first, Delivery)
        lease = Write(
            "Update",
            OUTBOX,
            key_of(OUTBOX, user_id, place),
            "#workAt <= :now",
            "SET #workAt = :until",
            {"now": now, "until": now + lease_ms},
        )
        count = Write(
            "Update",
            OUTBOX,
            key_of(OUTBOX, user_id, _place(delivery)),
            "#attempts = :before",
            "SET #attempts = :now",
            {"before": delivery.attempts, "now": delivery.attempts + 1},
        )
        try:
            self._dynamo.write(lease, count)
        except Refused:
            return None
        return delivery.model_copy(update={"attempts": delivery.attempts + 1})

    def settle(self, delivery: Delivery) -> None:
        gone = Write(
            "Delete", OUTBOX, key_of(OUTBOX, delivery.user_id, _place(delivery)), "attribute_exists(#entryKey)"
        )
        less = Write(
            "Update",
            OUTBOX,
            _head(delivery),
            update="SET #workAt = :now ADD #pending :less",
            values={"now": 0, "less": -1},
        )
        try:
            self._dynamo.write(gone, less)
        except Refused:
            return
        self._close(delivery.user_id, stream(delivery.webhook_id, delivery.agent_id))

    def _close(self, user_id: str, place: str) -> None:
        """Take an empty stream off the work list."""
        empty = Write("Delete", OUTBOX, key_of(OUTBOX, user_id, place), "#pending <= :none", values={"none": 0})
        try:
            self._dynamo.write(empty)
        except Refused:
            return

    def postpone(self, delivery: Delivery, until_ms: int) -> None:
        later = Write(
            "Update",
            OUTBOX,
            _head(delivery),
            "attribute_exists(#entryKey)",
            "SET #workAt = :until",
            {"until": until_ms},
        )
        try:
            self._dynamo.write(later)
        except Refused:
            return
