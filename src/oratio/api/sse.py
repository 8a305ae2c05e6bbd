"""Server-sent events: a response that stops its source as soon as the client disconnects."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from oratio.errors import OratioError
from oratio.protocol.problems import problem_body
from oratio.protocol.sse import event

logger = logging.getLogger(__name__)

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(Response):
    """Response of what a generator yields; closes the generator when the client disconnects."""

    media_type = "text/event-stream"

    def __init__(self, source: AsyncGenerator[bytes]) -> None:
        super().__init__(None, 200, headers=_HEADERS)
        del self.headers["content-length"]
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(gone(receive))
        try:
            await asyncio.wait([sender, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, leaving):
                if not task.done():
                    task.cancel()
            await asyncio.gather(sender, leaving, return_exceptions=True)
        if not sender.cancelled() and (error := sender.exception()) is not None:
            raise error

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._source) as source:
            try:
                async for part in source:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            except OratioError as error:
                # The status line is long gone: the problem goes as the last event.
                found = problem_body(error.status, error.code, str(error))
                await send({"type": "http.response.body", "body": event(found, name="error"), "more_body": True})
            except Exception:
                logger.exception("| event stream failed")
                found = problem_body(500, "internal", "something went wrong here; try again")
                await send({"type": "http.response.body", "body": event(found, name="error"), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def gone(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone[R](request: Request, work: Coroutine[Any, Any, R]) -> R | None:
    """Return the work's result; None when the client disconnected first and the work was stopped."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(gone(request.receive))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            if not task.done():
                task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
