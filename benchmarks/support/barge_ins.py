"""Callers who break in: when `interrupt` reaches them, and what still comes of the response they broke."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from benchmarks.support.calls import FRAME_S, SPEECH_ENDS, SPEECH_STARTS, hello, serving
from benchmarks.support.line import BenchLine, connected

_FRAME = bytes(640)
_HEARS_S = 0.4
_ALL_S = 60.0


@dataclass(slots=True)
class BargeIns:
    """`waits_ms`: from the model's event to `interrupt` at the client. `late`: frames of audio after it."""

    waits_ms: list[float] = field(default_factory=list)
    late: int = 0


async def barge_ins(calls: int, each: int, policy_ms: float) -> BargeIns:
    """So many callers at once, who all speak all the time, and each break in so many times.

    Args:
        policy_ms: How long the caller has to speak until it is an interruption; not counted.
    """
    found = BargeIns()
    with serving("oratio") as server:

        async def caller(number: int) -> None:
            await asyncio.sleep(number * 0.031)
            async with connected(server.url, server.key) as line:
                await hello(line, "oratio")
                marks: list[bytes] = []
                speaking = asyncio.create_task(_speak(line, marks))
                for _ in range(each):
                    await _until(line, "audio.start")
                    await _heard(line)
                    marks.append(SPEECH_STARTS.ljust(640, b"\0"))
                    await _until(line, "interrupt")
                    told = time.perf_counter()
                    marks.append(SPEECH_ENDS.ljust(640, b"\0"))
                    said, late = await _until(line, "transcript.done")
                    # The model puts into the caller's words when it heard them begin.
                    found.waits_ms.append((told - float(said["text"].split()[-1])) * 1000 - policy_ms)
                    found.late += late + (await _until(line, "response.done"))[1]
                speaking.cancel()
                line.send('{"type":"session.end"}')

        async with asyncio.timeout(_ALL_S):
            await asyncio.gather(*(caller(number) for number in range(calls)))
    found.waits_ms.sort()
    return found


async def _speak(line: BenchLine, marks: list[bytes]) -> None:
    while True:
        line.send(marks.pop(0) if marks else _FRAME)
        await asyncio.sleep(FRAME_S)


async def _heard(line: BenchLine) -> None:
    """Listen for a while."""
    until = time.perf_counter() + _HEARS_S
    while time.perf_counter() < until:
        await line.recv()


async def _until(line: BenchLine, kind: str) -> tuple[dict[str, str], int]:
    """Read to a message of a type; with it, how many frames of audio came before."""
    audio = 0
    while True:
        frame = await line.recv()
        if isinstance(frame, bytes):
            audio += 1
        elif (message := json.loads(frame))["type"] == kind:
            return message, audio
