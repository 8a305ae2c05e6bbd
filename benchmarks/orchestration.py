"""What the orchestration of one agent costs: from submit to active when every engine answers at once.

A real Prefect server and flow worker, real records and files, as many files as the telecom sample; the knowledge
engine and the runtime do nothing. Planning, code, review child and rehearsal bookkeeping are in the figure of the whole
and taken out of the orchestration's by the journal's own times.
"""

import statistics
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks import Row
from oratio.domain.agents.agent import Agent, AgentStatus, Step
from tests.flows.stack import LocalStack

FILES = 6
RUNS = 8
# Steps whose time is mostly not orchestration: the author, and the review in its child process.
_NOT_ORCHESTRATION = (Step.AUTHOR_AGENT, Step.CHECK_CODE)


def run() -> list[Row]:
    """Submit agents one after the other; the first one, which finds the worker cold, has its own row."""
    with tempfile.TemporaryDirectory(prefix="oratio-bench-") as folder:
        stack = LocalStack(Path(folder))
        try:
            begun = time.monotonic()
            stack.start_worker()
            ready_s = time.monotonic() - begun
            cold = one_agent(stack)
            warm = [one_agent(stack) for _ in range(RUNS)]
            memory = psutil.Process(stack.worker_pid).memory_info().rss / 1e6
        finally:
            stack.close()
    note = f"median of {RUNS}, {FILES} files, engines that do nothing"
    whole, overhead, pick_up = (statistics.median(column) for column in zip(*warm, strict=True))
    return [
        Row("orchestration of one agent", overhead, "s", 1.5, f"{note}; whole submit to active {whole:.2f} s"),
        Row("orchestration of one agent, worst", max(entry[1] for entry in warm), "s", None, note),
        Row("orchestration of the first agent", cold[1], "s", None, "cold worker"),
        Row("submit to first step", pick_up, "s", None, note),
        Row("flow worker ready", ready_s, "s", None, "Prefect already up"),
        Row("flow worker resident memory", memory, "MB", None, f"after {RUNS + 1} runs"),
    ]


def one_agent(stack: LocalStack) -> tuple[float, float, float]:
    """Seconds from submit to active, of that orchestration, and from submit to the first step."""
    time.sleep(1.0)
    begun_ms = time.time_ns() // 1_000_000
    agent = stack.submit(**{f"file{number}_txt": f"This is document {number}." for number in range(FILES)})
    agent = stack.until_status(agent, AgentStatus.ACTIVE)
    first, last = agent.progress[0], agent.progress[-1]
    assert first.started_at
    assert last.ended_at
    whole = (last.ended_at - begun_ms) / 1000
    return whole, whole - _other_s(agent), (first.started_at - begun_ms) / 1000


def _other_s(agent: Agent) -> float:
    entries = [entry for entry in agent.progress if entry.step in _NOT_ORCHESTRATION]
    return sum(entry.ended_at - entry.started_at for entry in entries if entry.ended_at and entry.started_at) / 1000
