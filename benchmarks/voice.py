"""Calls: what a frame and a call cost beside a bare echo, how fast a barge-in is told, how fast local speech answers.

CPU and memory are the server's own, in a process of its own. The machine may be shared: CPU per frame and memory
hold then, waiting times are upper bounds.
"""

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks import Row
from oratio.adapters.local.speech import LocalSpeech
from oratio.audio import Resampler, to_pcm
from oratio.ports.speech import Heard, SpeechSession, SpeechStarted, Spoken
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, PlayedSpeech

COUNTS, SECONDS, WARM_UP = (1, 50, 200), 4.0, 1.0
FRAME, FRAME_S = bytes(640), 0.02
BARGE_INS = 50
QUESTIONS = (
    "My phone shows no service. What should I check first?",
    "How do I turn on mobile data when I am travelling abroad?",
    "I cannot send picture messages to my friends.",
    "Please connect me to a human agent.",
    "What is the difference between airplane mode and roaming?",
)
ANSWER = "According to the support manual: open the settings, choose mobile network, and turn on data roaming."


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_us: float
    rss_bytes: int


@contextlib.contextmanager
def child(kind: str) -> Iterator[tuple[psutil.Process, str, str]]:
    """A server process, its address and the key for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._voice_child", kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        url, key = process.stdout.readline().split()
        yield psutil.Process(process.pid), url, key
    finally:
        process.kill()
        process.wait()


async def _caller(url: str, key: str, until: float, talk: asyncio.Event) -> int:
    """Sends a frame every 20 ms on an absolute schedule; returns how many audio frames came back."""
    headers = {} if key == "-" else {"Authorization": f"Bearer {key}"}
    async with connect(url, additional_headers=headers, compression=None, max_size=None) as socket:
        if key != "-":
            await socket.send('{"type":"session.start"}')
            await socket.send('{"type":"input.text","text":"Speak."}')
        reading = asyncio.create_task(_frames(socket))
        await talk.wait()
        begun, sent = time.monotonic(), 0
        while time.monotonic() < until:
            await socket.send(FRAME)
            sent += 1
            await asyncio.sleep(max(0.0, begun + sent * FRAME_S - time.monotonic()))
        if key != "-":
            await socket.send('{"type":"session.end"}')
    return await reading


async def _frames(socket: ClientConnection) -> int:
    count = 0
    with contextlib.suppress(ConnectionClosed):
        async for frame in socket:
            count += isinstance(frame, bytes)
    return count


async def _cost(kind: str, calls: int) -> Cost:
    with child(kind) as (process, url, key):
        idle = process.memory_info().rss
        talk = asyncio.Event()
        until = time.monotonic() + calls * 0.02 + 1 + WARM_UP + SECONDS
        callers = [asyncio.create_task(_caller(url, key, until, talk)) for _ in range(calls)]
        await asyncio.sleep(calls * 0.02 + 1)
        talk.set()
        await asyncio.sleep(WARM_UP)
        before, at = sum(process.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(SECONDS - 1)
        used, seconds = sum(process.cpu_times()[:2]) - before, time.monotonic() - at
        rss = process.memory_info().rss
        await asyncio.gather(*callers)
        return Cost(used / (calls * seconds / FRAME_S) * 1e6, (rss - idle) // calls)


def _frame_rows() -> list[Row]:
    rows = []
    for calls in COUNTS:
        bare = asyncio.run(_cost("bare", calls))
        ours = asyncio.run(_cost("oratio", calls))
        rows.append(
            Row(
                f"CPU a frame pair, {calls} calls",
                ours.cpu_us,
                "us",
                1.5 * bare.cpu_us,
                f"bare echo {bare.cpu_us:.0f} us",
            )
        )
        if calls > 1:
            extra = (ours.rss_bytes - bare.rss_bytes - 48 * 15_000) / 1000
            rows.append(
                Row(f"memory a call over the echo's, {calls} calls", extra, "kB", 60, "without the call's own audio")
            )
    return rows


async def _barge_ins() -> list[float]:
    """ms from the caller's speech being an interruption to `interrupt` at the client."""
    waits: list[float] = []
    speech = PlayedSpeech()
    with tempfile.TemporaryDirectory() as folder:
        exchange = Exchange(Path(folder), free_port(), speech, voice_record=False)
        exchange.runtime.deltas = ("word " * 200, "word " * 200)
        barge_in_ms = exchange.app._terms.barge_in_ms
        async with exchange.app.server.listening("127.0.0.1", exchange.port, max_calls=10), exchange.line() as line:
            await line.start()
            session = await speech.opened()
            for _ in range(BARGE_INS):
                session.put(Heard("A question.", 0))
                await line.until("audio.start")
                begun = time.monotonic()
                session.put(SpeechStarted(0))
                await line.until("interrupt")
                waits.append((time.monotonic() - begun) * 1000 - barge_in_ms)
                session.put(Heard("Stop.", 0))
                await line.until("response.done")
                await line.send("response.cancel")
                await line.until("response.done")
            await line.send("session.end")
            await line.closed()
            await exchange.app.switchboard.drain(0, asyncio.Event())
    return waits


async def _utterance(session: SpeechSession, number: int, text: str) -> bytes:
    session.say(number, text)
    async for event in session.events():
        if isinstance(event, Spoken) and event.utterance == number:
            return event.pcm
    return b""


def _errors(said: str, heard: str) -> tuple[int, int]:
    """Word errors (edit distance) and words."""
    want, got = (["".join(filter(str.isalnum, word)) for word in text.lower().split()] for text in (said, heard))
    row = list(range(len(got) + 1))
    for index, word in enumerate(want, 1):
        previous, row = row, [index]
        for column, other in enumerate(got, 1):
            row.append(min(previous[column] + 1, row[-1] + 1, previous[column - 1] + (word != other)))
    return row[-1], len(want)


async def _local_speech() -> list[Row]:
    """Questions spoken by one voice, heard, and answered by the other, through the port in real time."""
    caller = LocalSpeech(voice="am_michael", silence_ms=700, idle_s=0, voices=1)
    line = await caller.open()
    questions = [await _utterance(line, number, text) for number, text in enumerate(QUESTIONS)]
    await line.close()
    await caller.close()
    speech = LocalSpeech(voice="af_heart", silence_ms=700, idle_s=0, voices=1)
    session = await speech.open()
    silences, firsts, wrong, words = [], [], 0, 0
    for number, (text, pcm) in enumerate(zip(QUESTIONS, questions, strict=True)):
        audio = to_pcm(Resampler(24_000, 16_000).feed(np.frombuffer(pcm, "<i2").astype(np.float32)))
        sending = asyncio.create_task(_microphone(session, audio))
        voiced_s = len(audio) / 32_000 - 0.3
        begun = time.monotonic()
        async for event in session.events():
            if isinstance(event, Heard):
                silences.append((time.monotonic() - begun - voiced_s) * 1000)
                errors, count = _errors(text, event.text)
                wrong, words = wrong + errors, words + count
                break
        asked = time.monotonic()
        # A new opening each time, so that no cache helps.
        await _utterance(session, 1_000 + number, ANSWER.replace("support", f"number {number}").split(":")[0] + ":")
        firsts.append((time.monotonic() - asked) * 1000)
        sending.cancel()
    await session.close()
    await speech.close()
    turns = [silence + first for silence, first in zip(silences, firsts, strict=True)]
    return [
        Row("end of speech to words, p50", statistics.median(silences), "ms", None, "of which 525 to 700 ms is waited"),
        Row("first clause of the natural voice, p50", statistics.median(firsts), "ms", None, "not cached"),
        Row("end of speech to first audio, p50", statistics.median(turns), "ms", 1_800, "without the agent's own time"),
        Row("word error rate, synthesised callers", 100 * wrong / words, "%", 10, f"{words} words"),
    ]


async def _microphone(session: SpeechSession, audio: bytes) -> None:
    begun, frame = time.monotonic(), 0
    while True:
        part = audio[frame * 640 : frame * 640 + 640]
        session.hear(part + bytes(640 - len(part)))
        frame += 1
        await asyncio.sleep(max(0.0, begun + frame * FRAME_S - time.monotonic()))


def run() -> list[Row]:
    waits = sorted(asyncio.run(_barge_ins()))
    p99 = waits[int(len(waits) * 0.99) - 1]
    rows = [Row("barge-in to `interrupt` at the client, p99", p99, "ms", 5, f"p50 {statistics.median(waits):.1f} ms")]
    return [*_frame_rows(), *rows, *asyncio.run(_local_speech())]


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps([[row.name, round(row.value, 2), row.unit, row.target, row.note] for row in run()], indent=1)
    )
