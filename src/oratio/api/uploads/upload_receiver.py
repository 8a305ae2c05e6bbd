"""Receiver of uploads: reads the request in the loop, parses and stages in a thread, one block ahead."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from oratio.api.uploads.multipart import FormReader, ParsedForm, boundary_of
from oratio.errors import TooLarge, Unavailable
from oratio.services.agents.form_validation import FORM_FIELDS
from oratio.services.knowledge.resumable_uploads import PartWriter
from oratio.services.knowledge.uploads import UploadService
from oratio.settings import Settings

BLOCK = 1 << 20
_PER_TENANT = 4
_IN_ALL = 16
_UTF8 = 4  # most bytes of a character
_JSON = 12  # the same as a JSON escape of a surrogate pair
_ROOM = 2  # texts a little over their limit are refused by the rules, which can say by how much


def field_limits(settings: Settings) -> dict[str, int]:
    """Return the most bytes each text field may have; the services check the exact limits in characters."""
    description = settings.limits.max_description_chars * _UTF8 * _ROOM
    return {
        **dict.fromkeys(FORM_FIELDS, description),
        "agentName": 4096,
        "agentType": 4096,
        "sop": settings.limits.max_sop_chars * _UTF8 * _ROOM,
        "folderFileDescriptions": min(
            settings.limits.max_files * (settings.limits.max_description_chars * _JSON + 2048), 16 * 1024 * 1024
        ),
    }


class UploadReceiver:
    """Receiver of forms, a few at a time; the others wait with their bodies unread."""

    def __init__(self, uploads: UploadService, settings: Settings) -> None:
        self._uploads = uploads
        self._fields = field_limits(settings)
        self._most = settings.limits.max_total_bytes + 32 * 1024 * 1024
        self._all = asyncio.Semaphore(_IN_ALL)
        self._tenants: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def form(
        self, request: Request, user_id: str, extra: Mapping[str, int] | None = None
    ) -> AsyncIterator[ParsedForm]:
        """Yield the request's form; its staged files are deleted when the block ends.

        Args:
            request: A request whose body was not read.
            user_id: The tenant; one tenant's uploads do not hold up the others'.
            extra: More text fields this form may have, with their most bytes.

        Raises:
            Refusal, InvalidInput, TooLarge: See `FormReader`.
            ClientDisconnect: The client disconnected.
            Unavailable: The disk is full.
        """
        boundary = boundary_of(request.headers.get("content-type"))
        async with self._turn(user_id), self._all:
            upload = await run_in_threadpool(self._uploads.open)
            try:
                reader = FormReader(boundary, upload, {**self._fields, **(extra or {})})
                yield await self._read(request, reader)
            finally:
                await asyncio.shield(run_in_threadpool(upload.__exit__, None, None, None))

    async def part(self, request: Request, user_id: str, begin: Callable[[], PartWriter]) -> None:
        """Read the request's body into the writer that `begin` opens, a block at a time.

        Raises:
            NotFound, InvalidInput, TooLarge, Unavailable: See `ResumableUploads.receive` and `PartWriter`.
            ClientDisconnect: The client disconnected.
        """
        writer: PartWriter | None = None

        def take(block: list[bytes], *, last: bool) -> None:
            nonlocal writer
            writer = writer or begin()
            for data in block:
                writer.write(data)
            if last:
                writer.finish()
                writer.close()

        block: list[bytes] = []
        waiting = 0
        async with self._turn(user_id), self._all:
            try:
                async for chunk in request.stream():
                    block.append(chunk)
                    waiting += len(chunk)
                    if waiting >= BLOCK:
                        await run_in_threadpool(take, block, last=False)
                        block, waiting = [], 0
                await run_in_threadpool(take, block, last=True)
            except BaseException:
                if writer is not None:
                    await asyncio.shield(run_in_threadpool(writer.close))
                raise

    @asynccontextmanager
    async def _turn(self, user_id: str) -> AsyncIterator[None]:
        slots, waiting = self._tenants.get(user_id, (asyncio.Semaphore(_PER_TENANT), 0))
        self._tenants[user_id] = (slots, waiting + 1)
        try:
            async with slots:
                yield
        finally:
            slots, waiting = self._tenants[user_id]
            if waiting == 1:
                del self._tenants[user_id]
            else:
                self._tenants[user_id] = (slots, waiting - 1)

    async def _read(self, request: Request, reader: FormReader) -> ParsedForm:
        block: list[bytes] = []
        received = waiting = 0
        ahead: asyncio.Task[None] | None = None
        try:
            async for chunk in request.stream():
                received += len(chunk)
                if received > self._most:
                    raise TooLarge(f"the form is longer than {self._most} bytes")
                block.append(chunk)
                waiting += len(chunk)
                if waiting >= BLOCK:
                    if ahead is not None:
                        await ahead
                    ahead = asyncio.create_task(_feed(reader, block))
                    block, waiting = [], 0
            if ahead is not None:
                await ahead
            await _feed(reader, block)
            return await run_in_threadpool(reader.finish)
        except BaseException:
            if ahead is not None and not ahead.done():
                await asyncio.wait([ahead])
            if ahead is not None and not ahead.cancelled():
                ahead.exception()
            await run_in_threadpool(reader.abort)
            raise


async def _feed(reader: FormReader, block: list[bytes]) -> None:
    def feed() -> None:
        reader.feed(b"".join(block))

    try:
        await run_in_threadpool(feed)
    except OSError as error:
        raise Unavailable(f"an upload could not be stored ({error.strerror})", hint="free disk space") from error
