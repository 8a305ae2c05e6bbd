"""Calls in progress in SQLite; the contract is in `ports.live_calls`."""

from collections.abc import Sequence

from oratio.adapters.local.database import Database
from oratio.domain.conversations.live_call import LiveCall
from oratio.errors import NotFound
from oratio.ports.clock import Clock
from oratio.ports.live_calls import LiveCallRepository

_ROW = (
    "INSERT OR REPLACE INTO live_calls"
    " (user_id, conversation_id, agent_id, holder, attached, owner, started_at, expires_at, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class SqliteLiveCalls(LiveCallRepository):
    """Rows long expired are dropped when the next ones are written."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put(self, calls: Sequence[LiveCall]) -> None:
        rows = [
            (
                call.user_id,
                call.conversation_id,
                call.agent_id,
                call.holder,
                call.attached,
                call.owner,
                call.started_at,
                call.expires_at,
                call.model_dump_json(),
            )
            for call in calls
        ]
        with self._database.write() as connection:
            connection.execute("DELETE FROM live_calls WHERE expires_at <= ?", (self._clock.now_ms(),))
            connection.executemany(_ROW, rows)

    def get(self, user_id: str, conversation_id: str) -> LiveCall:
        rows = self._database.read(
            "SELECT body FROM live_calls WHERE user_id = ? AND conversation_id = ? AND expires_at > ?",
            user_id,
            conversation_id,
            self._clock.now_ms(),
        )
        if not rows:
            raise NotFound(f"no live call {conversation_id}")
        return LiveCall.model_validate_json(rows[0][0])

    def of_user(self, user_id: str, *, agent_id: str | None = None) -> list[LiveCall]:
        rows = self._database.read(
            "SELECT body FROM live_calls WHERE user_id = ? AND expires_at > ? AND (? IS NULL OR agent_id = ?)"
            " ORDER BY started_at DESC, conversation_id DESC",
            user_id,
            self._clock.now_ms(),
            agent_id,
            agent_id,
        )
        return [LiveCall.model_validate_json(body) for (body,) in rows]

    def held(self, user_id: str, holder: str, *, besides: str) -> int:
        rows = self._database.read(
            "SELECT COUNT(*) FROM live_calls"
            " WHERE user_id = ? AND holder = ? AND attached = 1 AND owner != ? AND expires_at > ?",
            user_id,
            holder,
            besides,
            self._clock.now_ms(),
        )
        return int(rows[0][0])

    def remove(self, user_id: str, conversation_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM live_calls WHERE user_id = ? AND conversation_id = ?", (user_id, conversation_id)
            )
