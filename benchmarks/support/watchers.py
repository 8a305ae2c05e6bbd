"""Many people who watch one page: what a browser would send and read, without the browser.

Each speaks Streamlit's own WebSocket protocol: it asks for the page once, and again for each part of it that the page
wants drawn anew, as often as the page asks for.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from console.web.identity import COOKIE

START_S = 90.0


class Watcher:
    """One of them.

    Attributes:
        shown: When the page first held each of the wanted texts, by `time.perf_counter`.
        ticks: How often parts of it were asked for anew.
    """

    def __init__(self, page: str, query: str, *wanted: bytes) -> None:
        self.shown: dict[bytes, float] = {}
        self.ticks = 0
        self._page, self._query = page, query
        self._page_hash = ""  # what the server calls the page, once it has said so
        self._seen = {text: asyncio.Event() for text in wanted}
        self._timers: dict[str, asyncio.Task[None]] = {}

    async def sees(self, text: bytes) -> float:
        """When it did."""
        await self._seen[text].wait()
        return self.shown[text]

    async def watch(self, base: str, token: str) -> None:
        address = base.replace("http://", "ws://") + "/_stcore/stream"
        headers = {"Cookie": f"{COOKIE}={token}"}
        async with connect(
            address, subprotocols=[Subprotocol("streamlit")], additional_headers=headers, max_size=None
        ) as line:
            await line.send(self._asking())
            try:
                async for data in line:
                    assert isinstance(data, bytes)
                    self._read(data, line)
            finally:
                self._forget()

    def _read(self, data: bytes, line: ClientConnection) -> None:
        for text, seen in self._seen.items():
            if text in data and not seen.is_set():
                self.shown[text] = time.perf_counter()
                seen.set()
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._forget()
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "auto_rerun" and message.auto_rerun.fragment_id not in self._timers:
            part, every_s = message.auto_rerun.fragment_id, message.auto_rerun.interval
            self._timers[part] = asyncio.create_task(self._again(line, part, every_s))

    def _forget(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    async def _again(self, line: ClientConnection, part: str, every_s: float) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(every_s)
                self.ticks += 1
                await line.send(self._asking(part))

    def _asking(self, part: str = "") -> bytes:
        message = BackMsg()
        asked = message.rerun_script
        asked.page_script_hash, asked.page_name = self._page_hash, "" if self._page_hash else self._page
        asked.query_string, asked.fragment_id = self._query, part
        asked.is_auto_rerun = bool(part)
        return bytes(message.SerializeToString())


async def all_see(watchers: list[Watcher], lines: list[asyncio.Task[None]], text: bytes) -> list[float]:
    """When each did; a line that ends before raises what ended it."""

    async def seen() -> list[float]:
        return [await watcher.sees(text) for watcher in watchers]

    seeing = asyncio.create_task(seen())
    watched: set[asyncio.Task[Any]] = {seeing, *lines}
    try:
        done, _ = await asyncio.wait(watched, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        for ended in done - {seeing}:
            ended.result()
        if not seeing.done():
            raise TimeoutError(f"not every page shows {text.decode()}")
        return seeing.result()
    finally:
        seeing.cancel()
