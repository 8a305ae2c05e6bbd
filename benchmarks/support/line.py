"""A WebSocket client that costs little, so that hundreds of callers fit beside the server they measure.

Frames go out under a mask of zeros, which the protocol allows and which leaves the bytes as they are.
"""

import asyncio
import base64
import os
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10


class BenchLine(asyncio.Protocol):
    """One socket; made by `connected`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._upgraded = False
        self._frames: deque[str | bytes] = deque()
        self._waiting: asyncio.Future[None] | None = None
        # Given binary frames as they come, in place of `recv`.
        self.hears: Callable[[bytes], None] | None = None

    def upgrade(self, host: str, path: str, key: str) -> None:
        assert self._transport is not None
        credential = "" if key == "-" else f"Authorization: Bearer {key}\r\n"
        nonce = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n{credential}\r\n".encode()
        )

    async def opened(self) -> None:
        await self._opened

    def send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            self._write(_TEXT, frame.encode())
        else:
            self._write(_BINARY, frame)

    def _write(self, opcode: int, data: bytes) -> None:
        assert self._transport is not None
        size = len(data)
        length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0xFE, size)
        self._transport.write(bytes([0x80 | opcode]) + length + bytes(4) + data)

    async def recv(self) -> str | bytes:
        """The next frame.

        Raises:
            ConnectionError: There is none any more.
        """
        while not self._frames:
            if self._transport is None or self._transport.is_closing():
                raise ConnectionError("the server has closed")
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._frames.popleft()

    async def close(self) -> None:
        if self._transport is not None:
            self._write(_CLOSE, struct.pack("!H", 1000))
            self._transport.close()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("the server closed before the upgrade"))
        self._wake()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded and not self._answered():
            return
        while (frame := self._next()) is not None:
            self._came(*frame)

    def _answered(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[9:12])
        del self._buffer[: end + 4]
        self._upgraded = True
        if status == b"101":
            self._opened.set_result(None)
        else:
            self._opened.set_exception(ConnectionError(f"the server answered {status.decode()}"))
        return status == b"101"

    def _next(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the first whole frame; servers send theirs in one part and without a mask."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, at = buffer[1], 2
        if size == 126:
            size, at = int.from_bytes(buffer[2:4]), 4
        elif size == 127:
            size, at = int.from_bytes(buffer[2:10]), 10
        if len(buffer) < at + size:
            return None
        opcode, data = buffer[0] & 0x0F, bytes(buffer[at : at + size])
        del buffer[: at + size]
        return opcode, data

    def _came(self, opcode: int, data: bytes) -> None:
        if opcode == _PING:
            self._write(_PONG, data)
        elif opcode == _CLOSE and self._transport is not None:
            self._transport.close()
        elif opcode == _BINARY and self.hears is not None:
            self.hears(data)
        elif opcode in (_TEXT, _BINARY):
            self._frames.append(data.decode() if opcode == _TEXT else data)
            self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@asynccontextmanager
async def connected(url: str, key: str) -> AsyncIterator[BenchLine]:
    """A socket that stands; `key` is "-" where none is needed."""
    where = urlsplit(url)
    loop = asyncio.get_running_loop()
    transport, line = await loop.create_connection(BenchLine, where.hostname or "127.0.0.1", where.port or 80)
    try:
        line.upgrade(where.netloc, where.path or "/", key)
        await line.opened()
        yield line
        await line.close()
    finally:
        transport.abort()
