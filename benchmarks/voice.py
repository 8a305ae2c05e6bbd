"""Calls: what a frame and a call cost beside a bare echo, how fast a barge-in is told.

CPU and memory are the server's own, in a process of its own. The machine may be shared: CPU per frame and memory
hold then, waiting times are upper bounds.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import Row
from benchmarks._calls import Cost, cost, growth
from oratio.ports.speech import Heard, SpeechStarted
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, PlayedSpeech

COUNTS, SECONDS = (1, 50, 200), 4.0
# More than so many calls Pipecat does not hold in one process.
PIPECAT_CALLS = 20
SEQUENTIAL = 1_000
BARGE_INS = 50


def _frame_rows() -> list[Row]:
    """What a frame costs and how long it takes, beside a bare echo and beside Pipecat, in one run."""
    rows: list[Row] = []
    pipecat_at_20 = asyncio.run(cost("pipecat", PIPECAT_CALLS, SECONDS))
    rows.append(_wait_row("Pipecat", PIPECAT_CALLS, pipecat_at_20))
    for calls in COUNTS:
        bare, ours, pipecat = (asyncio.run(cost(kind, calls, SECONDS)) for kind in ("bare", "oratio", "pipecat"))
        name = f"CPU a frame pair, {calls} calls"
        rows += [
            Row(f"{name}: bare echo", bare.cpu_us, "us"),
            Row(
                f"{name}: Oratio",
                ours.cpu_us,
                "us",
                1.5 * bare.cpu_us,
                f"{ours.cpu_us / bare.cpu_us:.2f} of the bare echo",
            ),
            Row(f"{name}: beside Pipecat", ours.cpu_us, "us", pipecat.cpu_us / 5, f"Pipecat {pipecat.cpu_us:.0f} us"),
            _wait_row("bare echo", calls, bare),
            _wait_row("Oratio", calls, ours, pipecat_at_20.wait_ms(0.99) if calls == COUNTS[-1] else None),
            _wait_row("Pipecat", calls, pipecat),
        ]
        if calls > 1:
            extra = (ours.rss_bytes - bare.rss_bytes) / 1000
            note = f"bare {bare.rss_bytes / 1000:.0f} kB, Pipecat {pipecat.rss_bytes / 1000:.0f} kB a call"
            rows.append(Row(f"memory a call over the bare echo's, {calls} calls", extra, "kB", 60, note))
    grown = asyncio.run(growth("oratio", SEQUENTIAL)) / 1e6
    rows.append(Row(f"growth over {SEQUENTIAL} calls one after another", grown, "MB", 1))
    return rows


def _wait_row(who: str, calls: int, measured: Cost, target: float | None = None) -> Row:
    note = f"p50 {measured.wait_ms(0.5):.1f} ms, {100 * measured.lost:.1f} % of the frames not echoed"
    return Row(f"echo back p99, {calls} calls: {who}", measured.wait_ms(0.99), "ms", target, note)


async def _barge_ins() -> list[float]:
    """ms from the caller's speech being an interruption to `interrupt` at the client."""
    waits: list[float] = []
    speech = PlayedSpeech()
    with tempfile.TemporaryDirectory() as folder:
        exchange = Exchange(Path(folder), free_port(), speech, voice_record=False)
        exchange.runtime.deltas = ("word " * 200, "word " * 200)
        barge_in_ms = exchange.app.terms.barge_in_ms
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


def run() -> list[Row]:
    waits = sorted(asyncio.run(_barge_ins()))
    p99 = waits[int(len(waits) * 0.99) - 1]
    rows = [Row("barge-in to `interrupt` at the client, p99", p99, "ms", 5, f"p50 {statistics.median(waits):.1f} ms")]
    return [*_frame_rows(), *rows]


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps([[row.name, round(row.value, 2), row.unit, row.target, row.note] for row in run()], indent=1)
    )
