"""The host's handle on its warm parent: start it, have it fork, hear of exits."""

import asyncio
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

from oratio.agent_host.messages import Inbox, send
from oratio.agent_host.sandbox.confinement import Confinement, Tier
from oratio.errors import Unavailable

logger = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
_ENVIRONMENT = {"LANG": "C.UTF-8", "TZ": "UTC", "MALLOC_ARENA_MAX": "2", "OTEL_SDK_DISABLED": "true"}


class TierRefused(Exception):
    """This machine does not offer the tier; the message says why."""


@dataclass(slots=True)
class Spawned:
    """A forked process: `pid` as the parent sees it, `exited` its exit code (negative: the signal)."""

    spawn_id: int
    pid: int
    exited: asyncio.Future[int]


class ForkserverClient:
    """One running `zygote` process. Belongs to the event loop it was started on."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self._ids = count(1)
        self._inbox = Inbox()
        self._starting: dict[int, asyncio.Future[int]] = {}
        self._running: dict[int, asyncio.Future[int]] = {}
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: asyncio.Future[None] | None = None

    @property
    def alive(self) -> bool:
        return self._socket is not None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it is warm.

        Raises:
            TierRefused: The machine refuses this tier.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        self._ready = loop.create_future()
        with theirs:
            arguments = [sys.executable, "-I", "-m", "oratio.agent_host.zygote", str(theirs.fileno()), self.tier.value]
            self._process = subprocess.Popen(  # noqa: ASYNC220 - spawning takes a millisecond
                arguments,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is the host's to answer
            )
        self._socket = ours
        loop.add_reader(ours, self._readable)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._ready
        except BaseException:
            await self.stop()
            raise
        logger.info("pid=<%d>, tier=<%s> | warm parent is ready", self._process.pid, self.tier)

    async def spawn(self, task: str, confinement: Confinement, descriptors: Sequence[int]) -> Spawned:
        """Fork a process for `task` with four descriptors: listening socket, control socket, stdout, stderr.

        Raises:
            Unavailable: The warm parent has ended.
        """
        if self._socket is None:
            raise Unavailable("the agent host is restarting its processes", hint="try again in a moment")
        loop = asyncio.get_running_loop()
        spawn_id = next(self._ids)
        started = self._starting[spawn_id] = loop.create_future()
        exited = self._running[spawn_id] = loop.create_future()
        message = {"op": "spawn", "id": spawn_id, "task": task, "confinement": asdict(confinement)}
        send(self._socket, message, descriptors)
        return Spawned(spawn_id, await started, exited)

    def kill(self, spawned: Spawned) -> None:
        if self._socket is not None and not spawned.exited.done():
            send(self._socket, {"op": "signal", "id": spawned.spawn_id, "signal": int(signal.SIGKILL)})

    async def stop(self) -> None:
        """End it and every process it forked."""
        self._lost()
        if self._process is not None:
            try:
                await asyncio.to_thread(self._process.wait, 5.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                await asyncio.to_thread(self._process.wait)

    def _readable(self) -> None:
        assert self._socket is not None
        try:
            open_ = self._inbox.receive(self._socket)
        except OSError:
            open_ = False
        for message in self._inbox.messages():
            self._handle(message)
        if not open_:
            self._lost()

    def _handle(self, message: dict[str, Any]) -> None:
        assert self._ready is not None
        match message["event"]:
            case "ready":
                logger.debug("threads=<%d> | warm parent answers", message["threads"])
                self._ready.set_result(None)
            case "refused":
                self._ready.set_exception(TierRefused(str(message["reason"])))
            case "started":
                self._starting.pop(message["id"]).set_result(message["pid"])
            case "exited":
                exited = self._running.pop(message["id"])
                if not exited.done():
                    exited.set_result(message["status"])

    def _lost(self) -> None:
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        assert self._ready is not None
        if not self._ready.done():
            self._ready.set_exception(TierRefused("the warm parent ended before it was ready"))
        for started in self._starting.values():
            started.set_exception(Unavailable("the agent host lost its warm parent", hint="try again in a moment"))
        for exited in self._running.values():
            if not exited.done():
                exited.set_result(-int(signal.SIGKILL))
        self._starting.clear()
        self._running.clear()
