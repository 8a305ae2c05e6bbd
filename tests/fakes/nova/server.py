"""The HTTP/2 server of the fake, in a thread of its own with a loop of its own."""

import asyncio
import contextlib
import json
import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import ProtocolError

from tests.fakes.nova import frames
from tests.fakes.nova.certificate import server_context
from tests.fakes.nova.nova import Nova
from tests.fakes.nova.script import FINE, NovaFault, NovaTurn

_ENDPOINT = "/invoke-with-bidirectional-stream"


class NovaFake:
    """Listens on a free port of localhost.

    Attributes:
        turns: The script; each turn is taken by the connection that hears the caller then.
        faults: One for each connection to come; none left: all is well.
        novas: The model behind each stream there was, in order.
        echo: Answers for ever with this turn once the script is over.
        limit_s: Ends a stream of this age, as Bedrock does after 8 minutes.
    """

    def __init__(self, folder: Path, *, turns: Iterable[NovaTurn] = (), pause_ms: int = 300) -> None:
        self._context, self.authority = server_context(folder)
        self.turns: deque[NovaTurn] = deque(turns)
        self.faults: deque[NovaFault] = deque()
        self.novas: list[Nova] = []
        self.models: list[str] = []
        self.open = 0
        self.most_open = 0
        self.echo: NovaTurn | None = None
        self.limit_s: float | None = None
        self._pause_ms = pause_ms
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nova fake", daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def nova(self) -> Nova:
        """The newest connection's."""
        return self.novas[-1]

    def drop(self) -> None:
        """Cut every connection there is."""
        for writer in list(self._writers):
            self._loop.call_soon_threadsafe(writer.transport.abort)

    def next_turn(self) -> NovaTurn | None:
        return self.turns.popleft() if self.turns else self.echo

    def __enter__(self) -> "NovaFake":
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self._writers.add(writer)
        self.most_open = max(self.most_open, self.open)
        try:
            await _Connection(self, reader, writer).run()
        except (ConnectionError, ProtocolError):
            pass
        finally:
            self.open -= 1
            self._writers.discard(writer)
            writer.close()


class _Connection:
    """One TCP connection; one stream at a time is what a client of ours opens."""

    def __init__(self, fake: NovaFake, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._fake = fake
        self._reader = reader
        self._writer = writer
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._window = asyncio.Event()
        self._writing = asyncio.Lock()
        self._incoming = frames.Incoming()
        self._fault = FINE
        self._nova: Nova | None = None
        self._stream = 0
        self._answering: asyncio.Task[None] | None = None
        self._ended = False

    async def run(self) -> None:
        self._h2.initiate_connection()
        self._flush()
        try:
            while data := await self._reader.read(65_536):
                for event in self._h2.receive_data(data):
                    await self._event(event)
                self._flush()
                if self._fault.deaf and self._nova is not None and self._nova.heard:
                    await asyncio.sleep(3600)
        finally:
            if self._answering is not None:
                self._answering.cancel()
            if self._nova is not None:
                await self._nova.close()

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._writer.write(data)

    async def _event(self, event: Any) -> None:
        match event:
            case RequestReceived(stream_id=stream_id, headers=headers):
                self._stream = stream_id
                await self._request({str(name): str(value) for name, value in headers})
            case DataReceived(stream_id=stream_id, data=data, flow_controlled_length=size):
                self._h2.acknowledge_received_data(size, stream_id)
                if self._nova is not None:
                    for body in self._incoming.feed(data):
                        await self._nova.take(body)
                    if self._incoming.ended:
                        await self._finish()
            case StreamEnded():
                await self._finish()
            case StreamReset():
                self._ended = True
            case WindowUpdated():
                self._window.set()

    async def _request(self, headers: dict[str, str]) -> None:
        fault = self._fault = self._fake.faults.popleft() if self._fake.faults else FINE
        path = unquote(headers[":path"]).rstrip("?")
        if not path.endswith(_ENDPOINT) or headers[":method"] != "POST":
            self._refuse(404, "ResourceNotFoundException")
        elif "AWS4-HMAC-SHA256" not in headers.get("authorization", ""):
            self._refuse(403, "MissingAuthenticationTokenException")
        elif fault.refuse is not None:
            self._refuse(*fault.refuse)
        else:
            self._fake.models.append(path.removeprefix("/model/").removesuffix(_ENDPOINT))
            nova = Nova(self._fake.next_turn, self._send, self._fail, pause_ms=self._fake._pause_ms, fault=fault)
            self._nova = nova
            self._fake.novas.append(nova)
            self._answering = asyncio.create_task(self._answer(fault))

    async def _answer(self, fault: NovaFault) -> None:
        await asyncio.sleep(fault.slow_s)
        headers = [(":status", "200"), ("content-type", "application/vnd.amazon.eventstream")]
        self._h2.send_headers(self._stream, headers)
        self._flush()
        if fault.at == "start" and (fault.end or fault.deaf):
            await self._fail(fault)
        if self._fake.limit_s is not None:
            await asyncio.sleep(self._fake.limit_s)
            await self._fail(NovaFault(end=("modelTimeoutException", "the stream is too old")))

    def _refuse(self, status: int, kind: str) -> None:
        body = json.dumps({"message": "refused"}).encode()
        headers = [(":status", str(status)), ("content-type", "application/json"), ("x-amzn-errortype", kind)]
        self._h2.send_headers(self._stream, headers)
        self._h2.send_data(self._stream, body, end_stream=True)
        self._ended = True

    async def _send(self, body: dict[str, Any]) -> None:
        await self._write(frames.event(body))

    async def _write(self, data: bytes) -> None:
        async with self._writing:
            await self._write_all(data)

    async def _write_all(self, data: bytes) -> None:
        while data and not self._ended:
            room = min(self._h2.local_flow_control_window(self._stream), self._h2.max_outbound_frame_size)
            if room <= 0:
                self._window.clear()
                await self._window.wait()
                continue
            self._h2.send_data(self._stream, data[:room])
            data = data[room:]
            self._flush()
        await self._writer.drain()

    async def _fail(self, fault: NovaFault) -> None:
        if fault.end == "cut":
            self._writer.transport.abort()
        elif fault.end == "clean":
            await self._finish()
        elif fault.end:
            await self._write(frames.exception(*fault.end))
            await self._finish()

    async def _finish(self) -> None:
        if not self._ended:
            self._ended = True
            with contextlib.suppress(ProtocolError):
                self._h2.end_stream(self._stream)
            self._flush()
