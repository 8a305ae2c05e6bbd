"""Webhooks and their outbox in SQLite; the contracts stand in `ports.webhooks`."""

import secrets
import sqlite3
from collections.abc import Sequence

from oratio.adapters.local.database import Database
from oratio.adapters.local.rows import insert
from oratio.domain.agents.events import AgentNotice
from oratio.domain.webhook import Delivery, Webhook
from oratio.errors import Conflict, NotFound
from oratio.ports.clock import Clock
from oratio.ports.webhooks import Outbox, WebhookRepository


def enqueue(connection: sqlite3.Connection, user_id: str, agent_id: str, news: Sequence[AgentNotice]) -> None:
    """Put news into the outbox, once for each webhook of the tenant that wants it, in the caller's transaction."""
    if not news:
        return
    rows = connection.execute("SELECT body FROM webhooks WHERE user_id = ? ORDER BY created_at", (user_id,)).fetchall()
    webhooks = [Webhook.model_validate_json(body) for (body,) in rows]
    for event, at, data in news:
        event_id = secrets.token_hex(12)
        for webhook in (webhook for webhook in webhooks if event in webhook.events):
            delivery = Delivery(
                seq=0,
                event_id=event_id,
                webhook_id=webhook.webhook_id,
                user_id=user_id,
                agent_id=agent_id,
                event=event,
                at=at,
                data=data,
            )
            connection.execute(
                "INSERT INTO outbox (webhook_id, user_id, agent_id, due_at, attempts, body) VALUES (?, ?, ?, 0, 0, ?)",
                (webhook.webhook_id, user_id, agent_id, delivery.model_dump_json()),
            )


class SqliteWebhooks(WebhookRepository):
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, webhook: Webhook, *, most: int) -> Webhook:
        with self._database.write() as connection:
            (held,) = connection.execute(
                "SELECT COUNT(*) FROM webhooks WHERE user_id = ?", (webhook.user_id,)
            ).fetchone()
            if held >= most:
                raise Conflict(f"there are {most} webhooks already", hint="delete one first")
            columns: dict[str, str | int] = {
                "webhook_id": webhook.webhook_id,
                "user_id": webhook.user_id,
                "created_at": webhook.created_at,
                "body": webhook.model_dump_json(),
            }
            insert(connection, "webhooks", columns)
        return webhook

    def get(self, user_id: str, webhook_id: str) -> Webhook:
        rows = self._database.read(
            "SELECT body FROM webhooks WHERE webhook_id = ? AND user_id = ?", webhook_id, user_id
        )
        if not rows:
            raise NotFound(f"no webhook {webhook_id}")
        return Webhook.model_validate_json(rows[0][0])

    def of_user(self, user_id: str) -> list[Webhook]:
        rows = self._database.read(
            "SELECT body FROM webhooks WHERE user_id = ? ORDER BY created_at, webhook_id", user_id
        )
        return [Webhook.model_validate_json(body) for (body,) in rows]

    def delete(self, user_id: str, webhook_id: str) -> None:
        with self._database.write() as connection:
            for table in ("webhooks", "outbox"):
                connection.execute(
                    f"DELETE FROM {table} WHERE webhook_id = ? AND user_id = ?",  # noqa: S608 - names from above
                    (webhook_id, user_id),
                )


_DUE = """
    SELECT seq, attempts, body FROM outbox AS this WHERE due_at <= ? AND NOT EXISTS (
        SELECT 1 FROM outbox AS that
        WHERE that.webhook_id = this.webhook_id AND that.agent_id = this.agent_id AND that.seq < this.seq)
    ORDER BY due_at, seq LIMIT ?
"""


class SqliteOutbox(Outbox):
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def claim(self, *, limit: int, lease_ms: int) -> list[Delivery]:
        now = self._clock.now_ms()
        # Most looks find nothing, and then no write lock is taken.
        if not self._database.read("SELECT 1 FROM outbox WHERE due_at <= ? LIMIT 1", now):
            return []
        with self._database.write() as connection:
            rows = connection.execute(_DUE, (now, limit)).fetchall()
            connection.executemany(
                "UPDATE outbox SET due_at = ?, attempts = attempts + 1 WHERE seq = ?",
                [(now + lease_ms, seq) for seq, _, _ in rows],
            )
        return [
            Delivery.model_validate_json(body).model_copy(update={"seq": seq, "attempts": attempts + 1})
            for seq, attempts, body in rows
        ]

    def settle(self, delivery: Delivery) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM outbox WHERE seq = ?", (delivery.seq,))

    def postpone(self, delivery: Delivery, until_ms: int) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE outbox SET due_at = ? WHERE seq = ?", (until_ms, delivery.seq))
