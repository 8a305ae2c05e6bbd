"""Undocumented names of the `websockets` library, the only file that uses them.

Each has a canary in `tests/voice_server/test_websockets_internals.py`. `works` tries them all; where it says no, the
voice server leaves every frame to the library (`fast_path`).
"""

from collections.abc import Callable
from types import CodeType
from typing import Any, Final

from websockets import frames
from websockets.asyncio.connection import Connection
from websockets.asyncio.messages import Assembler
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side
from websockets.streams import StreamReader

# `websockets.frames` binds the function in C where the wheel has it, the one in Python elsewhere.
unmask: Final[Callable[[bytes, bytes], bytes] | None] = getattr(frames, "apply_mask", None)


def between_frames(protocol: Protocol) -> bool:
    """Return True if the parser waits for the first byte of a frame, and no message is in pieces.

    `Protocol.parser` is a generator that waits in `StreamReader.at_eof` there and nowhere else; `current_size` is None
    unless a message is in pieces.
    """
    return protocol.current_size is None and _waits_in(protocol.parser) is StreamReader.at_eof.__code__


def _waits_in(parser: Any) -> CodeType:
    """Return the code in which a generator waits, through all that it yields from."""
    inner = parser.gi_yieldfrom
    code: CodeType = parser.gi_code
    return code if inner is None else _waits_in(inner)


def frames_wait(connection: Connection) -> bool:
    """Return True if frames that have arrived wait for `recv`."""
    return len(connection.recv_messages.frames) > 0


def is_sending(connection: Connection) -> bool:
    """Return True if a `send` of a message in pieces has not ended."""
    return connection.send_in_progress is not None


def flush(connection: Connection) -> None:
    """Write what the protocol has to send."""
    connection.send_data()


def works() -> bool:
    """Return True if this version of the library has all of the names, and they mean what they are used for.

    To be called where a loop runs.
    """
    try:
        return _parser_is_known() and _messages_are_known() and _connection_is_known()
    except (AttributeError, TypeError, ValueError):
        return False


def _parser_is_known() -> bool:
    """Drive a protocol through a frame in two halves, and through a message in two frames."""
    protocol = Protocol(Side.SERVER)
    whole = bytes(Frame(Opcode.BINARY, b"canary").serialize(mask=True))
    seen = [between_frames(protocol)]
    for data in (whole[:7], whole[7:], bytes(Frame(Opcode.BINARY, b"first", fin=False).serialize(mask=True))):
        protocol.receive_data(data)
        seen.append(between_frames(protocol))
    return seen == [True, False, True, False]


def _messages_are_known() -> bool:
    messages = Assembler()
    before = len(messages.frames)
    messages.put(Frame(Opcode.BINARY, b"canary"))
    return (before, len(messages.frames)) == (0, 1)


def _connection_is_known() -> bool:
    """Check names that only a connection with a socket has: methods by name, attributes in its constructor's code."""
    set_at_start = Connection.__init__.__code__.co_names
    return (
        unmask is not None
        and unmask(b"\x01\x02\x03\x04\x05", b"\x01\x02\x03\x04") == b"\0\0\0\0\x04"
        and callable(Connection.send_data)
        and callable(Connection.process_event)
        and "send_in_progress" in set_at_start
        and ("recv_messages" in set_at_start or "recv_messages" in Connection.connection_made.__code__.co_names)
    )
