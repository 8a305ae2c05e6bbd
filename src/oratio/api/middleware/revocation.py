"""Revocation of an API key during a turn: pure ASGI round the application."""

import asyncio
import logging
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oratio.api import problems
from oratio.errors import NotAuthenticated, OratioError
from oratio.protocol.problems import problem_body
from oratio.protocol.sse import event

logger = logging.getLogger(__name__)

CHECK_S = 4.0
"""Interval of checking the key of a turn in progress; the promise is an end within 10 s."""


async def while_valid(app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, valid: Callable[[], bool]) -> None:
    """Run the application; end the turn once the key is no longer valid, and report the reason to the client.

    Args:
        app: Answers the turn. To end it, its `receive` reports that the client has gone, and it stops.
        valid: Returns True if the key may still be used; reads the record.
    """
    ended = asyncio.Event()
    started = complete = False

    async def watch() -> None:
        while not ended.is_set():
            await asyncio.sleep(CHECK_S)
            try:
                if not await run_in_threadpool(valid):
                    ended.set()
            except OratioError as error:
                logger.warning("| revocation not checked: %s", error.code)

    async def receiving() -> Message:
        arriving, ending = asyncio.ensure_future(receive()), asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait([arriving, ending], return_when=asyncio.FIRST_COMPLETED)
            return arriving.result() if arriving.done() else {"type": "http.disconnect"}
        finally:
            arriving.cancel()
            ending.cancel()

    async def sending(message: Message) -> None:
        nonlocal started, complete
        if ended.is_set():
            return
        started = True
        complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await send(message)

    watching = asyncio.create_task(watch())
    try:
        await app(scope, receiving, sending)
    finally:
        watching.cancel()
    if ended.is_set() and not complete:
        error = NotAuthenticated("the API key was revoked or expired during the turn", hint="use another key")
        if not started:
            answer = problems.of_exception(error)
            assert answer is not None
            await answer(scope, receive, send)
            return
        last = event(problem_body(error.status, error.code, str(error)), name="error")
        await send({"type": "http.response.body", "body": last, "more_body": False})
