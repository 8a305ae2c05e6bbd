"""A stand-in for OpenAI's Realtime API: one WebSocket a call, JSON events, speech found by its loudness.

It sends what Strands' client reads and answers what it sends; names and order are those of OpenAI's reference
(https://platform.openai.com/docs/api-reference/realtime-server-events), not of the service itself.
"""

import asyncio
import base64
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.fakes.nova import NovaTurn
from tests.fakes.nova.script import tone

_LOUD = 1_000
_PAUSE_MS = 200
_PIECE = 4_800


class RealtimeFake:
    """`turns` is the script; `items` are what clients added to their conversations, `sessions` how they set them."""

    def __init__(self) -> None:
        self.url = ""
        self.credentials: list[str] = []
        self.sessions: list[dict[str, Any]] = []
        self.items: list[dict[str, Any]] = []
        self.turns: deque[NovaTurn] = deque()
        # The next connections end at their first turn.
        self.cuts = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["RealtimeFake"]:
        async with serve(self._serve, "127.0.0.1", 0) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"
            yield self

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.credentials.append(socket.request.headers["Authorization"])
        connection = _Connection(self, socket)
        try:
            await connection.run()
        except ConnectionClosed:
            pass
        finally:
            await connection.hush()


class _Connection:
    def __init__(self, fake: RealtimeFake, socket: ServerConnection) -> None:
        self._fake = fake
        self._socket = socket
        self._numbers = itertools.count(1)
        self._item = ""
        self._quiet_ms = 0
        self._answering: asyncio.Task[None] | None = None
        self._response = ""
        # What is still to be said when the result of a tool is there.
        self._then: tuple[str, ...] = ()

    async def run(self) -> None:
        await self._tell("session.created", session={})
        async for frame in self._socket:
            event = json.loads(frame)
            match event["type"]:
                case "session.update":
                    self._fake.sessions.append(event["session"])
                    await self._tell("session.updated", session=event["session"])
                case "input_audio_buffer.append":
                    await self._hear(base64.b64decode(event["audio"]))
                case "conversation.item.create":
                    self._fake.items.append(event["item"])
                    await self._tell("conversation.item.added", item={"id": self._id("item"), **event["item"]})
                case "response.create":
                    await self._asked()

    async def _hear(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, "<i2")
        if np.abs(samples).max(initial=0) > _LOUD:
            self._quiet_ms = 0
            if not self._item:
                self._item = self._id("item")
                await self._tell("input_audio_buffer.speech_started", item_id=self._item)
                if self._answering is not None and not self._answering.done():
                    await self.hush()
                    await self._done("cancelled", status_details={"type": "cancelled", "reason": "turn_detected"})
        elif self._item:
            self._quiet_ms += len(samples) // 24
            if self._quiet_ms >= _PAUSE_MS:
                await self._turn()

    async def _turn(self) -> None:
        if self._fake.cuts:
            self._fake.cuts -= 1
            await self._socket.close(1011)
            return
        item, self._item = self._item, ""
        turn = self._fake.turns.popleft()
        await self._tell("input_audio_buffer.speech_stopped", item_id=item)
        await self._tell("input_audio_buffer.committed", item_id=item)
        user = {"id": item, "type": "message", "role": "user", "content": [{"type": "input_audio"}]}
        await self._tell("conversation.item.added", item=user)
        heard = "conversation.item.input_audio_transcription"
        await self._tell(f"{heard}.delta", item_id=item, delta=turn.hears)
        await self._tell(f"{heard}.completed", item_id=item, transcript=turn.hears)
        self._then = turn.then
        self._answer(turn.says, turn.tool)

    async def _asked(self) -> None:
        """Typed words, or the result of a tool."""
        if self._fake.items[-1]["type"] == "function_call_output":
            self._answer(self._then, None)
        else:
            turn = self._fake.turns.popleft()
            self._then = turn.then
            self._answer(turn.says, turn.tool)

    def _answer(self, says: tuple[str, ...], tool: tuple[str, dict[str, Any]] | None) -> None:
        self._answering = asyncio.create_task(self._respond(says, tool), name="realtime")

    async def _respond(self, says: tuple[str, ...], tool: tuple[str, dict[str, Any]] | None) -> None:
        self._response = self._id("resp")
        item = {"response_id": self._response, "item_id": self._id("item"), "content_index": 0}
        await self._tell("response.created", response={"id": self._response, "status": "in_progress"})
        if says:
            await self._tell("response.content_part.added", **item, part={"type": "audio"})
        for text in says:
            await self._tell("response.output_audio_transcript.delta", **item, delta=f"{text} ")
            pcm = tone(text)
            for at in range(0, len(pcm), _PIECE):
                sound = base64.b64encode(pcm[at : at + _PIECE]).decode()
                await self._tell("response.output_audio.delta", **item, delta=sound)
                await asyncio.sleep(_PIECE / 48_000 / 2)
        if says:
            await self._tell("response.output_audio.done", **item)
        if tool is not None:
            name, arguments = tool
            call = {"type": "function_call", "status": "completed", "call_id": self._id("call"), "name": name}
            item_done = {**call, "arguments": json.dumps(arguments)}
            await self._tell("response.output_item.done", response_id=self._response, item=item_done)
        await self._done("completed", usage={"input_tokens": 7, "output_tokens": 5, "total_tokens": 12})

    async def _done(self, status: str, **fields: Any) -> None:
        await self._tell("response.done", response={"id": self._response, "status": status, "output": [], **fields})

    async def hush(self) -> None:
        if self._answering is not None:
            self._answering.cancel()
            await asyncio.wait([self._answering])

    def _id(self, word: str) -> str:
        return f"{word}_{next(self._numbers)}"

    async def _tell(self, kind: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"type": kind, **fields}))
