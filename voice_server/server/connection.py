"""A WebSocket connection of the server: counted from its first byte, and what its handshake made it."""

import asyncio
from collections.abc import Callable
from types import CodeType
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode, apply_mask  # type: ignore[attr-defined]  # the one in C, where there is one
from websockets.protocol import Event, State
from websockets.streams import StreamReader

from oratio.protocol.voice import CloseCode
from voice_server.server.auth import CallerGrant, OperatorGrant, RelayGrant
from voice_server.server.call_registry import CallRegistry
from voice_server.server.metrics import VoiceMetrics

_CODES = {1009: CloseCode.TOO_LARGE, 1007: CloseCode.BAD_MESSAGE}


# What was written in this round of the loop may wait for its end; more than that waits for the peer.
_LITTLE = 4096


class Connection(ServerConnection):
    """A connection that is counted from its first byte, and closes by the contract's codes.

    It is pinged by a timer, where the library's own pings would take a task a connection.
    """

    # A peer of which nothing has come for the two together, though it was pinged, is gone.
    ping_s = 20.0
    pong_s = 20.0

    # Which of these is set says what the socket is: a caller's, an operator's, or one another process hands on.
    grant: CallerGrant | None = None
    visit: OperatorGrant | None = None
    passed: RelayGrant | None = None
    # Given audio as it arrives, without a task between; None: every frame waits for `recv`.
    hears: Callable[[bytes], None] | None = None
    # Whether the library's parser waits for the first byte of a frame.
    _between_frames = False
    _switchboard: CallRegistry | None = None

    def __init__(
        self, *args: Any, metrics: VoiceMetrics, limit: int, counted: set["Connection"], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._metrics, self._limit, self._counted = metrics, limit, counted
        fail = self.protocol.fail
        self.protocol.fail = lambda code, reason="": fail(_CODES.get(code, code), reason)  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._counted) >= self._limit:
            self.abort()
            return
        self._counted.add(self)
        self._metrics.connections.inc()
        self._heard_s = self.loop.time()
        self._pinging = self.loop.call_later(self.ping_s, self._ping)

    def _ping(self) -> None:
        if self.loop.time() - self._heard_s > self.ping_s + self.pong_s:
            self.abort()
            return
        if self.protocol.state is State.OPEN:
            self.protocol.send_ping(b"")
            self.send_data()
        self._pinging = self.loop.call_later(self.ping_s, self._ping)

    def data_received(self, data: bytes) -> None:
        self._heard_s = self.loop.time()
        if (
            self.hears is not None
            and self._between_frames
            and self.protocol.state is State.OPEN
            and not len(self.recv_messages.frames)  # what waits for `recv` goes first
            and (audio := _lone_audio(data)) is not None
        ):
            self.hears(audio)
            return
        super().data_received(data)
        # In the middle of a message in pieces, a whole frame is an error, which the library tells.
        in_pieces = self.protocol.current_size is not None
        self._between_frames = not in_pieces and _waits_in(self.protocol.parser) is StreamReader.at_eof.__code__

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._counted:
            self._pinging.cancel()
            self._counted.discard(self)
            self._metrics.connections.dec()
        if self.grant is not None and self._switchboard is not None:
            self._switchboard.release(self.grant)
        super().connection_lost(exc)

    def process_event(self, event: Event) -> None:
        if (
            self.hears is not None
            and isinstance(event, Frame)
            and event.opcode is Opcode.BINARY
            and event.fin
            and not len(self.recv_messages.frames)  # what waits for `recv` goes first
        ):
            self.hears(bytes(event.data))
        else:
            super().process_event(event)

    def hold(self, grant: CallerGrant, switchboard: CallRegistry, elsewhere: int) -> None:
        """Take the caller's place; it is free again when the connection is lost, whatever became of it.

        Raises:
            Unavailable, RateLimited: There is no place.
        """
        switchboard.reserve(grant, elsewhere)
        self.grant, self._switchboard = grant, switchboard

    def writable(self) -> bool:
        """Whether the line takes a message without waiting."""
        transport = self.transport
        return (
            self.protocol.state is State.OPEN
            and self.send_in_progress is None
            and not transport.is_closing()
            and transport.get_write_buffer_size() < _LITTLE
        )

    def write(self, message: str | bytes) -> None:
        """What `send` does when it need not wait: no lock, no flow control, no task switch."""
        if isinstance(message, bytes) and len(message) < 1 << 16 and self.protocol.state is State.OPEN:
            self.transport.write(_audio_frame(message))
            return
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        self.send_data()

    def abort(self) -> None:
        self.transport.abort()


# --- audio, by far the most of what a socket carries: one whole frame at a time, with no need of the library's parser

_WHOLE_BINARY, _MASKED, _SIZE_FOLLOWS = 0x82, 0x80, 126


def _waits_in(parser: Any) -> CodeType:
    """The code in which a generator waits, through all that it yields from."""
    inner = parser.gi_yieldfrom
    code: CodeType = parser.gi_code
    return code if inner is None else _waits_in(inner)


def _lone_audio(data: bytes) -> bytes | None:
    """The payload, if what came is exactly one whole, masked binary frame of fewer than 65,536 bytes."""
    if len(data) < 6 or data[0] != _WHOLE_BINARY or not data[1] & _MASKED:
        return None
    size, begin = data[1] & 0x7F, 2
    if size == _SIZE_FOLLOWS:
        size, begin = int.from_bytes(data[2:4]), 4
    elif size > _SIZE_FOLLOWS:
        return None
    if len(data) != begin + 4 + size:
        return None
    return apply_mask(data[begin + 4 :], data[begin : begin + 4])


def _audio_frame(audio: bytes) -> bytes:
    """A whole binary frame from the server, fewer than 65,536 bytes."""
    size = len(audio)
    head = (
        bytes((_WHOLE_BINARY, size))
        if size < _SIZE_FOLLOWS
        else bytes((_WHOLE_BINARY, _SIZE_FOLLOWS, size >> 8, size & 0xFF))
    )
    return head + audio
