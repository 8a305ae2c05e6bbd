"""The frames between the voice server and its speech workers: length, call, kind, payload."""

import asyncio
import struct
from enum import IntEnum
from typing import BinaryIO, NamedTuple

_HEAD = struct.Struct("!IIB")
_UTTERANCE = struct.Struct("!IB")
_MAX_BYTES = 16_000_000


class FrameKind(IntEnum):
    # To a worker.
    OPEN = 1
    AUDIO = 2
    SAY = 3
    HUSH = 4
    CLOSE = 5
    # From a worker.
    READY = 10
    STARTED = 11
    STOPPED = 12
    HYPOTHESIS = 13
    HEARD = 14
    SPOKEN = 15
    FAILED = 16


class Frame(NamedTuple):
    call: int
    kind: FrameKind
    payload: bytes = b""


def encode(frame: Frame) -> bytes:
    return _HEAD.pack(len(frame.payload), frame.call, frame.kind) + frame.payload


def pack_position(at_ms: int, text: str = "") -> bytes:
    return struct.pack("!Q", at_ms) + text.encode()


def unpack_position(payload: bytes) -> tuple[int, str]:
    return struct.unpack("!Q", payload[:8])[0], payload[8:].decode()


def pack_utterance(number: int, data: bytes, *, last: bool = False) -> bytes:
    return _UTTERANCE.pack(number, last) + data


def unpack_utterance(payload: bytes) -> tuple[int, bytes, bool]:
    number, last = _UTTERANCE.unpack_from(payload)
    return number, payload[_UTTERANCE.size :], bool(last)


def read(source: BinaryIO) -> Frame | None:
    """The next frame; None at the end."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    size, call, kind = _HEAD.unpack(head)
    return Frame(call, FrameKind(kind), source.read(size)) if size <= _MAX_BYTES else None


async def receive(source: asyncio.StreamReader) -> Frame | None:
    """The next frame; None at the end, also at one that cannot be."""
    try:
        size, call, kind = _HEAD.unpack(await source.readexactly(_HEAD.size))
        return Frame(call, FrameKind(kind), await source.readexactly(size)) if size <= _MAX_BYTES else None
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None
