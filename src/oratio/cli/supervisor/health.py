"""Health checks on the loopback: one HTTP GET, or a heartbeat file."""

import asyncio
import json
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

PROBE_TIMEOUT_S = 3.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class HealthCheck(Protocol):
    @abstractmethod
    async def healthy(self, since_ms: int) -> bool:
        """Return True if the service answers now; signs of life from before `since_ms` do not count. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class HttpHealth(HealthCheck):
    """Health check that passes when `url` answers 200."""

    url: str

    async def healthy(self, since_ms: int) -> bool:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                return await self._status() == 200
        except (OSError, TimeoutError, ValueError, IndexError):
            return False

    async def _status(self) -> int:
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            await writer.drain()
            return int((await reader.readline()).split()[1])
        finally:
            writer.close()


@dataclass(frozen=True, slots=True)
class HeartbeatHealth(HealthCheck):
    """Health check by a file, JSON `{"at": <ms>, "ready"?: bool}`: ready, and younger than `max_age_ms`."""

    path: Path
    max_age_ms: int = 10_000
    clock_ms: Callable[[], int] = now_ms

    async def healthy(self, since_ms: int) -> bool:
        try:
            beat = json.loads(self.path.read_bytes())
            at, ready = beat["at"], beat.get("ready", True)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
        return bool(ready) and isinstance(at, int) and at >= since_ms and self.clock_ms() - at < self.max_age_ms
