"""Waiting, reading and working side by side without an event loop; the names are those of `async_io`."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from oratio.client.forms import Files
from oratio.client.listing import Listing

sleep = time.sleep


def listed(files: Files) -> Listing:
    """Return the files' list."""
    return Listing(files)


def body(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return the blocks as they are."""
    return blocks


def each(work: Callable[[str], None], items: Iterable[str], at_once: int) -> None:
    """Do the work for each item, some at once; the first error ends it."""
    with ThreadPoolExecutor(at_once, thread_name_prefix="upload") as pool:
        running = [pool.submit(work, item) for item in items]
        try:
            for done in running:
                done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
