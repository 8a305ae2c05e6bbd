"""Sockets that reach another process than the one that holds their call.

Processes share a port, so a resume or an operator may come to any of them. The one that got the socket finds the owner
in the record store and hands every frame on, over a second WebSocket that only a process of this deployment can open.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from oratio.domain.conversations.live_call import LiveCall
from oratio.errors import NotAuthenticated, NotFound
from oratio.ports.clock import Clock
from oratio.ports.live_calls import LiveCallRepository
from oratio.services.access.tickets import Tickets
from voice_server.server.auth import RelayGrant
from voice_server.server.connection import Connection
from voice_server.server.live_call_publisher import CallOwner
from voice_server.server.sockets import closed

logger = logging.getLogger(__name__)

_PREFIX = "/internal/calls/"
_PASS_MS = 30_000
_OPEN_S = 5.0
_MOST_BYTES = 2**20
_NOT_SENDABLE = (1005, 1006, 1015)
_GONE = 1011


class Relay:
    """Args:
    pepper: The deployment's secret, which passes are signed with.
    """

    def __init__(
        self, *, owner: CallOwner, live_calls: LiveCallRepository, clock: Clock, pepper: Callable[[], bytes]
    ) -> None:
        self._owner = owner
        self._live_calls = live_calls
        self._passes = Tickets("relay", pepper=pepper, clock=clock)

    async def elsewhere(self, user_id: str, conversation_id: str) -> LiveCall | None:
        """The call, if another process holds it."""
        try:
            call = await asyncio.to_thread(self._live_calls.get, user_id, conversation_id)
        except NotFound:
            return None
        return call if self.is_elsewhere(call) else None

    def is_elsewhere(self, call: LiveCall) -> bool:
        return call.owner != self._owner.process_id

    def read(self, path: str, authorization: str) -> RelayGrant:
        """What the process that opened this connection says.

        Raises:
            NotAuthenticated: Not a process of this deployment.
        """
        scheme, _, given = authorization.partition(" ")
        if scheme != "Bearer" or not path.startswith(_PREFIX):
            raise NotAuthenticated("a pass is needed")
        claims = self._passes.read(given)
        if claims["c"] != path.removeprefix(_PREFIX):
            raise NotAuthenticated("the pass is for another call")
        return RelayGrant(claims["u"], claims["a"], claims["c"], claims["o"])

    async def forward(
        self, socket: Connection, call: LiveCall, *, operator: str | None, first: Sequence[str | bytes] = ()
    ) -> None:
        """Hand on every frame, both ways, until one side ends; then the other ends by the same code."""
        claims = {"u": call.user_id, "a": call.agent_id, "c": call.conversation_id, "o": operator}
        signed, _ = await asyncio.to_thread(self._passes.issue, claims, _PASS_MS)
        try:
            async with connect(
                f"{call.address}{_PREFIX}{call.conversation_id}",
                additional_headers={"Authorization": f"Bearer {signed}"},
                compression=None,
                max_size=_MOST_BYTES,
                open_timeout=_OPEN_S,
                proxy=None,
            ) as inner:
                for frame in first:
                    await inner.send(frame)
                await _joined(socket, inner)
        except (OSError, TimeoutError, InvalidHandshake):
            logger.warning("conversation_id=<%s> | its process does not answer", call.conversation_id)
            await closed(socket, _GONE, "the call is lost")


type _End = Connection | ClientConnection


async def _joined(outer: Connection, inner: ClientConnection) -> None:
    ways = [
        asyncio.create_task(_carry(outer, inner), name="relay in"),
        asyncio.create_task(_carry(inner, outer), name="relay out"),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)


async def _carry(source: _End, target: _End) -> None:
    try:
        async for frame in source:
            await target.send(frame)
    except ConnectionClosed:
        pass
    code = source.close_code
    if code is None or code in _NOT_SENDABLE:
        code = _GONE if isinstance(source, ClientConnection) else 1000
    with contextlib.suppress(ConnectionClosed):
        await target.close(code, source.close_reason or "")
