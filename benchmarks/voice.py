"""Calls: what a frame and a call cost beside a bare echo, how fast a barge-in is told.

CPU and memory are the server's own, in a process of its own. The machine may be shared: CPU per frame and memory
hold then, waiting times are upper bounds.
"""

import asyncio
import statistics
from collections.abc import Iterator

from benchmarks import Row
from benchmarks.support.barge_ins import barge_ins
from benchmarks.support.calls import Cost, cost, growth
from voice_server.session.config import SessionConfig

COUNTS, SECONDS = (1, 50, 200), 4.0
# More than so many calls Pipecat does not hold in one process.
PIPECAT_CALLS = 20
SEQUENTIAL = 1_000
BARGING, BARGE_INS = 50, 4


def _frame_rows() -> Iterator[Row]:
    """What a frame costs and how long it takes, beside a bare echo and beside Pipecat, in one run."""
    pipecat_at_20 = asyncio.run(cost("pipecat", PIPECAT_CALLS, SECONDS))
    yield _wait_row("Pipecat", PIPECAT_CALLS, pipecat_at_20)
    for calls in COUNTS:
        bare, ours, pipecat = (asyncio.run(cost(kind, calls, SECONDS)) for kind in ("bare", "oratio", "pipecat"))
        name = f"CPU a frame pair, {calls} calls"
        share = f"{ours.cpu_us / bare.cpu_us:.2f} of the bare echo"
        yield Row(f"{name}: bare echo", bare.cpu_us, "us")
        yield Row(f"{name}: Oratio", ours.cpu_us, "us", 1.5 * bare.cpu_us, share)
        yield Row(f"{name}: beside Pipecat", ours.cpu_us, "us", pipecat.cpu_us / 5, f"Pipecat {pipecat.cpu_us:.0f} us")
        yield _wait_row("bare echo", calls, bare)
        yield _wait_row("Oratio", calls, ours, pipecat_at_20.wait_ms(0.99) if calls == COUNTS[-1] else None)
        yield _wait_row("Pipecat", calls, pipecat)
        if calls > 1:
            extra = (ours.rss_bytes - bare.rss_bytes) / 1000
            note = f"bare {bare.rss_bytes / 1000:.0f} kB, Pipecat {pipecat.rss_bytes / 1000:.0f} kB a call"
            yield Row(f"memory a call over the bare echo's, {calls} calls", extra, "kB", 60, note)
    grown = asyncio.run(growth("oratio", SEQUENTIAL)) / 1e6
    yield Row(f"growth over {SEQUENTIAL} calls one after another", grown, "MB", 1)


def _wait_row(who: str, calls: int, measured: Cost, target: float | None = None) -> Row:
    note = f"p50 {measured.wait_ms(0.5):.1f} ms, {100 * measured.lost:.1f} % of the frames not echoed"
    return Row(f"echo back p99, {calls} calls: {who}", measured.wait_ms(0.99), "ms", target, note)


def _barge_in_rows() -> Iterator[Row]:
    measured = asyncio.run(barge_ins(BARGING, BARGE_INS, SessionConfig().barge_in.interrupt_ms))
    waits = measured.waits_ms
    note = (
        f"{BARGING} calls, {len(waits)} barge-ins, p50 {statistics.median(waits):.1f} ms; the way of the frame included"
    )
    yield Row("barge-in to `interrupt` at the client, p99", waits[int(len(waits) * 0.99)], "ms", 5, note)
    yield Row("audio of the broken response after `interrupt`", measured.late, "frames", 0)


def run() -> Iterator[Row]:
    yield from _barge_in_rows()
    yield from _frame_rows()
