"""What botocore leaves unchecked in a value: enum, pattern, max, map size."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from botocore.validate import ParamValidator

# bedrock-agent ships a pattern with `/d{12}` for `\d{12}`, which nothing matches.
_BROKEN = {"TaggableResourcesArn"}


def problems(value: Any, shape: Any) -> list[str]:
    """Everything in which the value breaks its shape."""
    if shape is None:
        return []
    report = ParamValidator().validate(value, shape)
    found = [report.generate_report()] if report.has_errors() else []
    return found + list(_strict(value, shape, shape.name))


def _strict(value: Any, shape: Any, where: str) -> Iterator[str]:
    if value is None:
        return
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False) or not isinstance(value, dict):
            return
        for name, member in shape.members.items():
            yield from _strict(value.get(name), member, f"{where}.{name}")
    elif kind == "list":
        yield from _sized(len(value), shape, where)
        for number, entry in enumerate(value):
            yield from _strict(entry, shape.member, f"{where}[{number}]")
    elif kind == "map":
        yield from _sized(len(value), shape, where)
        for key, entry in value.items():
            yield from _strict(key, shape.key, f"{where}.key")
            yield from _strict(entry, shape.value, f"{where}.{key}")
    elif kind == "string":
        yield from _text(str(value), shape, where)
    elif kind in ("integer", "long", "float", "double"):
        yield from _sized(value, shape, where)
    elif kind == "blob" and isinstance(value, bytes | bytearray):
        yield from _sized(len(value), shape, where)


def _sized(size: float, shape: Any, where: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{where} is {size}, under {low}"
    if high is not None and size > high:
        yield f"{where} is {size}, over {high}"


def _text(value: str, shape: Any, where: str) -> Iterator[str]:
    yield from _sized(len(value), shape, where)
    choices = shape.enum if hasattr(shape, "enum") else shape.metadata.get("enum")
    if choices and value not in choices:
        yield f"{where} is {value!r}, none of {', '.join(choices)}"
    pattern = shape.metadata.get("pattern")
    if pattern and shape.name not in _BROKEN and (compiled := _compiled(pattern)) and not compiled.fullmatch(value):
        yield f"{where} does not match {pattern}"


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None where it is of a dialect that Python does not speak."""
    try:
        return re.compile(pattern)
    except re.error:
        return None
