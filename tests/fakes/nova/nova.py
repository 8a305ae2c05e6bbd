"""Nova Sonic behind one stream: hears by loudness, answers by script."""

import asyncio
import base64
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from tests.fakes.nova.script import FINE, NovaFault, NovaTurn, tone

_LOUD = 500
_PIECE_MS = 100
_ORDER = "[From the system, not the caller"


class Cut(Exception):
    """The connection is to be cut now."""


class Nova:
    """One connection's model.

    Args:
        next_turn: The next turn of the script, None when it is over.
        send: Sends an event.
        fail: Ends the stream as a fault says.
        pause_ms: Silence that ends a caller's turn, in audio time.
    """

    def __init__(
        self,
        next_turn: Callable[[], NovaTurn | None],
        send: Callable[[dict[str, Any]], Awaitable[None]],
        fail: Callable[[NovaFault], Awaitable[None]],
        *,
        pause_ms: int,
        fault: NovaFault = FINE,
    ) -> None:
        self._next_turn = next_turn
        self._send = send
        self._fail = fail
        self._pause_ms = pause_ms
        self._fault = fault
        self._ids = itertools.count(1)
        self._blocks: dict[str, dict[str, Any]] = {}
        self._text: dict[str, str] = {}
        self._loud_ms = 0.0
        self._quiet_ms = 0.0
        self._speaking: asyncio.Task[None] | None = None
        # Loop time until which what was said so far plays at the caller's.
        self._plays_until = 0.0
        self._results: dict[str, asyncio.Future[str]] = {}
        self._turn: NovaTurn | None = None
        self._tokens = 0
        self._stop = asyncio.Event()
        self.session: dict[str, Any] = {}
        self.prompt: dict[str, Any] = {}
        self.system = ""
        self.history: list[tuple[str, str]] = []
        self.told: list[str] = []
        self.heard = bytearray()
        self.answered = 0
        self.goodbye: list[str] = []

    @property
    def talking(self) -> bool:
        return self._speaking is not None and not self._speaking.done()

    # --- what the client sends

    async def take(self, event: dict[str, Any]) -> None:
        kind, body = next(iter(event.items()))
        match kind:
            case "sessionStart":
                self.session = body
            case "promptStart":
                self.prompt = body
            case "contentStart":
                self._blocks[body["contentName"]] = body
                self._text[body["contentName"]] = ""
            case "textInput" | "toolResult":
                self._text[body["contentName"]] += body["content"]
            case "audioInput":
                await self._hear(base64.b64decode(body["content"]))
            case "contentEnd":
                self._closed(self._blocks[body["contentName"]], self._text[body["contentName"]])
            case "promptEnd" | "sessionEnd":
                self.goodbye.append(kind)

    def _closed(self, block: dict[str, Any], text: str) -> None:
        if block["type"] == "AUDIO":
            self.goodbye.append("contentEnd")
        elif block["type"] == "TOOL":
            self._results.pop(block["toolResultInputConfiguration"]["toolUseId"]).set_result(text)
        elif block["role"] == "SYSTEM":
            self.system = text
        elif not block.get("interactive"):
            self.history.append((block["role"], text))
        else:
            self.told.append(text)
            if text.startswith(_ORDER):
                self._begin(NovaTurn("", (text.splitlines()[-1],)))
            elif (turn := self._next_turn()) is not None:
                self._begin(turn, silent=True)

    async def _hear(self, pcm: bytes) -> None:
        self.heard += pcm
        ms = len(pcm) / 32
        loud = float(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)).max(initial=0)) > _LOUD
        if loud:
            self._loud_ms += ms
            self._quiet_ms = 0
            if self._loud_ms >= 100 and asyncio.get_running_loop().time() < self._plays_until:
                self._plays_until = 0.0
                # Stopped between events, never inside one: half an event would break the stream.
                self._stop.set()
                self._speaking = asyncio.create_task(self._interrupt(self._speaking))
        else:
            self._quiet_ms += ms
            if self._loud_ms >= 100 and self._quiet_ms >= self._pause_ms:
                self._loud_ms = 0
                if (turn := self._next_turn()) is not None:
                    self._begin(turn)
            elif self._quiet_ms >= self._pause_ms:
                self._loud_ms = 0

    # --- what it says

    def _begin(self, turn: NovaTurn, *, silent: bool = False) -> None:
        before, self._turn = self._speaking, turn
        self._speaking = asyncio.create_task(self._answer(turn, before, silent=silent))

    async def _answer(self, turn: NovaTurn, before: asyncio.Task[None] | None, *, silent: bool) -> None:
        if before is not None:
            await asyncio.wait([before])
        self._stop.clear()
        if turn.hears and not silent:
            await self._block("USER", turn.hears, "FINAL", "PARTIAL_TURN")
        await self._say(turn, turn.says, last=turn.tool is None)
        if turn.tool is not None:
            result = await self._call(*turn.tool)
            await self._say(turn, tuple(text.replace("{}", result) for text in turn.then), last=True)
        await self._usage(turn)
        self.answered += 1
        if self._fault.at == "turns" and self.answered >= self._fault.after_turns:
            await self._fail(self._fault)

    async def _say(self, turn: NovaTurn, pieces: tuple[str, ...], *, last: bool) -> None:
        loop = asyncio.get_running_loop()
        for number, text in enumerate(pieces):
            if self._stop.is_set():
                return
            end = "END_TURN" if last and number == len(pieces) - 1 else "PARTIAL_TURN"
            await self._block("ASSISTANT", text, "SPECULATIVE" if turn.stage else None, "PARTIAL_TURN")
            content = await self._start("AUDIO", "ASSISTANT", None)
            audio = tone(text)
            size = _PIECE_MS * 48
            self._plays_until = max(loop.time(), self._plays_until) + len(audio) / 48_000
            for at in range(0, len(audio), size):
                if self._stop.is_set():
                    return
                piece = base64.b64encode(audio[at : at + size]).decode()
                await self._send({"audioOutput": {"contentId": content, "content": piece, "role": "ASSISTANT"}})
                if self._fault.at == "answer" and self.answered >= self._fault.after_turns:
                    await self._fail(self._fault)
            await self._end(content, "AUDIO", end)
            if turn.stage:
                await self._block("ASSISTANT", text, "FINAL", end)

    async def _call(self, name: str, arguments: dict[str, Any]) -> str:
        call_id = f"call-{next(self._ids)}"
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._results[call_id] = future
        content = await self._start("TOOL", "TOOL", None)
        use = {"toolName": name, "toolUseId": call_id, "content": json.dumps(arguments), "contentId": content}
        await self._send({"toolUse": use})
        await self._end(content, "TOOL", "TOOL_USE")
        return await future

    async def _interrupt(self, before: asyncio.Task[None] | None) -> None:
        """The caller spoke while the reply was playing; all of it may have been sent by then."""
        if before is not None:
            await asyncio.wait([before])
        form = self._turn.interrupted_by if self._turn is not None else "text"
        if form == "audio":
            content = await self._start("AUDIO", "ASSISTANT", None)
            await self._end(content, "AUDIO", "INTERRUPTED")
        elif form == "marker":
            await self._block("ASSISTANT", '{ "interrupted" : true }', None, "PARTIAL_TURN")
        else:
            content = await self._start("TEXT", "ASSISTANT", "FINAL")
            await self._end(content, "TEXT", "INTERRUPTED")

    async def _block(self, role: str, text: str, stage: str | None, end: str) -> None:
        content = await self._start("TEXT", role, stage)
        await self._send({"textOutput": {"contentId": content, "content": text, "role": role}})
        await self._end(content, "TEXT", end)

    async def _start(self, kind: str, role: str, stage: str | None) -> str:
        content = f"content-{next(self._ids)}"
        body: dict[str, Any] = {"contentId": content, "type": kind, "role": role}
        if stage is not None:
            body["additionalModelFields"] = json.dumps({"generationStage": stage})
        await self._send({"contentStart": body})
        return content

    async def _end(self, content: str, kind: str, reason: str) -> None:
        await self._send({"contentEnd": {"contentId": content, "type": kind, "stopReason": reason}})

    async def _usage(self, turn: NovaTurn) -> None:
        self._tokens += 10
        body: dict[str, Any] = {"totalInputTokens": self._tokens, "totalOutputTokens": self._tokens * 2}
        if turn.details:
            given, taken = {"speechTokens": 8, "textTokens": 2}, {"speechTokens": 16, "textTokens": 4}
            body["details"] = {"delta": {"input": given, "output": taken}, "total": {"input": given, "output": taken}}
        await self._send({"usageEvent": body})

    async def close(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.wait([self._speaking])
