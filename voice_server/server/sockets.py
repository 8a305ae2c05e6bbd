"""The part of a WebSocket connection that calls and operators need."""

import asyncio
from typing import Protocol

from websockets.exceptions import ConnectionClosed

SEND_TIMEOUT_S = 5.0


class Socket(Protocol):
    def writable(self) -> bool:
        """Whether `write` may be used: the line takes a message without waiting."""
        ...

    def write(self, message: str | bytes) -> None: ...

    async def send(self, message: str | bytes) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...

    def abort(self) -> None: ...


async def closed(socket: Socket, code: int, reason: str) -> None:
    """Close a socket; one whose other end does not answer is cut off."""
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await socket.close(code, reason)
    except (TimeoutError, ConnectionClosed):
        socket.abort()
