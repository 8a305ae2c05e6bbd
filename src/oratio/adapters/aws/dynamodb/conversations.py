"""Heads of conversations in DynamoDB; the contract is in `ports.repositories`.

The key begins with the agent and the time, for the listing. A second row `@<conversation id>` says where a conversation
is, so that it is found by its id alone the moment it is added, which no global index promises.
"""

import zlib
from collections.abc import Iterator
from itertools import product

from oratio.adapters.aws.dynamodb.codec import Item, decode, encode
from oratio.adapters.aws.dynamodb.journal import LAST_NEWS
from oratio.adapters.aws.dynamodb.outbox import deliveries
from oratio.adapters.aws.dynamodb.records import Records, stale_or_gone
from oratio.adapters.aws.dynamodb.store import Dynamo, Refused, Write, key_of
from oratio.adapters.aws.dynamodb.tables import CONVERSATIONS, WORK
from oratio.adapters.compare_and_set import update
from oratio.domain.agents.events import conversation_news
from oratio.domain.conversations.conversation import Conversation
from oratio.domain.cursors import cursor as cursor_of
from oratio.domain.cursors import read_cursor
from oratio.errors import Conflict, NotFound
from oratio.ports.clock import Clock
from oratio.ports.repositories import Change, ConversationRepository, Page

_STANDS_AT = "standsAt"
_OPEN, _CLOSED = "conversation-open", "conversation-closed"
# One key of the index takes 1,000 writes a second, and every turn of every tenant is one.
_SHARES = 16


class DynamoConversations(ConversationRepository):
    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._dynamo = records.dynamo
        self._clock = clock

    def add(self, conversation: Conversation) -> Conversation:
        place = conversation_key(conversation)
        extra = {"conversationKey": place, **_on_the_list(conversation)}
        stored, head = self._records.addition(CONVERSATIONS, conversation, **extra)
        pointer: Item = {
            **key_of(CONVERSATIONS, conversation.user_id, _pointer(conversation.conversation_id)),
            _STANDS_AT: encode(place),
        }
        try:
            self._dynamo.write(head, Write("Put", CONVERSATIONS, pointer, "attribute_not_exists(#userId)"))
        except Refused:
            raise Conflict(f"there is already a conversation {conversation.conversation_id}") from None
        return stored

    def get(self, user_id: str, conversation_id: str) -> Conversation:
        pointer = self._dynamo.get(CONVERSATIONS, user_id, _pointer(conversation_id))
        place = decode(pointer[_STANDS_AT]) if pointer else None
        found = self._records.find(CONVERSATIONS, Conversation, user_id, place) if place else None
        if found is None:
            raise NotFound(f"no conversation {conversation_id}")
        return found

    def page(self, user_id: str, agent_id: str, *, limit: int, cursor: str | None = None) -> Page[Conversation]:
        at, name = read_cursor(cursor)
        # Of BETWEEN both ends belong to it: the one the cursor names, which was given out before, is dropped.
        values = {"user": user_id, "first": f"{agent_id}#", "last": f"{agent_id}#{at:013d}#{name}"}
        between = "#userId = :user AND #conversationKey BETWEEN :first AND :last"
        found = self._dynamo.query(CONVERSATIONS, between, values, forward=False, limit=limit + 2)
        items = [item for item in found if decode(item["conversationKey"]) != values["last"]]
        heads = [self._records.record(item, Conversation) for item in items[:limit]]
        if len(items) <= limit:
            return Page(heads, None)
        return Page(heads, cursor_of(heads[-1].started_at, heads[-1].conversation_id))

    def save(self, conversation: Conversation) -> Conversation:
        place = conversation_key(conversation)
        item = self._dynamo.get(CONVERSATIONS, conversation.user_id, place)
        if item is None or decode(item["revision"]) != conversation.revision:
            raise stale_or_gone(CONVERSATIONS, item, conversation)
        news, last = deliveries(
            self._dynamo,
            conversation.user_id,
            conversation.agent_id,
            conversation_news(self._records.record(item, Conversation), conversation),
            after=decode(item.get(LAST_NEWS, encode(0))),
            now_ms=self._clock.now_ms(),
        )
        extra = {"conversationKey": place, LAST_NEWS: last, **_on_the_list(conversation)}
        stored, head = self._records.replacement(CONVERSATIONS, conversation, **extra)
        try:
            self._dynamo.write(head, *news)
        except Refused as refused:
            raise stale_or_gone(CONVERSATIONS, refused.failed.get(0), conversation) from None
        return stored

    def update(self, user_id: str, conversation_id: str, change: Change[Conversation]) -> Conversation:
        return update(lambda: self.get(user_id, conversation_id), self.save, change)

    def delete(self, user_id: str, conversation_id: str) -> None:
        pointer = self._dynamo.get(CONVERSATIONS, user_id, _pointer(conversation_id))
        if pointer is None:
            return
        keys = (decode(pointer[_STANDS_AT]), _pointer(conversation_id))
        self._dynamo.write(*(Write("Delete", CONVERSATIONS, key_of(CONVERSATIONS, user_id, key)) for key in keys))

    def quiet_since(self, at_ms: int, *, still_open: bool, limit: int) -> list[Conversation]:
        found: list[Conversation] = []
        for work, share in product((_OPEN,) if still_open else (_OPEN, _CLOSED), range(_SHARES)):
            values = {"work": f"{work}#{share}", "before": at_ms}
            items = self._dynamo.of_index(
                CONVERSATIONS, WORK, "#work = :work AND #workAt < :before", values, limit=limit - len(found)
            )
            # The index lags behind the rows: what they say now counts.
            heads = [self._records.record(item, Conversation) for item in items]
            found += [head for head in heads if head.updated_at < at_ms and (head.outcome == "open" or not still_open)]
            if len(found) >= limit:
                break
        return found


def _on_the_list(conversation: Conversation) -> dict[str, str | int]:
    """Every head is on a work list, by when it was last added to; its share of it is its id's."""
    work = _OPEN if conversation.outcome == "open" else _CLOSED
    share = zlib.crc32(conversation.conversation_id.encode()) % _SHARES
    return {"work": f"{work}#{share}", "workAt": conversation.updated_at}


def conversation_key(conversation: Conversation) -> str:
    return f"{conversation.agent_id}#{conversation.started_at:013d}#{conversation.conversation_id}"


def _pointer(conversation_id: str) -> str:
    return f"@{conversation_id}"


def conversation_items(dynamo: Dynamo, user_id: str, agent_id: str) -> Iterator[Item]:
    """The keys of all rows of an agent's conversations."""
    values = {"user": user_id, "prefix": f"{agent_id}#"}
    for item in dynamo.query(CONVERSATIONS, "#userId = :user AND begins_with(#conversationKey, :prefix)", values):
        yield item
        yield key_of(CONVERSATIONS, user_id, _pointer(decode(item["conversationId"])))
