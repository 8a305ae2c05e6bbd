"""Heads of conversations in SQLite; the contract is in `ports.repositories`."""

from oratio.adapters.compare_and_set import update
from oratio.adapters.local.database import Database
from oratio.adapters.local.outbox import enqueue
from oratio.adapters.local.rows import at_revision, compare_and_set, insert, page_of
from oratio.domain.agents.events import conversation_news
from oratio.domain.conversations.conversation import Conversation
from oratio.domain.cursors import read_cursor
from oratio.errors import NotFound
from oratio.ports.repositories import Change, ConversationRepository, Page


class SqliteConversations(ConversationRepository):
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, conversation: Conversation) -> Conversation:
        stored = at_revision(conversation, 1)
        columns: dict[str, str | int] = {
            "user_id": conversation.user_id,
            "conversation_id": conversation.conversation_id,
            "agent_id": conversation.agent_id,
            "started_at": conversation.started_at,
            "revision": 1,
            "body": stored.model_dump_json(),
        }
        with self._database.write() as connection:
            insert(connection, "conversations", columns)
        return stored

    def get(self, user_id: str, conversation_id: str) -> Conversation:
        rows = self._database.read(
            "SELECT body FROM conversations WHERE user_id = ? AND conversation_id = ?", user_id, conversation_id
        )
        if not rows:
            raise NotFound(f"no conversation {conversation_id}")
        return Conversation.model_validate_json(rows[0][0])

    def page(self, user_id: str, agent_id: str, *, limit: int, cursor: str | None = None) -> Page[Conversation]:
        at, name = read_cursor(cursor)
        rows = self._database.read(
            "SELECT body FROM conversations WHERE user_id = ? AND agent_id = ?"
            " AND (started_at, conversation_id) < (?, ?) ORDER BY started_at DESC, conversation_id DESC LIMIT ?",
            user_id,
            agent_id,
            at,
            name,
            limit + 1,
        )
        return page_of(rows, Conversation, limit, "started_at", "conversation_id")

    def save(self, conversation: Conversation) -> Conversation:
        keys: dict[str, str | int] = {
            "user_id": conversation.user_id,
            "conversation_id": conversation.conversation_id,
        }
        with self._database.write() as connection:
            row = connection.execute(
                "SELECT body FROM conversations WHERE user_id = ? AND conversation_id = ?", tuple(keys.values())
            ).fetchone()
            stored = compare_and_set(connection, "conversations", keys, conversation)
            news = conversation_news(Conversation.model_validate_json(row[0]), stored)
            enqueue(connection, stored.user_id, stored.agent_id, news)
            return stored

    def update(self, user_id: str, conversation_id: str, change: Change[Conversation]) -> Conversation:
        return update(lambda: self.get(user_id, conversation_id), self.save, change)

    def delete(self, user_id: str, conversation_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM conversations WHERE user_id = ? AND conversation_id = ?", (user_id, conversation_id)
            )

    def quiet_since(self, at_ms: int, *, still_open: bool, limit: int) -> list[Conversation]:
        only = " AND json_extract(body, '$.outcome') = 'open'" if still_open else ""
        rows = self._database.read(
            f"SELECT body FROM conversations WHERE json_extract(body, '$.updatedAt') < ?{only}"  # noqa: S608
            " ORDER BY json_extract(body, '$.updatedAt') LIMIT ?",
            at_ms,
            limit,
        )
        return [Conversation.model_validate_json(body) for (body,) in rows]
