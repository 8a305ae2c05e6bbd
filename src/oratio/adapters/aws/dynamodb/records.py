"""Records in items: written by compare-and-set, and never too large for one.

DynamoDB holds 400 kB an item. Attributes that make an item larger than `MOST_BYTES` (an SOP of 100,000 four-byte
characters, the descriptions or the list of 1,000 files) stand in the bucket of generated code instead, as objects
named by their content: they are there before an item names them, and never change under it.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from oratio.adapters.aws.dynamodb.codec import (
    Item,
    decode,
    decode_map,
    encode,
    encode_map,
    item_size,
    size,
    to_item,
    to_record,
)
from oratio.adapters.aws.dynamodb.store import Dynamo, Refused, Write
from oratio.adapters.aws.dynamodb.tables import Table
from oratio.domain.refs import Value
from oratio.domain.tags import object_tags
from oratio.errors import NotFound, StaleRecord
from oratio.ports.object_store import ObjectStore

MOST_BYTES = 300_000
_SPILLED = "spilled"
"""The attribute that lists what is stored outside the item: pairs of an attribute and its object's key."""
_EMPTY: Mapping[str, Any] = {"folderFileDescriptions": "{}", "problems": [], "progress": []}


class Records:
    """Items of the tables as records, whole again when read."""

    def __init__(self, dynamo: Dynamo, overflow: ObjectStore) -> None:
        self.dynamo = dynamo
        self._overflow = overflow

    def item(self, table: Table, record: Value, **extra: str | int | None) -> Item:
        """The item of a record, unlike that of any other write; what is too large for it is stored outside, before this
        returns.
        """
        item = to_item(record, **extra, lastWrite=secrets.token_hex(8))
        excess = item_size(item) - MOST_BYTES
        if excess <= 0:
            return item
        moved: dict[str, str] = {}
        for name in sorted(item.keys() - {*table.keys}, key=lambda name: size(item[name]), reverse=True):
            if excess <= 0:
                break
            excess -= size(item[name])
            moved[name] = self._put(record, decode_map({name: item.pop(name)})[name])
        return {**item, _SPILLED: encode(list(moved.items()))}

    def _put(self, record: Any, value: Any) -> str:
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        key = f"{overflow_prefix(record.user_id, record.agent_id)}{hashlib.sha256(data).hexdigest()}.json"
        if not self._overflow.exists(key):
            self._overflow.put(key, data, tags=object_tags(record.user_id, record.agent_id, "record"))
        return key

    def record[R: Value](self, item: Item, model: type[R]) -> R:
        if _SPILLED not in item:
            return to_record(item, model)
        back = {name: json.loads(self._overflow.get(key)) for name, key in decode(item[_SPILLED])}
        return to_record({**item, **encode_map(back)}, model)

    @staticmethod
    def has_overflow(item: Item) -> bool:
        return _SPILLED in item

    def without_overflow(self, item: Item) -> Item:
        """The item of a record that is about to go, with nothing in the place of what stood next to it."""
        kept = {name: value for name, value in item.items() if name != _SPILLED}
        return kept | {name: encode(_EMPTY.get(name, "")) for name, _ in decode(item[_SPILLED])}

    def drop_overflow(self, user_id: str, agent_id: str) -> None:
        """Remove what an agent's items could not hold."""
        self._overflow.delete_prefix(overflow_prefix(user_id, agent_id))

    def find[R: Value](self, table: Table, model: type[R], *key: str) -> R | None:
        item = self.dynamo.get(table, *key)
        return self.record(item, model) if item is not None else None

    def save[R: Value](self, table: Table, record: R, **extra: str | int | None) -> R:
        """Replace the stored record of the same revision.

        Raises:
            StaleRecord: It has another revision.
            NotFound: It was deleted, or is another tenant's.
        """
        stored, write = self.replacement(table, record, **extra)
        try:
            self.dynamo.write(write)
        except Refused as refused:
            raise stale_or_gone(table, refused.failed[0], record) from None
        return stored

    def replacement[R: Value](self, table: Table, record: R, **extra: str | int | None) -> tuple[R, Write]:
        """The record as it will stand, and the conditional write that makes it so."""
        revision: int = record.revision  # type: ignore[attr-defined]
        stored = record.model_copy(update={"revision": revision + 1})
        item = self.item(table, stored, **extra)
        values = {"revision": revision, "owner": record.user_id}  # type: ignore[attr-defined]
        return stored, Write("Put", table, item, "#revision = :revision AND #userId = :owner", values=values)

    def addition[R: Value](self, table: Table, record: R, **extra: str | int | None) -> tuple[R, Write]:
        """A new record as it will stand, and the write that makes it so only where nothing is."""
        stored = record.model_copy(update={"revision": 1})
        write = Write("Put", table, self.item(table, stored, **extra), f"attribute_not_exists(#{table.hash_key})")
        return stored, write


def stale_or_gone(table: Table, stood: Item | None, record: Any) -> StaleRecord | NotFound:
    """Return the error for a compare-and-set that failed."""
    if stood is None or stood.get("userId") != encode(record.user_id):
        return NotFound(f"no such record in {table.setting.removesuffix('_table')}")
    what = table.setting.removesuffix("_table")
    return StaleRecord(f"the record in {what} was changed by somebody else", hint="read it again and repeat")


def overflow_prefix(user_id: str, agent_id: str) -> str:
    """Next to the agent's own prefix, whose objects go before its records do."""
    return f"{user_id}/.records/{agent_id}/"
