"""Server-sent events as they are written."""

import json
from typing import Final

KEEP_ALIVE: Final = b": keep-alive\n\n"


def event(data: object, *, name: str | None = None, seq: int | None = None) -> bytes:
    """Return one event; `data` as one line of JSON, `seq` as its id."""
    head = (f"id: {seq}\n" if seq is not None else "") + (f"event: {name}\n" if name is not None else "")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{head}data: {text}\n\n".encode("utf-8", "backslashreplace")
