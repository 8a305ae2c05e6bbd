"""HTTP endpoints of the flow worker: `/healthz` for its supervisor, `/metrics` for Prometheus."""

import asyncio
import logging
from collections.abc import Callable

from flows.metrics import CONTENT_TYPE, METRICS

logger = logging.getLogger(__name__)

_REQUEST_WAIT_S = 5.0
_MAX_HEAD_BYTES = 16_384


class Exposure:
    """Server of two addresses, a connection a request. `ready` returns True while runs are being taken."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._ready = ready
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> None:
        """Listen; a port that is taken costs the metrics, not the work: a second worker may share a machine."""
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=_MAX_HEAD_BYTES)
        except OSError as error:
            logger.warning("port=<%d> | no metrics here: %s", port, error.strerror)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_WAIT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head.split(b"\r\n", 1)[0].split(b" ")))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _answer(self, request: list[bytes]) -> bytes:
        match request:
            case [b"GET", b"/metrics", _]:
                return _response(200, "OK", METRICS.text(), CONTENT_TYPE)
            case [b"GET", b"/healthz", _] if self._ready():
                return _response(200, "OK", b'{"status": "ok"}', "application/json")
            case [b"GET", b"/healthz", _]:
                return _response(503, "Service Unavailable", b'{"status": "starting"}', "application/json")
            case _:
                return _response(404, "Not Found", b"", "text/plain")


def _response(status: int, reason: str, body: bytes, content_type: str) -> bytes:
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
