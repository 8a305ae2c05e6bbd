"""Routes of resumable uploads: list the files, send those missing, name the upload in a form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from oratio.api.context import ApiContext, ByCaller, InContext, answers, reply
from oratio.protocol.http import NewUpload, UploadBody, UploadView
from oratio.services.knowledge.resumable_uploads import ResumableUpload
from oratio.services.knowledge.uploads import StagedFile

router = APIRouter(tags=["uploads"])

UPLOAD_ID = "uploadId"
UPLOAD_ID_BYTES = 400
UPLOAD_FIELD: dict[str, Any] = {"type": "string", "description": "A complete upload whose files are the folder's."}
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _view(upload: ResumableUpload) -> UploadView:
    missing = upload.missing
    absent = {file.path for file in missing}
    held = [file.path for file in upload.files if file.path not in absent]
    return UploadView(upload_id=upload.upload_id, complete=not missing, held=held, missing=missing)


@asynccontextmanager
async def staged_files(context: ApiContext, user_id: str, fields: dict[str, str]) -> AsyncIterator[list[StagedFile]]:
    """Yield the files of the upload that a form names; take the field out of the form."""
    kept, upload_id = context.services.kept_uploads, fields.pop(UPLOAD_ID, None)
    if upload_id is None:
        yield []
        return
    files = await run_in_threadpool(kept.staged, user_id, upload_id.strip())
    try:
        yield files
    finally:
        await asyncio.shield(run_in_threadpool(kept.release, files))


@router.post("/api/uploads", response_model=None, responses=answers(201, NewUpload, 409))
def begin_upload(body: UploadBody, context: InContext, caller: ByCaller) -> Response:
    """Start an upload from a list of files; the same list again resumes it and returns the files received."""
    kept = context.services.kept_uploads
    upload = kept.begin(caller.user_id, body.files)
    ticket, expires_at = kept.ticket(caller.user_id, upload.upload_id)
    answer = NewUpload(**dict(_view(upload)), ticket=ticket, expires_at=expires_at)
    return reply(answer, 201, {"Location": f"/api/uploads/{upload.upload_id}"})


@router.get("/api/uploads/{uploadId}", response_model=None, responses=answers(200, UploadView))
def show_upload(uploadId: str, context: InContext, caller: ByCaller) -> Response:
    """Show the files of an upload that are received and those that are missing."""
    return reply(_view(context.services.kept_uploads.get(caller.user_id, uploadId)))


@router.delete("/api/uploads/{uploadId}", response_model=None, responses=answers(204, None))
def delete_upload(uploadId: str, context: InContext, caller: ByCaller) -> Response:
    """Delete an upload and its bytes; an idle one is deleted after a day."""
    context.services.kept_uploads.discard(caller.user_id, uploadId)
    return Response(status_code=204)


@router.put(
    "/api/uploads/{uploadId}/files/{sha256}",
    response_model=None,
    responses=answers(204, None, 403),
    openapi_extra=_BYTES,
)
async def send_file(
    uploadId: str,
    sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    request: Request,
    context: InContext,
    caller: ByCaller,
) -> Response:
    """Send one listed file's bytes; stored only when they match the list, and may be repeated."""
    begin = partial(context.services.kept_uploads.receive, caller.user_id, uploadId, sha256)
    await context.receiver.part(request, caller.user_id, begin)
    return Response(status_code=204)
