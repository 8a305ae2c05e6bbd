"""Reader and writer of server-sent events, for the API, the client, the adapters and the agent host alike.

httpx-sse parses them; here is what it leaves open: events without data (comments end in one) are passed over, an id is
a number or none, and a sender that is not trusted is held to a size.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Final, NamedTuple

import httpx
from httpx_sse import EventSource, ServerSentEvent
from httpx_sse import SSEError as NoEventStream

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE: Final = b": keep-alive\n\n"

__all__ = [
    "KEEP_ALIVE",
    "MEDIA_TYPE",
    "EventsTooLarge",
    "NoEventStream",
    "ServerEvent",
    "aread",
    "aread_bounded",
    "event",
    "read",
]


class ServerEvent(NamedTuple):
    """One event, its data as text."""

    name: str
    seq: int | None
    data: str


class EventsTooLarge(Exception):
    """A sender goes on past what was allowed."""


def read(response: httpx.Response) -> Iterator[ServerEvent]:
    """Yield the events of a response as they come.

    Raises:
        NoEventStream: The response is something else.
        httpx.HTTPError: The connection broke off.
    """
    for found in EventSource(response).iter_sse():
        if found.data:
            yield _event(found)


async def aread(response: httpx.Response) -> AsyncGenerator[ServerEvent]:
    """Yield the events of a response as they come; as `read`."""
    async with aclosing(EventSource(response).aiter_sse()) as events:
        async for found in events:
            if found.data:
                yield _event(found)


async def aread_bounded(response: httpx.Response, *, max_bytes: int, max_line: int) -> AsyncGenerator[ServerEvent]:
    """Yield the events of a sender that is not trusted; its bytes are taken as they are, never unpacked.

    Args:
        response: Whose stream has not been read.
        max_bytes: Of the whole stream.
        max_line: Bytes of a line that does not end.

    Raises:
        EventsTooLarge: One of the two is passed.
        httpx.HTTPError: The connection broke off.
    """
    held = _Held(response, max_bytes, max_line)
    async with aclosing(aread(httpx.Response(200, headers={"Content-Type": MEDIA_TYPE}, stream=held))) as events:
        async for found in events:
            yield found


class _Held(httpx.AsyncByteStream):
    """The bytes of a response up to a size."""

    def __init__(self, response: httpx.Response, max_bytes: int, max_line: int) -> None:
        self._response, self._max_bytes, self._max_line = response, max_bytes, max_line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = line = 0
        async for data in self._response.aiter_raw():
            total += len(data)
            end = data.rfind(b"\n")
            line = line + len(data) if end < 0 else len(data) - end - 1
            if total > self._max_bytes or line > self._max_line:
                raise EventsTooLarge
            yield data


def _event(found: ServerSentEvent) -> ServerEvent:
    return ServerEvent(found.event or "message", int(found.id) if found.id.isdecimal() else None, found.data)


def event(data: object, *, name: str | None = None, seq: int | None = None) -> bytes:
    """Return one event; `data` as one line of JSON, `seq` as its id."""
    head = (f"id: {seq}\n" if seq is not None else "") + (f"event: {name}\n" if name is not None else "")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{head}data: {text}\n\n".encode("utf-8", "backslashreplace")
