"""A WebSocket connection of the server: counted from its first byte, and what its handshake made it."""

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from voice_server.gate import Grant, Pass, Visit
from voice_server.metrics import Metrics
from voice_server.switchboard import Switchboard
from voice_server.wire import CloseCode

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
    grant: Grant | None = None
    visit: Visit | None = None
    passed: Pass | None = None
    # Given audio as it arrives, without a task between; None: every frame waits for `recv`.
    hears: Callable[[bytes], None] | None = None
    _switchboard: Switchboard | None = None

    def __init__(self, *args: Any, metrics: Metrics, limit: int, counted: set["Connection"], **options: Any) -> None:
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
        super().data_received(data)

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

    def hold(self, grant: Grant, switchboard: Switchboard, elsewhere: int) -> None:
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
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        self.send_data()

    def abort(self) -> None:
        self.transport.abort()
