"""`python -m voice_server` as it is run, over real local records, for tests of what only processes show."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from oratio import settings
from oratio.bootstrap import build_platform, build_services
from oratio.domain.agents.agent import AgentStatus
from oratio.domain.agents.version import VersionStatus
from oratio.domain.api_keys import ApiKey
from oratio.domain.conversations.live_call import LiveCall
from tests.fakes.records import a_knowledge_base, a_version, an_agent
from tests.voice_server.fakes import Line

TEXT_ONLY: dict[str, Any] = {"audio": {"input": None, "output": None}}


class Servers:
    """Voice processes on one port, with one active agent `a1` of `ada`; nothing answers for the agent."""

    def __init__(self, folder: Path, port: int, **changes: Any) -> None:
        changes = {"speech": "none", "host": "127.0.0.1", **changes}
        self.config = settings.load(data=folder, port_base=port - 1, **changes)
        self.platform = build_platform(self.config)
        self.services = build_services(self.platform)
        self.port = port
        version = a_version(status=VersionStatus.LIVE, runtime_id="runtime-a1", runtime_version="1")
        agent = an_agent(status=AgentStatus.ACTIVE, current_version=1)
        self.platform.agents.add(agent, a_knowledge_base(), version)
        self.process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator["Servers"]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Start it, and wait until every process answers."""
        environment = settings.child_environment(self.config, "voice", PYTHONUNBUFFERED="1")
        command = [sys.executable, "-P", "-m", "voice_server"]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        self.wait_until_all_listen()

    def wait_until_all_listen(self) -> None:
        assert self.process is not None
        processes = self.config.voice.voice_processes or 1
        for _ in range(600):
            members = children(self.process.pid) if processes > 1 else [self.process.pid]
            if len(members) == processes and all(_listens(pid, self.port) for pid in members):
                return
            time.sleep(0.1)
        raise AssertionError("the voice server does not answer")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    async def owners(self, wanted: int, conversation_ids: Iterable[str]) -> dict[str, list[LiveCall]]:
        """These calls by process, once all are listed; raises unless as many processes as wanted have one."""
        these = set(conversation_ids)
        async with asyncio.timeout(10):
            while True:
                calls = [call for call in self.platform.live_calls.of_user("ada") if call.conversation_id in these]
                if len(calls) == len(these):
                    break
                await asyncio.sleep(0.05)
        found: dict[str, list[LiveCall]] = {}
        for call in calls:
            found.setdefault(call.owner, []).append(call)
        assert len(found) >= wanted, {owner: len(held) for owner, held in found.items()}
        return found

    def key(self, **fields: Any) -> tuple[ApiKey, str]:
        return self.services.access.create("ada", "a1", "test", **fields)

    def token(self) -> str:
        """An operator's."""
        assert self.platform.token_issuer is not None
        return self.platform.token_issuer.issue("ada", ttl_s=600)

    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/agents/a1/voice"

    @asynccontextmanager
    async def line(self, key: str, **options: Any) -> AsyncIterator[Line]:
        async with connect(self.url(), additional_headers={"Authorization": f"Bearer {key}"}, **options) as socket:
            yield Line(socket)

    @asynccontextmanager
    async def operator(self, conversation_id: str, **start: Any) -> AsyncIterator[Line]:
        headers = {"Authorization": f"Bearer {self.token()}"}
        url = f"ws://127.0.0.1:{self.port}/v1/operator/{conversation_id}"
        async with connect(url, additional_headers=headers) as socket:
            line = Line(socket)
            await line.send("operator.start", **(start or {"audio": {"output": None}}))
            await line.until("operator.ready")
            yield line


def children(pid: int) -> list[int]:
    """The processes a process has started and that still run."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if folder.name.isdigit() and int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(folder.name))
    return found


def _listens(pid: int, port: int) -> bool:
    """Whether a process has a listening socket on the port."""
    wanted = f":{port:04X} "
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines():
        fields = line.split()
        if fields[1].endswith(wanted.strip()) and fields[3] == "0A":
            inodes.add(f"socket:[{fields[9]}]")
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(descriptor))
    return bool(inodes & found)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
