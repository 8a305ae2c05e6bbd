"""Records as DynamoDB items: readable attributes with the names they have on the wire.

A map with keys of the user's choosing (file names, the empty key of a folder's own description) is one JSON text, as in
the outside contract: DynamoDB allows neither an empty attribute name nor any depth.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from oratio.domain.refs import Value

type Item = dict[str, Any]
"""Attribute name to DynamoDB's typed value: `{"S": "…"}`, `{"N": "1"}`."""

TEXTS = frozenset({"folderFileDescriptions", "data"})
"""Attributes, at any depth, whose maps are kept as JSON text."""
OUTCOME = "outcome"
"""A step's is such a map too; a conversation's is a word."""


def encode(value: Any) -> dict[str, Any]:
    """One JSON value as DynamoDB's."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case float():
            return {"N": repr(value)}
        case None:
            return {"NULL": True}
        case list() | tuple():
            return {"L": [encode(entry) for entry in value]}
        case dict():
            return {"M": encode_map(value)}
    raise TypeError(f"no attribute can hold a {type(value).__name__}")


def encode_map(values: Mapping[str, Any]) -> Item:
    return {name: encode(_as_text(name, value)) for name, value in values.items()}


def _as_text(name: str, value: Any) -> Any:
    free = name in TEXTS or name == OUTCOME
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if free and isinstance(value, dict) else value


def decode(value: Mapping[str, Any]) -> Any:
    """The JSON value of one of DynamoDB's."""
    ((kind, held),) = value.items()
    match kind:
        case "S" | "BOOL":
            return held
        case "N":
            return int(held) if held.lstrip("-").isdigit() else float(held)
        case "NULL":
            return None
        case "L":
            return [decode(entry) for entry in held]
        case "M":
            return decode_map(held)
    raise TypeError(f"an attribute of type {kind} is none of ours")


def decode_map(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _from_text(name, decode(value)) for name, value in item.items()}


def _from_text(name: str, value: Any) -> Any:
    is_map = isinstance(value, str) and (name in TEXTS or (name == OUTCOME and value.startswith("{")))
    return json.loads(value) if is_map else value


def to_item(record: Value, **extra: str | int | None) -> Item:
    """A record's attributes, and the store's own next to them; what is None is left out."""
    values = {**record.model_dump(mode="json", by_alias=True), **extra}
    return encode_map({name: value for name, value in values.items() if value is not None})


def to_record[R: Value](item: Mapping[str, Any], model: type[R]) -> R:
    """The record in an item; attributes that are not the record's are the store's own."""
    values = decode_map(item)
    known = {field.alias or name for name, field in model.model_fields.items()}
    return model.model_validate({name: value for name, value in values.items() if name in known})


def size(value: Mapping[str, Any]) -> int:
    """Bytes DynamoDB counts for one value, never too few; see "Item sizes and formats" in its developer guide."""
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return len(held) // 2 + 3
        case "L":
            return 3 + sum(size(entry) + 1 for entry in held)
        case "M":
            return 3 + sum(len(name.encode()) + size(entry) + 1 for name, entry in held.items())
    return 1


def item_size(item: Item) -> int:
    return sum(len(name.encode()) + size(value) for name, value in item.items())
