"""Calls from outside on one of three echoing servers: what a frame pair costs it, and when the echo is back."""

import asyncio
import contextlib
import json
import math
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from benchmarks.support.line import BenchLine, connected

FRAME_S = 0.02
WARM_UP_S = 1.0
_ANSWER_S = 10.0
PEERS_PYTHON = Path(".venv-peers/bin/python")
_FRAME_BYTES = 640
_STAMP = struct.Struct("<d")
# Frames that make the echoing model report what a real one would hear.
SPEECH_STARTS, SPEECH_ENDS = b"\xffspeech starts", b"\xffspeech ends."
# Calls made before a measurement, so that what a server does once for all (threads, connections to its store) is not
# counted as a call's.
_BEFORE = 24
_UNTIL_COLLECTED = 600
# What the voice server sends for 20 ms: 24 kHz.
_OUT_BYTES = 960


@dataclass(frozen=True, slots=True)
class BenchServer:
    process: psutil.Process
    pipes: subprocess.Popen[str]
    url: str
    key: str

    @property
    def cpu_s(self) -> float:
        return float(sum(self.process.cpu_times()[:2]))

    @property
    def rss(self) -> int:
        return int(self.process.memory_info().rss)

    def collected_rss(self) -> int:
        """Memory after a collection of garbage, where the server offers one."""
        write, read = self.pipes.stdin, self.pipes.stdout
        assert write is not None
        assert read is not None
        write.write("\n")
        write.flush()
        read.readline()
        return self.rss


@contextlib.contextmanager
def serving(kind: str) -> Iterator[BenchServer]:
    """A server process: `bare`, `oratio` or `pipecat`."""
    command = {
        "bare": [sys.executable, "-m", "benchmarks.support.voice_child", "bare"],
        "oratio": [sys.executable, "-m", "benchmarks.support.voice_child", "oratio"],
        "pipecat": [str(PEERS_PYTHON), "-m", "benchmarks.support.pipecat_child"],
    }[kind]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        url, key = _first_line(process.stdout).split()
        yield BenchServer(psutil.Process(process.pid), process, url, key)
    finally:
        process.kill()
        process.wait()


def _first_line(out: IO[str] | None) -> str:
    assert out is not None
    line = out.readline()
    assert line, "the server did not start"
    return line


# --- the frames of each wire


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        size, at = _read_varint(data, at)
        if tag & 7 == 2:
            yield tag >> 3, data[at : at + size]
            at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _protobuf(audio: bytes) -> bytes:
    """Pipecat's `Frame{audio: AudioRawFrame}` at 16 kHz, mono."""
    inner = b"\x1a" + _varint(len(audio)) + audio + b"\x20" + _varint(16_000) + b"\x28\x01"
    return b"\x12" + _varint(len(inner)) + inner


def _unprotobuf(frame: bytes) -> list[bytes]:
    return [audio for kind, inner in _fields(frame) if kind == 2 for field, audio in _fields(inner) if field == 3]


def _cut(frame: bytes) -> list[bytes]:
    return [frame[at : at + _OUT_BYTES] for at in range(0, len(frame), _OUT_BYTES)]


_WIRES: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], list[bytes]]]] = {
    "bare": (bytes, lambda frame: [frame]),
    "oratio": (bytes, _cut),
    "pipecat": (_protobuf, _unprotobuf),
}


# --- callers


@dataclass(frozen=True, slots=True)
class Cost:
    """What `calls` at a time cost a server.

    Attributes:
        cpu_us: The server's CPU time for a frame in and its echo.
        rss_bytes: Memory a call.
        waits_ms: From a frame's sending to its echo, sorted.
        lost: Share of the frames that did not come back.
    """

    cpu_us: float
    rss_bytes: int
    waits_ms: list[float]
    lost: float

    def wait_ms(self, share: float) -> float:
        return (
            self.waits_ms[min(len(self.waits_ms) - 1, int(len(self.waits_ms) * share))] if self.waits_ms else math.inf
        )


async def hello(line: BenchLine, kind: str) -> None:
    if kind == "oratio":
        line.send('{"type":"session.start"}')
        line.send('{"type":"input.text","text":"Speak."}')
        while isinstance(frame := await line.recv(), bytes) or json.loads(frame)["type"] != "response.start":
            pass


async def _caller(server: BenchServer, kind: str, talk: asyncio.Event, seconds: float, waits: list[float]) -> int:
    """Sends a frame every 20 ms on an absolute schedule; returns how many it sent after the warm-up."""
    wrap, unwrap = _WIRES[kind]
    async with connected(server.url, server.key) as line:
        await hello(line, kind)
        await talk.wait()
        begun, sent, counted = time.perf_counter(), 0, 0
        since = begun + WARM_UP_S

        def heard(frame: bytes) -> None:
            now = time.perf_counter()
            for part in unwrap(frame):
                stamp: float = _STAMP.unpack_from(part)[0]
                if stamp >= since:
                    waits.append((now - stamp) * 1000)

        line.hears = heard
        while (now := time.perf_counter()) < since + seconds:
            line.send(wrap(_STAMP.pack(now).ljust(_FRAME_BYTES, b"\0")))
            sent += 1
            counted += now >= since
            await asyncio.sleep(max(0.0, begun + sent * FRAME_S - time.perf_counter()))
        await asyncio.sleep(0.5)
        if kind == "oratio":
            line.send('{"type":"session.end"}')
    return counted


async def one_call(server: BenchServer, kind: str) -> None:
    """A short call: it is answered, speaks until it hears an echo, and hangs up."""
    wrap, _ = _WIRES[kind]
    async with connected(server.url, server.key) as line:
        await hello(line, kind)
        # What is said before the model has been told to speak has no echo.
        speaking = asyncio.create_task(_speak(line, wrap(_STAMP.pack(0).ljust(_FRAME_BYTES, b"\0"))))
        async with asyncio.timeout(_ANSWER_S):
            while not isinstance(await line.recv(), bytes):
                pass
        speaking.cancel()
        if kind == "oratio":
            line.send('{"type":"session.end"}')


async def _speak(line: BenchLine, frame: bytes) -> None:
    while True:
        line.send(frame)
        await asyncio.sleep(FRAME_S)


async def cost(kind: str, calls: int, seconds: float) -> Cost:
    with serving(kind) as server:
        await asyncio.gather(*(one_call(server, kind) for _ in range(_BEFORE)))
        idle = server.rss
        talk, waits = asyncio.Event(), list[float]()
        callers = [asyncio.create_task(_caller(server, kind, talk, seconds, waits)) for _ in range(calls)]
        await asyncio.sleep(calls * 0.01 + 1)
        talk.set()
        await asyncio.sleep(WARM_UP_S)
        used, at = server.cpu_s, time.perf_counter()
        await asyncio.sleep(seconds - 0.3)
        used, took = server.cpu_s - used, time.perf_counter() - at
        rss = server.rss
        sent = sum(await asyncio.gather(*callers))
        # By the echoes that came, so that a server that does not keep up is not called cheap.
        pairs = len(waits) * took / seconds
        cpu_us = used / pairs * 1e6 if pairs else math.inf
        return Cost(cpu_us, (rss - idle) // calls, sorted(waits), 1 - len(waits) / sent)


async def growth(kind: str, calls: int) -> int:
    """Bytes by which a server grows over so many calls, one after another.

    Before them 600 are not counted: as many as end before Python collects all garbage, so that what waits for it is
    there from the start.
    """
    with serving(kind) as server:
        # All at once first: each thread of the server has its own connection to the store from then on.
        await asyncio.gather(*(one_call(server, kind) for _ in range(_BEFORE)))
        for _ in range(_UNTIL_COLLECTED):
            await one_call(server, kind)
        before = server.collected_rss()
        for _ in range(calls):
            await one_call(server, kind)
        return server.collected_rss() - before
