"""The local form of `Connections`: the host's gateway, reached over an inherited control socket.

The agent cannot open a socket. It sends one byte over the control socket and is handed a connected one
(SCM_RIGHTS) for one call; the host knows the agent, its tenant and its knowledge base from the descriptor.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any, cast

from strands.models import Model

from oratio.agentkit.platform.connections import ConnectionFailed, Connections, FoundPassage
from oratio.agentkit.platform.framing import BadFrame, encode, receive_frame
from oratio.agentkit.turn import TurnRecorder, trace

CONNECT_TIMEOUT_S = 5.0
CONNECT = b"\x01"
# The host admits 50 calls a second (`CallRate`): an agent with many quick turns waits instead of failing.
RATE_PATIENCE_S = 2.0
RATE_PAUSE_S = 0.05


class Gateway(Connections):
    """Calls the host over sockets handed out on `control`."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lock = threading.Lock()

    def connect(self) -> socket.socket:
        """Return a fresh connected socket for one call; while the host refuses for the rate, ask again for a while.

        Raises:
            ConnectionFailed: The host does not answer, or still refuses after `RATE_PATIENCE_S`.
        """
        deadline = time.monotonic() + RATE_PATIENCE_S
        while True:
            try:
                return self._connect_once()
            except ConnectionFailed as refused:
                if refused.code != "rate_limited" or time.monotonic() >= deadline:
                    raise
            time.sleep(RATE_PAUSE_S)

    def _connect_once(self) -> socket.socket:
        with self._lock:
            try:
                self._control.settimeout(CONNECT_TIMEOUT_S)
                self._control.sendall(CONNECT)
                data, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
            except OSError:
                raise ConnectionFailed("unavailable") from None
        if not data or not descriptors:
            raise ConnectionFailed("rate_limited" if data else "unavailable")
        return socket.socket(fileno=descriptors[0])

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """As `connect`, as streams of the running loop."""
        sock = await asyncio.to_thread(self.connect)
        return await asyncio.open_connection(sock=sock)

    def model(self, turn: TurnRecorder) -> Model:
        from oratio.agentkit.platform.gateway_model import GatewayModel

        return GatewayModel(self, turn)

    def search(self, query: str, *, timeout_s: float) -> Sequence[FoundPassage]:
        passages = self._call({"op": "search", "query": query}, timeout_s).get("passages", [])
        return cast(list[FoundPassage], passages)

    def hand_off(self, reason: str, summary: str, *, timeout_s: float) -> dict[str, Any]:
        return self._call({"op": "handOff", "reason": reason, "summary": summary}, timeout_s)

    def _call(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        with contextlib.closing(self.connect()) as sock:
            sock.settimeout(timeout_s)
            try:
                sock.sendall(encode(request | {"trace": trace.get()}))
                answer = receive_frame(sock)
            except TimeoutError:
                raise
            except (OSError, BadFrame):
                raise ConnectionFailed("unavailable") from None
        if answer is None:
            raise ConnectionFailed("unavailable")
        if "error" in answer:
            raise ConnectionFailed(str(answer["error"]))
        return answer
