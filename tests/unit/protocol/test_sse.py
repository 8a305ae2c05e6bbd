"""Reading server-sent events: one reader for the client, the adapters and the host of agents."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from oratio.protocol import sse

HEADERS = {"Content-Type": "text/event-stream"}


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part


def _response(*parts: bytes, headers: dict[str, str] = HEADERS) -> httpx.Response:
    return httpx.Response(200, headers=headers, stream=_Stream(list(parts)))


async def _both(*parts: bytes) -> list[sse.ServerEvent]:
    blocking = list(sse.read(_response(*parts)))
    assert [event async for event in sse.aread(_response(*parts))] == blocking
    return blocking


async def test_events_are_read_wherever_the_bytes_are_cut() -> None:
    text = 'id: 7\nevent: delta\ndata: {"text": "Größe"}\n\ndata: 1\ndata: 2\n\n'.encode()
    for size in (1, 2, 3, 7, len(text)):
        found = await _both(*(text[at : at + size] for at in range(0, len(text), size)))
        assert [(event.name, event.data) for event in found] == [("delta", '{"text": "Größe"}'), ("message", "1\n2")]
        assert found[0].seq == 7


async def test_a_keep_alive_after_an_event_is_no_event() -> None:
    found = await _both(b"id: 1\nevent: step\ndata: {}\n\n", b": keep-alive\n\n", b"retry: 100\n\n")
    assert found == [sse.ServerEvent("step", 1, "{}")]


async def test_an_event_that_the_connection_cut_off_is_not_given() -> None:
    assert await _both(b"data: whole\n\ndata: hal") == [sse.ServerEvent("message", None, "whole")]


async def test_a_line_separator_inside_data_stays_there() -> None:
    assert [event.data for event in await _both('data: "a\u2028b\x0bc"\n\n'.encode())] == ['"a\u2028b\x0bc"']


async def test_what_is_no_event_stream_is_refused() -> None:
    answer = _response(b"data: 1\n\n", headers={"Content-Type": "text/html"})
    with pytest.raises(sse.NoEventStream):
        list(sse.read(answer))


@pytest.mark.parametrize("parts", [[b"data: " + b"x" * 200], [b"data: x\n\n"] * 30, [b"data: "] + [b"y" * 10] * 12])
async def test_a_sender_that_is_not_trusted_is_held_to_a_size(parts: list[bytes]) -> None:
    with pytest.raises(sse.EventsTooLarge):
        [event async for event in sse.aread_bounded(_response(*parts), max_bytes=256, max_line=100)]


async def test_bytes_of_a_sender_that_is_not_trusted_are_never_unpacked() -> None:
    packed = _response(b"data: plain\n\n", headers={"Content-Encoding": "gzip", "Content-Type": "x"})
    events = [event async for event in sse.aread_bounded(packed, max_bytes=256, max_line=100)]
    assert [event.data for event in events] == ["plain"]
