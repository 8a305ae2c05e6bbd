"""Tells the record store which calls this process has, and keeps those rows alive."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence

from oratio.domain.conversations.live_call import LiveCall
from oratio.errors import OratioError
from oratio.ports.clock import Clock
from oratio.ports.live_calls import LiveCallRepository

logger = logging.getLogger(__name__)

BEAT_S = 5.0
TTL_S = 15.0


class CallOwner:
    """This process to the others; `address` is known once the server listens."""

    def __init__(self) -> None:
        self.process_id = uuid.uuid4().hex[:16]
        self.address = ""


class LiveCallPublisher:
    """One writer for all calls; what changes while it writes is written next."""

    def __init__(self, live_calls: LiveCallRepository, clock: Clock, *, beat_s: float = BEAT_S) -> None:
        self._live_calls = live_calls
        self._clock = clock
        self._beat_s = beat_s
        self._calls: dict[str, Callable[[int], LiveCall]] = {}
        self._changed: set[str] = set()
        self._gone: set[tuple[str, str]] = set()
        self._wake = asyncio.Event()
        self._closing = False
        self._writing: asyncio.Task[None] | None = None

    def put(self, conversation_id: str, row: Callable[[int], LiveCall]) -> None:
        """A call has started or changed; `row` makes its row, good until the moment it is given."""
        self._calls[conversation_id] = row
        self._changed.add(conversation_id)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="register")
        self._wake.set()

    def remove(self, user_id: str, conversation_id: str) -> None:
        if self._calls.pop(conversation_id, None) is not None:
            self._changed.discard(conversation_id)
            self._gone.add((user_id, conversation_id))
            self._wake.set()

    async def _write(self) -> None:
        while not self._closing or self._wake.is_set():
            try:
                async with asyncio.timeout(self._beat_s):
                    await self._wake.wait()
            except TimeoutError:
                self._changed.update(self._calls)
            await self._flush()

    async def _flush(self) -> None:
        self._wake.clear()
        until = self._clock.now_ms() + round(TTL_S * 1000)
        rows = [self._calls[name](until) for name in self._changed if name in self._calls]
        gone, self._gone = list(self._gone), set()
        self._changed.clear()
        try:
            await asyncio.to_thread(self._store, rows, gone)
        except OratioError as error:
            # The rows are written again with the next beat; one that stays too long expires.
            logger.warning("calls=<%d> | live calls not published: %s", len(rows), error.code)

    def _store(self, rows: Sequence[LiveCall], gone: Sequence[tuple[str, str]]) -> None:
        if rows:
            self._live_calls.put(rows)
        for user_id, conversation_id in gone:
            self._live_calls.remove(user_id, conversation_id)

    async def close(self) -> None:
        """Write what is left to write; what goes on is kept alive no longer."""
        self._closing = True
        self._wake.set()
        if self._writing is not None:
            await self._writing
