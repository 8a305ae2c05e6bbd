"""Bypass of the WebSocket library for audio: one whole frame at a time, with no parser, queue or task between.

Audio is by far the most of what a socket carries. `ORATIO_VOICE_FAST_PATH=false` turns the bypass off; it is also off
where the library lacks a name that it needs (`websockets_internals`). Without it every frame goes through `recv` and
`send`.
"""

import logging
from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from voice_server.server import websockets_internals as internals
from voice_server.server.websockets_internals import frames_wait, unmask

logger = logging.getLogger(__name__)

# What was written in this round of the loop may wait for its end; more than that waits for the peer.
_LITTLE = 4096
# RFC 6455, 5.2: FIN and the opcode of binary data; the mask bit; lengths from 126 on are in the two bytes that follow.
_WHOLE_BINARY, _MASKED, _SIZE_FOLLOWS = 0x82, 0x80, 126
_MOST = 1 << 16


def available(*, wanted: bool) -> bool:
    """Return True if connections may take the fast path; log why not where it was wanted."""
    if not wanted:
        return False
    if not internals.works():
        logger.warning("| fast path off: this version of websockets is not known; every frame goes through its parser")
        return False
    return True


class FastPathConnection(ServerConnection):
    """A connection that hands audio on as it arrives, and writes without waiting where nothing is in the way."""

    fast = False
    # Given audio as it arrives, without a task between; None: every frame waits for `recv`.
    hears: Callable[[bytes], None] | None = None
    # Frames that passed by the library's parser and have not been counted yet.
    hits = 0
    # When anything came last, by the loop's clock.
    heard_s = 0.0
    # Whether the library's parser waits for the first byte of a frame.
    _at_boundary = False

    def hear_with(self, hears: Callable[[bytes], None] | None) -> None:
        """Give audio to this function from now on; without the fast path it comes through `recv`."""
        self.hears = hears if self.fast else None

    def data_received(self, data: bytes) -> None:
        self.heard_s = self.loop.time()
        # Not with frames waiting for `recv`, which go first, nor in the middle of a frame or a message in pieces, where
        # bytes that look like a frame are content or an error: the library knows which.
        if (
            self.hears is not None
            and self._at_boundary
            and self.protocol.state is State.OPEN
            and not frames_wait(self)
            and (audio := lone_audio(data)) is not None
        ):
            self.hits += 1
            self.hears(audio)
            return
        super().data_received(data)
        if self.fast:
            self._at_boundary = internals.between_frames(self.protocol)

    def process_event(self, event: Event) -> None:
        if (
            self.hears is not None
            and isinstance(event, Frame)
            and event.opcode is Opcode.BINARY
            and event.fin
            and not frames_wait(self)
        ):
            self.hears(bytes(event.data))
        else:
            super().process_event(event)

    def writable(self) -> bool:
        """Return True if the line takes a message without waiting."""
        transport = self.transport
        return (
            self.fast
            and self.protocol.state is State.OPEN
            and not internals.is_sending(self)
            and not transport.is_closing()
            and transport.get_write_buffer_size() < _LITTLE
        )

    def write(self, message: str | bytes) -> None:
        """Do what `send` does when it need not wait: no lock, no flow control, no task switch."""
        if isinstance(message, bytes) and len(message) < _MOST and self.protocol.state is State.OPEN:
            self.transport.write(audio_frame(message))
            return
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        internals.flush(self)


def lone_audio(data: bytes) -> bytes | None:
    """Return the payload, if what came is exactly one whole, masked binary frame of fewer than 65,536 bytes."""
    if len(data) < 6 or data[0] != _WHOLE_BINARY or not data[1] & _MASKED:
        return None
    size, begin = data[1] & 0x7F, 2
    if size == _SIZE_FOLLOWS:
        size, begin = int.from_bytes(data[2:4]), 4
    elif size > _SIZE_FOLLOWS:
        return None
    if len(data) != begin + 4 + size or unmask is None:
        return None
    return unmask(data[begin + 4 :], data[begin : begin + 4])


def audio_frame(audio: bytes) -> bytes:
    """Return a whole binary frame from the server, of fewer than 65,536 bytes."""
    size = len(audio)
    head = (
        bytes((_WHOLE_BINARY, size))
        if size < _SIZE_FOLLOWS
        else bytes((_WHOLE_BINARY, _SIZE_FOLLOWS, size >> 8, size & 0xFF))
    )
    return head + audio
