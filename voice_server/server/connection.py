"""A WebSocket connection of the server: counted from its first byte, and what its handshake made it."""

import asyncio
from typing import Any

from websockets.protocol import State

from oratio.protocol.voice import CloseCode
from voice_server.server import websockets_internals as internals
from voice_server.server.auth import CallerGrant, OperatorGrant, RelayGrant
from voice_server.server.call_registry import CallRegistry
from voice_server.server.fast_path import FastPathConnection
from voice_server.server.metrics import VoiceMetrics

_CODES = {1009: CloseCode.TOO_LARGE, 1007: CloseCode.BAD_MESSAGE}


class Connection(FastPathConnection):
    """A connection that is counted from its first byte, and closes by the contract's codes.

    On the fast path it is pinged by a timer, where the library's own pings would take a task a connection.

    Args:
        fast: Whether the fast path is available.
    """

    # A peer of which nothing has come for the two together, though it was pinged, has disconnected.
    ping_s = 20.0
    pong_s = 20.0

    # Which of these is set says what the socket is: a caller's, an operator's, or one another process hands on.
    grant: CallerGrant | None = None
    visit: OperatorGrant | None = None
    passed: RelayGrant | None = None
    _switchboard: CallRegistry | None = None
    # Set by the first byte, on the fast path only.
    _pinging: asyncio.TimerHandle | None = None

    def __init__(
        self, *args: Any, metrics: VoiceMetrics, limit: int, counted: set["Connection"], fast: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._metrics, self._limit, self._counted, self.fast = metrics, limit, counted, fast
        fail = self.protocol.fail
        self.protocol.fail = lambda code, reason="": fail(_CODES.get(code, code), reason)  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._counted) >= self._limit:
            self.abort()
            return
        self._counted.add(self)
        self._metrics.connections.inc()
        self.heard_s = self.loop.time()
        if self.fast:
            self._pinging = self.loop.call_later(self.ping_s, self._ping)

    def _ping(self) -> None:
        self._count_hits()
        if self.loop.time() - self.heard_s > self.ping_s + self.pong_s:
            self.abort()
            return
        if self.protocol.state is State.OPEN:
            self.protocol.send_ping(b"")
            internals.flush(self)
        self._pinging = self.loop.call_later(self.ping_s, self._ping)

    def _count_hits(self) -> None:
        """Add to the metric now and then: a counter takes longer than a frame does."""
        self._metrics.fast_path.inc(self.hits)
        self.hits = 0

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._counted:
            if self._pinging is not None:
                self._pinging.cancel()
            self._counted.discard(self)
            self._metrics.connections.dec()
            self._count_hits()
        if self.grant is not None and self._switchboard is not None:
            self._switchboard.release(self.grant)
        super().connection_lost(exc)

    def hold(self, grant: CallerGrant, switchboard: CallRegistry, elsewhere: int) -> None:
        """Take the caller's place; it is free again when the connection is lost, whatever became of it.

        Raises:
            Unavailable, RateLimited: There is no place.
        """
        switchboard.reserve(grant, elsewhere)
        self.grant, self._switchboard = grant, switchboard

    def abort(self) -> None:
        self.transport.abort()
