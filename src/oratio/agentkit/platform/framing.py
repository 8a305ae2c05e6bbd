"""Length-prefixed JSON between an agent process, the process it was forked from, and their host.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON, always an object.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Iterator, Mapping
from typing import Any

MAX_FRAME_BYTES = 4 * 1024 * 1024
_HEADER = struct.Struct(">I")


class BadFrame(Exception):
    """The other side sent something that is no frame, or one over the limit."""


def encode(value: Mapping[str, Any], *, limit: int = MAX_FRAME_BYTES) -> bytes:
    """One frame.

    Raises:
        BadFrame: The value is larger than `limit` bytes, or not JSON.
    """
    try:
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        raise BadFrame("the value is not JSON") from None
    if len(body) > limit:
        raise BadFrame(f"the frame is over {limit} bytes")
    return _HEADER.pack(len(body)) + body


def _length(header: bytes, limit: int) -> int:
    (length,) = _HEADER.unpack(header)
    if length > limit:
        raise BadFrame(f"the frame is over {limit} bytes")
    return int(length)


def _decode(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadFrame("the frame is not JSON") from None
    if not isinstance(value, dict):
        raise BadFrame("the frame is not an object")
    return value


def take_frames(data: bytearray, *, limit: int = MAX_FRAME_BYTES) -> Iterator[dict[str, Any]]:
    """Take the whole frames off the front of what has arrived; a part of one stays for the next call.

    Raises:
        BadFrame: What arrived is no frame.
    """
    while len(data) >= _HEADER.size:
        end = _HEADER.size + _length(bytes(data[: _HEADER.size]), limit)
        if len(data) < end:
            return
        body = bytes(data[_HEADER.size : end])
        del data[:end]
        yield _decode(body)


async def read_frame(reader: asyncio.StreamReader, *, limit: int = MAX_FRAME_BYTES) -> dict[str, Any] | None:
    """The next frame; None when the other side has closed.

    Raises:
        BadFrame: What arrived is no frame.
    """
    try:
        return _decode(await reader.readexactly(_length(await reader.readexactly(_HEADER.size), limit)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def receive_frame(sock: socket.socket, *, limit: int = MAX_FRAME_BYTES) -> dict[str, Any] | None:
    """The next frame of a blocking socket, within the socket's own timeout; None when the other side has closed.

    Raises:
        BadFrame: What arrived is no frame.
        TimeoutError: Nothing arrived in time.
    """
    header = _receive(sock, _HEADER.size)
    body = _receive(sock, _length(header, limit)) if header is not None else None
    return None if body is None else _decode(body)


def _receive(sock: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = sock.recv(min(size - len(parts), 65536))
        except ConnectionError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)
