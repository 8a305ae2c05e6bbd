"""Waiting, reading and working side by side on an event loop; `blocking_io` has the same names without one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

from oratio.client.forms import Files
from oratio.client.listing import Listing

sleep = asyncio.sleep


async def listed(files: Files) -> Listing:
    """Return the files' list; reading them does not block the loop."""
    return await asyncio.to_thread(Listing, files)


async def body(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the blocks of an iterator that reads files, without blocking the loop."""
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        yield block


async def each(work: Callable[[str], Awaitable[None]], items: Iterable[str], at_once: int) -> None:
    """Do the work for each item, some at once; the first error ends it."""
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(take())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
