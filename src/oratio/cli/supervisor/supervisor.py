"""Supervisor of `oratio up`'s child processes: starts them, restarts those that die, stops them in order."""

import asyncio
import itertools
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oratio.cli.supervisor.child import Child, State
from oratio.cli.supervisor.health import now_ms
from oratio.cli.supervisor.run_folder import RunFolder, RunRecord, ServiceRecord
from oratio.cli.supervisor.service import SupervisedService

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """Timing and limits of the supervisor; seconds throughout.

    Attributes:
        ready_s: A busy machine needs minutes where others need seconds; a service that dies is given up long before.
        cores: How many services may be busy starting at once.
        quick_s: A process that dies sooner after its start than this died quickly.
        give_up_after: Quick deaths in a row after which a service is left down.
        head_start_s: The longest a service waits for a free core before it starts anyway.
    """

    ready_s: float = 180.0
    poll_s: float = 0.1
    backoff_first_s: float = 1.0
    backoff_most_s: float = 30.0
    quick_s: float = 10.0
    give_up_after: int = 5
    head_start_s: float = 20.0
    cores: int = max(2, os.cpu_count() or 2)

    def backoff_s(self, deaths: int) -> float:
        """Return the wait before the next start after this many quick deaths in a row."""
        return float(min(self.backoff_first_s * 2 ** max(0, deaths - 1), self.backoff_most_s))


class Supervisor:
    """Runner of a table of services, until `stop` is called.

    Args:
        services: Longest start first.
        folder: Where the run state and the logs go; the caller holds it.
        notify: Called with one line for every event a person should see.
    """

    def __init__(
        self,
        services: Sequence[SupervisedService],
        folder: RunFolder,
        *,
        notify: Callable[[str], None],
        policy: Policy | None = None,
    ) -> None:
        self._policy = policy or Policy()
        self._folder = folder
        self._notify = notify
        self._children = [Child(service, folder.logs / f"{service.name}.log") for service in services]
        self._started_at = now_ms()
        self._ready = False
        self._stopping = asyncio.Event()
        self._kill = asyncio.Event()

    @property
    def children(self) -> Sequence[Child]:
        return self._children

    def stop(self) -> None:
        """Drain the services at the first call, kill them at the second."""
        if self._stopping.is_set():
            self._kill.set()
        self._stopping.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call `on_ready` once, and return when everything is down.

        `on_ready` is called when every service has been healthy or given up once, or after `ready_s`.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        starter = asyncio.create_task(self._start_in_turn())
        try:
            await self._until_ready()
            if not self._stopping.is_set():
                self._ready = True
                self._write()
                on_ready()
            await self._stopping.wait()
        finally:
            self._stopping.set()
            starter.cancel()
            await asyncio.gather(starter, *keepers, return_exceptions=True)
            await self._stop_all()
            self._folder.clear()

    async def _start_in_turn(self) -> None:
        """Start each service once a core is free: start-up is imports, and six at once only slow the longest."""
        for child in self._children:
            deadline = time.monotonic() + self._policy.head_start_s
            while time.monotonic() < deadline and not self._stopping.is_set():
                if sum(other.busy_starting() for other in self._children) < self._policy.cores:
                    break
                await asyncio.sleep(self._policy.poll_s)
            if self._stopping.is_set():
                return
            self._start(child)

    def _start(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            child.state = State.FAILED
            child.last_exit = f"{error.strerror or error}"
            self._notify(f"{child.service.name} cannot be started ({child.last_exit})")
        self._write()

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + self._policy.ready_s
        while time.monotonic() < deadline and not self._stopping.is_set():
            if all(child.state in (State.HEALTHY, State.FAILED) for child in self._children):
                return
            await asyncio.sleep(self._policy.poll_s)

    async def _keep(self, child: Child) -> None:
        """Watch one child from its first start until the supervisor stops."""
        while not self._stopping.is_set():
            if child.state in (State.STARTING, State.HEALTHY) and child.ended():
                await self._after_death(child)
            elif child.state is State.STARTING and await child.service.health.healthy(child.started_at or 0):
                child.state = State.HEALTHY
                self._write()
                logger.info("service=<%s> pid=<%s> | healthy", child.service.name, child.pid)
            await asyncio.sleep(self._policy.poll_s)

    async def _after_death(self, child: Child) -> None:
        lived_s = (now_ms() - (child.started_at or 0)) / 1000
        child.quick_deaths = child.quick_deaths + 1 if lived_s < self._policy.quick_s else 0
        name = child.service.name
        if child.quick_deaths >= self._policy.give_up_after:
            child.state = State.FAILED
            self._write()
            self._notify(
                f"{name} died {child.quick_deaths} times ({child.last_exit}) and is left down: see {child.log}"
            )
            return
        child.state = State.RESTARTING
        wait_s = self._policy.backoff_s(child.quick_deaths)
        self._write()
        self._notify(f"{name} died ({child.last_exit}), starting it again in {wait_s:g} s: see {child.log}")
        try:
            await asyncio.wait_for(self._stopping.wait(), wait_s)
        except TimeoutError:
            child.restarts += 1
            self._start(child)

    async def _stop_all(self) -> None:
        by_stage = sorted(self._children, key=lambda child: child.service.stop_stage)
        for _, stage in itertools.groupby(by_stage, key=lambda child: child.service.stop_stage):
            await asyncio.gather(*map(self._stop_child, stage))

    async def _stop_child(self, child: Child) -> None:
        child.terminate()
        deadline = time.monotonic() + child.service.grace_s
        killed = False
        while not child.ended():
            overdue = time.monotonic() > deadline
            if not killed and (overdue or self._kill.is_set()):
                killed = True
                child.kill()
                if overdue:
                    self._notify(f"{child.service.name} did not stop in {child.service.grace_s:g} s and was killed")
            await asyncio.sleep(self._policy.poll_s / 2)
        child.state = State.STOPPED
        self._write()

    def _write(self) -> None:
        services = tuple(
            ServiceRecord(
                name=child.service.name,
                url=child.service.url,
                pid=child.pid,
                state=child.state,
                started_at=child.started_at,
                restarts=child.restarts,
            )
            for child in self._children
        )
        self._folder.write(
            RunRecord(pid=os.getpid(), started_at=self._started_at, ready=self._ready, services=services)
        )
