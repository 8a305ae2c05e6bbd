"""Routes of a draft's files: the folder picker sends each to its own address, several at a time, straight to disk."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from console.backend import settings, tenant_of
from console.state import drafts
from console.web.identity import token_of
from console.web.session import same_origin
from oratio.domain.knowledge.uploads import SNIFF_BYTES, sniff
from oratio.errors import InvalidInput, OratioError, TooLarge

_MAX_LIST = 4_000_000
_BLOCK = 1 << 20


async def list_files(request: Request) -> Response:
    """List the draft's files, `{path: [bytes, last modified in ms]}`, so that an interrupted upload can resume."""

    def held(tenant: str, draft_id: str) -> dict[str, list[int]]:
        drafts().get(tenant, draft_id)
        stats = {path: file.stat() for path, file in drafts().files(tenant, draft_id).items()}
        return {path: [found.st_size, found.st_mtime_ns // 1_000_000] for path, found in stats.items()}

    return await _answer(request, held)


async def remove_files(request: Request) -> Response:
    """Remove the files of a JSON list of paths from the draft."""
    body = await _body(request, _MAX_LIST)

    def remove(tenant: str, draft_id: str) -> dict[str, int]:
        try:
            paths = json.loads(body)
        except ValueError:
            paths = None
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise InvalidInput("send a JSON list of paths")
        drafts().remove(tenant, draft_id, paths)
        return {"removed": len(paths)}

    return await _answer(request, remove)


async def put_file(request: Request) -> Response:
    """Store one file of the draft; its path and last change are in the query, its bytes are the body."""
    try:
        tenant = await _tenant(request)
        draft_id, path = request.path_params["draft_id"], request.query_params.get("path", "")
        place = await asyncio.to_thread(drafts().place, tenant, draft_id, path)
        with drafts().incoming(tenant, draft_id) as file:
            size = await _receive(request, file)
            modified = request.query_params.get("modified", "")
            await asyncio.to_thread(_accept, file, place, path, modified)
    except ClientDisconnect:
        return Response(status_code=499)
    except OratioError as error:
        return _refusal(error)
    return JSONResponse({"path": path, "size": size}, 201)


async def _receive(request: Request, file: Path) -> int:
    most, size = settings().limits.max_file_bytes, 0
    block = bytearray()
    with file.open("wb") as target:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLarge(f"the file is larger than {most // 1_000_000} MB")
            block += part
            if len(block) >= _BLOCK:
                await asyncio.to_thread(target.write, bytes(block))
                block.clear()
        target.write(block)
    return size


def _accept(file: Path, place: Path, path: str, modified: str) -> None:
    with file.open("rb") as source:
        _, reason = sniff(path, source.read(SNIFF_BYTES))
    if reason:
        raise InvalidInput(reason)
    if modified.isdecimal() and len(modified) < 16:
        at = int(modified) * 1_000_000
        os.utime(file, ns=(at, at))
    drafts().keep(file, place)


async def _tenant(request: Request) -> str:
    """Return the signed-in tenant of a request that comes from the console's own page."""
    if not same_origin(request):
        raise InvalidInput("send this from the console's own page")
    return await asyncio.to_thread(tenant_of, token_of(request.cookies))


async def _answer(request: Request, act: Callable[[str, str], Any]) -> Response:
    try:
        tenant = await _tenant(request)
        return JSONResponse(await asyncio.to_thread(act, tenant, request.path_params["draft_id"]))
    except OratioError as error:
        return _refusal(error)


async def _body(request: Request, most: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return b""
    return bytes(body)


def _refusal(error: OratioError) -> Response:
    return JSONResponse({"code": error.code, "message": str(error)}, error.status)
