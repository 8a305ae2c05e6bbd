"""The supervisor over small real processes."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from oratio.cli.supervisor.child import State
from oratio.cli.supervisor.health import HttpHealth
from oratio.cli.supervisor.run_folder import RunFolder
from oratio.cli.supervisor.service import Address, SupervisedService
from oratio.cli.supervisor.supervisor import Policy, Supervisor

PROGRAM = Path(__file__).with_name("small_service.py")
QUICK = Policy(ready_s=20, poll_s=0.02, backoff_first_s=0.05, backoff_most_s=0.2, give_up_after=3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@dataclass
class Bench:
    """A folder with services in it and what they wrote down."""

    folder: RunFolder
    services: list[SupervisedService] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def _journal(self) -> Path:
        return self.folder.data / "journal"

    def add(self, name: str, habit: str = "", *, stage: int = 0, grace_s: float = 10) -> None:
        port = free_port()
        self.services.append(
            SupervisedService(
                name=name,
                command=(sys.executable, str(PROGRAM), str(port), str(self._journal), name, habit),
                environment=dict(os.environ),
                health=HttpHealth(f"http://127.0.0.1:{port}/healthz"),
                url=f"http://127.0.0.1:{port}",
                address=Address("127.0.0.1", port),
                stop_stage=stage,
                grace_s=grace_s,
            )
        )

    def journal(self, word: str) -> list[tuple[str, int]]:
        """(service, pid) of every line with this word, in the order written."""
        if not self._journal.exists():
            return []
        entries = [line.split() for line in self._journal.read_text().splitlines()]
        return [(name, int(pid)) for name, said, pid in entries if said == word]

    async def run(self, then: Callable[[Supervisor], Awaitable[None]], policy: Policy = QUICK) -> None:
        """Bring everything up, do `then`, stop."""
        supervisor = Supervisor(self.services, self.folder, notify=self.lines.append, policy=policy)
        ready = asyncio.Event()
        task = asyncio.create_task(supervisor.run(ready.set))
        await asyncio.wait_for(ready.wait(), 30)
        try:
            await then(supervisor)
        finally:
            supervisor.stop()
            await asyncio.wait_for(task, 30)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    folder = RunFolder(tmp_path / "data")
    with folder.hold():
        yield Bench(folder)


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


async def nothing(_supervisor: Supervisor) -> None:
    return None


async def test_all_services_are_healthy_when_ready_is_said(bench: Bench) -> None:
    bench.add("one")
    bench.add("two")

    async def then(supervisor: Supervisor) -> None:
        assert [child.state for child in supervisor.children] == [State.HEALTHY, State.HEALTHY]
        record = bench.folder.read()
        assert record is not None
        assert record.ready
        assert sorted((entry.name, entry.pid) for entry in record.services) == sorted(bench.journal("start"))

    await bench.run(then)


async def test_stop_goes_stage_by_stage_and_leaves_nothing(bench: Bench) -> None:
    bench.add("last", stage=2)
    bench.add("first", stage=0)
    bench.add("middle", stage=1)
    await bench.run(nothing)
    assert [name for name, _ in bench.journal("term")] == ["first", "middle", "last"]
    assert not any(alive(pid) for _, pid in bench.journal("start"))
    assert bench.folder.read() is None


async def test_killed_service_is_started_again(bench: Bench) -> None:
    bench.add("one")

    async def then(supervisor: Supervisor) -> None:
        child = supervisor.children[0]
        killed = child.pid
        assert killed
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: child.state is State.HEALTHY and child.pid != killed)
        assert child.restarts == 1

    await bench.run(then)
    assert "one died (signal SIGKILL)" in bench.lines[0]


async def test_service_that_keeps_dying_is_left_down_and_the_rest_stays_up(bench: Bench) -> None:
    bench.add("sound")
    bench.add("broken", "die")

    async def then(supervisor: Supervisor) -> None:
        assert [child.state for child in supervisor.children] == [State.HEALTHY, State.FAILED]

    await bench.run(then)
    assert len(bench.journal("start")) == 1 + QUICK.give_up_after
    assert "broken died 3 times (exit code 3) and is left down" in bench.lines[-1]


async def test_program_that_cannot_run_is_reported_at_once(bench: Bench) -> None:
    bench.add("one")
    service = bench.services[0]
    bench.services[0] = SupervisedService(service.name, ("/nowhere/oratio",), {}, service.health)

    async def then(supervisor: Supervisor) -> None:
        assert supervisor.children[0].state is State.FAILED

    await bench.run(then)
    assert bench.lines == ["one cannot be started (No such file or directory)"]


async def test_service_that_ignores_sigterm_is_killed_after_its_grace(bench: Bench) -> None:
    bench.add("deaf", "stubborn", grace_s=0.2)
    await bench.run(nothing)
    assert "deaf did not stop in 0.2 s and was killed" in bench.lines
    assert not any(alive(pid) for _, pid in bench.journal("start"))


async def test_second_stop_kills_without_waiting_for_the_grace(bench: Bench) -> None:
    bench.add("deaf", "stubborn", grace_s=3600)

    async def then(supervisor: Supervisor) -> None:
        supervisor.stop()

    await bench.run(then)
    assert not any(alive(pid) for _, pid in bench.journal("start"))


async def test_what_a_service_left_running_ends_with_it(bench: Bench) -> None:
    bench.add("parent", "orphan")
    await bench.run(nothing)
    assert bench.journal("left")
    # Killed by then, which takes the kernel a moment of its own for a process that is not our child.
    await eventually(lambda: not any(alive(pid) for _, pid in bench.journal("left")))


def test_backoff_doubles_to_its_most() -> None:
    policy = Policy()
    assert [policy.backoff_s(deaths) for deaths in (0, 1, 2, 3, 4, 5, 6, 7)] == [1, 1, 2, 4, 8, 16, 30, 30]


SUPERVISE = """
import asyncio, os, sys
from pathlib import Path
from oratio.cli.supervisor.health import HttpHealth
from oratio.cli.supervisor.run_folder import RunFolder
from oratio.cli.supervisor.service import SupervisedService
from oratio.cli.supervisor.supervisor import Supervisor

data, port, *command = sys.argv[1:]
folder = RunFolder(Path(data))
with folder.hold():
    service = SupervisedService("one", tuple(command), dict(os.environ), HttpHealth(f"http://127.0.0.1:{port}/"))
    supervisor = Supervisor([service], folder, notify=print)
    asyncio.run(supervisor.run(lambda: print("ready", flush=True)))
"""


def test_services_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    port, journal = str(free_port()), tmp_path / "journal"
    command = [sys.executable, str(PROGRAM), port, str(journal), "one"]
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path / "data"), port, *command], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout
    assert supervisor.stdout.readline() == "ready\n"
    pid = int(journal.read_text().split()[2])
    assert alive(pid)
    supervisor.kill()
    supervisor.communicate()
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    assert not alive(pid)
