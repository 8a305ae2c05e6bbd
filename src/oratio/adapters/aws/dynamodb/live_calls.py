"""Calls in progress in DynamoDB; the contract is in `ports.live_calls`."""

from collections.abc import Sequence

from oratio.adapters.aws.dynamodb.codec import to_item, to_record
from oratio.adapters.aws.dynamodb.store import Dynamo, Write, key_of
from oratio.adapters.aws.dynamodb.tables import LIVE_CALLS
from oratio.domain.conversations.live_call import LiveCall
from oratio.errors import NotFound
from oratio.ports.clock import Clock
from oratio.ports.live_calls import LiveCallRepository


class DynamoLiveCalls(LiveCallRepository):
    """An expired row counts as gone at once; DynamoDB removes it when it gets round to it."""

    def __init__(self, dynamo: Dynamo, clock: Clock) -> None:
        self._dynamo = dynamo
        self._clock = clock

    def put(self, calls: Sequence[LiveCall]) -> None:
        # Of one call put twice the later counts; DynamoDB would refuse the batch.
        rows = {(call.user_id, call.conversation_id): call for call in calls}
        self._dynamo.batch_put(
            LIVE_CALLS, [to_item(call, goneAt=call.expires_at // 1000 + 1) for call in rows.values()]
        )

    def get(self, user_id: str, conversation_id: str) -> LiveCall:
        item = self._dynamo.get(LIVE_CALLS, user_id, conversation_id)
        call = to_record(item, LiveCall) if item else None
        if call is None or call.expires_at <= self._clock.now_ms():
            raise NotFound(f"no live call {conversation_id}")
        return call

    def of_user(self, user_id: str, *, agent_id: str | None = None) -> list[LiveCall]:
        now = self._clock.now_ms()
        found = (
            to_record(item, LiveCall) for item in self._dynamo.query(LIVE_CALLS, "#userId = :user", {"user": user_id})
        )
        live = [call for call in found if call.expires_at > now and agent_id in (None, call.agent_id)]
        return sorted(live, key=lambda call: (call.started_at, call.conversation_id), reverse=True)

    def held(self, user_id: str, holder: str, *, besides: str) -> int:
        calls = self.of_user(user_id)
        return sum(call.attached and call.holder == holder and call.owner != besides for call in calls)

    def remove(self, user_id: str, conversation_id: str) -> None:
        self._dynamo.write(Write("Delete", LIVE_CALLS, key_of(LIVE_CALLS, user_id, conversation_id)))
