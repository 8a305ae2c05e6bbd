"""Several voice processes on one port: started together, started again when one dies, stopped together.

Each is a whole voice server that shares nothing with the others but the stores; the kernel gives each new connection
to one of them.
"""

import asyncio
import logging
import shutil
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from oratio.settings import Settings, child_environment

logger = logging.getLogger(__name__)

# -P: without it `-m` puts the working folder first on the path.
_MEMBER = (sys.executable, "-P", "-m", "voice_server", "--member")
_CANNOT_START = 2
_YOUNG_S = 5.0
_REST_S = 1.0


def shared_metrics(settings: Settings) -> Path:
    return settings.data / "run" / "voice-metrics"


class VoiceProcesses:
    """The parent takes no calls; it only watches."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._metrics = shared_metrics(settings)
        # Prometheus' own way to add up the metrics of several processes: each writes files in this folder.
        self._environment = child_environment(
            settings, "voice", PYTHONUNBUFFERED="1", PROMETHEUS_MULTIPROC_DIR=str(self._metrics)
        )
        self._count = count
        self._members: set[Process] = set()
        self._failed = False

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event) -> int:
        """Keep the members running until `stop`; returns the exit code: 2 when one cannot start at all."""
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir(parents=True, mode=0o700)
        members = asyncio.create_task(self._all(stop), name="members")
        await _first(stop, members)
        self._signal()
        await _first(hurry, members)
        self._signal()
        await members
        shutil.rmtree(self._metrics, ignore_errors=True)
        return _CANNOT_START if self._failed else 0

    async def _all(self, stop: asyncio.Event) -> None:
        await asyncio.gather(*(self._keep(stop) for _ in range(self._count)))

    def _signal(self) -> None:
        for member in self._members:
            if member.returncode is None:
                member.terminate()

    async def _keep(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            begun = loop.time()
            member = await asyncio.create_subprocess_exec(
                *_MEMBER, env=self._environment, stdin=asyncio.subprocess.PIPE
            )
            self._members.add(member)
            if stop.is_set():
                member.terminate()
            code = await member.wait()
            self._members.discard(member)
            mark_process_dead(member.pid, str(self._metrics))  # type: ignore[no-untyped-call]
            if stop.is_set():
                return
            if code == _CANNOT_START and loop.time() - begun < _YOUNG_S:
                self._failed = True
                stop.set()
                return
            logger.error("pid=<%d> code=<%d> | a voice process ended, starting another", member.pid, code)
            if loop.time() - begun < _YOUNG_S:
                await asyncio.sleep(_REST_S)


async def _first(event: asyncio.Event, members: asyncio.Task[None]) -> None:
    """Wait for the event, or for the end of all members."""
    waiting: asyncio.Task[Any] = asyncio.create_task(event.wait())
    await asyncio.wait([waiting, members], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
