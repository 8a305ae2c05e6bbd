"""One running agent process as the host sees it."""

import asyncio
import contextlib
import json
import logging
import os
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpcore  # noqa: F401 - httpx imports it at its first use, which takes 0.3 s
import httpx

from oratio.agent_host.forkserver_client import ForkserverClient, Spawned
from oratio.agent_host.gateway import AgentGateway
from oratio.agent_host.output import OutputTap
from oratio.agent_host.runner import boot_frame
from oratio.agent_host.sandbox.confinement import Confinement
from oratio.agentkit.platform.framing import BadFrame, read_frame
from oratio.errors import AgentFailed
from oratio.ports.agent_runtime import AgentPackage
from oratio.protocol import sse

logger = logging.getLogger(__name__)

BACKLOG = 64
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; httpx would make one a client, 20 ms each
READY_TIMEOUT_S = 20.0
MAX_EVENT_BYTES = 512 * 1024
MAX_TURN_S = 900.0
PING_TIMEOUT_S = 5.0
MAX_TURN_BYTES = 4 * 1024 * 1024
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"


class AgentProcess:
    """A forked, confined process that serves one runtime version.

    Attributes:
        in_flight: Turns being answered.
        turns: Turns started in its life.
        last_used: The host's monotonic time of the last turn's end.
        retired: Gets no further turn, and is stopped when its last one ends.
        traces: The spans of the turns in flight; what else the agent may name as one is not believed.
    """

    def __init__(self, parent: ForkserverClient, socket_path: Path, agent_id: str) -> None:
        self.in_flight = 0
        self.turns = 0
        self.last_used = 0.0
        self.retired = False
        self.traces: set[str] = set()
        self.agent_id = agent_id
        self._parent = parent
        self._socket_path = socket_path
        self._spawned: Spawned | None = None
        self._gateway: AgentGateway | None = None
        self._taps: list[OutputTap] = []
        self._client: httpx.AsyncClient | None = None

    @property
    def alive(self) -> bool:
        return self._spawned is not None and not self._spawned.exited.done()

    @property
    def exited(self) -> asyncio.Future[int]:
        assert self._spawned is not None
        return self._spawned.exited

    @property
    def pid(self) -> int:
        """As the warm parent sees it: inside tier A that is not the host's number."""
        assert self._spawned is not None
        return self._spawned.pid

    @property
    def served_paths(self) -> set[str]:
        assert self._gateway is not None
        return self._gateway.served_paths

    async def start(self, package: AgentPackage, model_name: str, confinement: Confinement) -> socket.socket:
        """Fork, hand over the agent's files and wait until it serves; returns the host's end of its control socket.

        Raises:
            AgentFailed: The agent's code does not load, or the process ended or hung on the way.
        """
        control, theirs = socket.socketpair()
        try:
            with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
                listening.bind(str(self._socket_path))
                listening.listen(BACKLOG)
                outs = [os.pipe(), os.pipe()]
                self._taps = [OutputTap(read, self.agent_id) for read, _ in outs]
                descriptors = [listening.fileno(), theirs.fileno(), *(write for _, write in outs)]
                try:
                    self._spawned = await self._parent.spawn("serve", confinement, descriptors)
                finally:
                    for _, write in outs:
                        os.close(write)
            await self._boot(control, boot_frame(*package[:3], model_name))
        except BaseException:
            control.close()
            await self.stop()
            raise
        transport = httpx.AsyncHTTPTransport(
            uds=str(self._socket_path), limits=httpx.Limits(keepalive_expiry=None), verify=_NO_TLS
        )
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://agent", timeout=MAX_TURN_S, trust_env=False
        )
        return control

    async def _boot(self, control: socket.socket, frame: bytes) -> None:
        loop = asyncio.get_running_loop()
        control.setblocking(False)
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await loop.sock_sendall(control, frame)
                status = await _frame_of(control)
        except (TimeoutError, OSError, BadFrame):
            raise AgentFailed("the agent's process did not come up") from None
        if status.get("status") != "ready":
            raise AgentFailed(f"the agent's process did not come up: {str(status.get('reason', 'it ended'))[:200]}")

    def serve(self, gateway: AgentGateway) -> None:
        """From here on the process may call its gateway."""
        self._gateway = gateway
        gateway.open()

    async def turn(self, session_id: str, payload: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """The events of one turn as the agent wrote them: objects, bounded in size, otherwise unchecked.

        Raises:
            AgentFailed: The process ended, or what it sends is not an answer.
        """
        assert self._client is not None
        try:
            async with self._client.stream(
                "POST", "/invocations", json=payload, headers={SESSION_HEADER: session_id}
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise AgentFailed("the agent refused the call")
                events = sse.aread_bounded(response, max_bytes=MAX_TURN_BYTES, max_line=MAX_EVENT_BYTES)
                async with aclosing(events):
                    async for event in events:
                        yield _object(event.data)
        except sse.EventsTooLarge:
            raise AgentFailed("the agent's answer is too large") from None
        except httpx.HTTPError:
            raise AgentFailed("the agent's process stopped in the middle of its answer") from None

    async def ping(self) -> bool:
        """Whether the process answers AgentCore's health call."""
        assert self._client is not None
        try:
            return (await self._client.get("/ping", timeout=PING_TIMEOUT_S)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        if self._spawned is not None:
            self._parent.kill(self._spawned)

    async def stop(self) -> None:
        """End the process and let go of everything that belonged to it."""
        self.kill()
        if self._spawned is not None:
            await self._spawned.exited
        if self._gateway is not None:
            self._gateway.close()
        for tap in self._taps:
            tap.close()
        if self._client is not None:
            await self._client.aclose()
        with contextlib.suppress(FileNotFoundError):
            self._socket_path.unlink()


async def _frame_of(control: socket.socket) -> dict[str, Any]:
    """The one frame that a non-blocking socket brings next; `{}` when it closes instead."""
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4]):
        part = await loop.sock_recv(control, 4096)
        if not part or len(data) > MAX_EVENT_BYTES:
            return {}
        data += part
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    return await read_frame(reader) or {}


def _object(data: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise AgentFailed("the agent's answer cannot be read")
    return value
