"""Routes of calls for the browser: its script, recordings, and tickets for the signed-in operator."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from console.backend import client
from console.web.identity import token_of
from console.web.session import same_origin
from oratio.client import Client
from oratio.errors import InvalidInput, OratioError
from oratio.protocol.http import TicketView
from oratio.web import voice_module, worklet

_MAX_BODY = 2_000
_SCRIPT = {"Cache-Control": "no-cache"}


async def voice_script(_request: Request) -> Response:
    return Response(voice_module(), media_type="text/javascript", headers=_SCRIPT)


async def voice_worklet(_request: Request) -> Response:
    return Response(worklet(), media_type="text/javascript", headers=_SCRIPT)


async def call_ticket(request: Request) -> Response:
    """Create a ticket to call the agent of `{"id"}`, for this page's origin only."""
    origin = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return await _ticket(request, lambda api, agent_id: api.voice_ticket(agent_id, origin=origin))


async def operator_ticket(request: Request) -> Response:
    """Create a ticket to join the call `{"id"}` as its operator."""
    return await _ticket(request, lambda api, conversation_id: api.operator_ticket(conversation_id))


async def audio(request: Request) -> Response:
    """Send a call's recording, or a part of it when the player asks for one."""
    token, name = token_of(request.cookies), request.path_params["conversation_id"]
    folder = Path(tempfile.mkdtemp(prefix="oratio-recording-"))
    try:
        await asyncio.to_thread(_fetched, token, name, folder / "call.wav")
    except OratioError as error:
        shutil.rmtree(folder, ignore_errors=True)
        return JSONResponse({"code": error.code, "message": str(error)}, error.status)
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(
        folder / "call.wav", media_type="audio/wav", background=gone, headers={"Cache-Control": "no-store"}
    )


def _fetched(token: str, conversation_id: str, target: Path) -> None:
    with client(token) as api:
        api.recording(conversation_id, target)


async def _ticket(request: Request, ask: Callable[[Client, str], TicketView]) -> Response:
    try:
        name = await _name(request)
        return JSONResponse(await asyncio.to_thread(_asked, token_of(request.cookies), ask, name), 201)
    except OratioError as error:
        return JSONResponse({"code": error.code, "message": str(error)}, error.status)


def _asked(token: str, ask: Callable[[Client, str], TicketView], name: str) -> dict[str, object]:
    with client(token) as api:
        return ask(api, name).model_dump(mode="json", by_alias=True)


async def _name(request: Request) -> str:
    if not same_origin(request):
        raise InvalidInput("send this from the console's own page")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY:
            raise InvalidInput("the request is too large")
    try:
        name = json.loads(body)["id"]
    except (ValueError, KeyError, TypeError):
        name = None
    if not isinstance(name, str) or not name:
        raise InvalidInput("send a JSON object with an `id`")
    return name
