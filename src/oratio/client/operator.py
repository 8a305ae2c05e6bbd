"""An operator's end of a call in progress: `oratio.operator.v1` over a WebSocket.

calls = (await oratio.live_calls()).calls
ticket = await oratio.operator_ticket(calls[0].conversation_id)
async with OperatorLine(ticket.websocket_url, ticket.ticket) as line:
    await line.take_over()
    await line.say("This is Ada; how may I help?")
    async for heard in line:      # an event, `bytes` for what caller and agent say
        ...
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from oratio.client.answers import error_of
from oratio.errors import Unavailable
from oratio.protocol.messages import BadMessage, WireMessage, dumps
from oratio.protocol.operator import (
    OPERATOR_SERVER_MESSAGES,
    SUBPROTOCOL,
    CallEnd,
    HandBack,
    OperatorServerMessage,
    OperatorStart,
    SayText,
    TakeOver,
    Whisper,
)

_MOST_BYTES = 2**20
# Half a minute of audio: a program may be busy for a while before the server takes it for gone.
_MOST_UNREAD = 1_024


class Told(NamedTuple):
    """One message of the server: its `type`, and its fields by their wire names."""

    type: str
    data: Mapping[str, Any]

    @property
    def message(self) -> OperatorServerMessage | None:
        """The same as a typed value; None for a message that this version does not know."""
        try:
            return OPERATOR_SERVER_MESSAGES.of({**self.data, "type": self.type})
        except BadMessage:
            return None


class OperatorLine:
    """Listens from the moment it is entered; iterating ends with the call.

    Args:
        url: Where the call is joined: `websocketUrl` of the call or ticket.
        credential: The tenant's token, or a ticket for this call.
        output_rate: Hz of the 16-bit mono PCM that is heard and sent; None for events only.
    """

    def __init__(self, url: str, credential: str, *, output_rate: int | None = None) -> None:
        self._url = url
        self._credential = credential
        self._rate = output_rate
        self._socket: ClientConnection | None = None
        # What `operator.ready` said; set while the line is entered.
        self.ready: Mapping[str, Any] = {}

    async def __aenter__(self) -> Self:
        """Join the call.

        Raises:
            NotAuthenticated, NotFound: As the server refuses.
            Unavailable: The voice server does not answer, or is stopping.
        """
        protocols = [Subprotocol(SUBPROTOCOL), Subprotocol(f"bearer.{self._credential}")]
        try:
            self._socket = await connect(
                self._url,
                subprotocols=protocols,
                compression=None,
                max_size=_MOST_BYTES,
                max_queue=_MOST_UNREAD,
                proxy=None,
            )
            await self._send(OperatorStart(audio={"input": self._rate, "output": self._rate}))
            first = json.loads(await self._socket.recv())
        except InvalidStatus as refused:
            raise error_of(refused.response.status_code, _problem(refused.response.body)) from None
        except (OSError, InvalidHandshake, ConnectionClosed) as error:
            raise Unavailable(f"the call cannot be joined ({error})", hint="see `oratio status`") from None
        if first["type"] != "operator.ready":
            await self._socket.close()
            raise Unavailable(f"the call cannot be joined ({first.get('message', first['type'])})")
        self.ready = first
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave the call; it goes on. One that this line has goes back to the agent, unless it is joined again soon."""
        if self._socket is not None:
            await self._socket.close()

    async def whisper(self, text: str) -> None:
        """Tell the agent something for its next answers; the caller does not hear it."""
        await self._send(Whisper(text=text))

    async def take_over(self) -> None:
        """Have the call; `operator.mode` says whether it worked, an `error` of code `conflict` that another has it."""
        await self._send(TakeOver())

    async def say(self, text: str) -> None:
        """Have words said to the caller in the agent's voice, while this line has the call."""
        await self._send(SayText(text=text))

    async def send_audio(self, pcm: bytes) -> None:
        """Speak to the caller, in real time, while this line has the call."""
        await self._line().send(pcm)

    async def hand_back(self, note: str | None = None) -> None:
        """Give the call back to the agent, with a note for it."""
        await self._send(HandBack(note=note or None))

    async def end_call(self) -> None:
        await self._send(CallEnd())

    async def __aiter__(self) -> AsyncIterator[Told | bytes]:
        try:
            async for frame in self._line():
                if isinstance(frame, bytes):
                    yield frame
                else:
                    message = json.loads(frame)
                    yield Told(message["type"], message)
        except ConnectionClosed:
            return

    async def _send(self, message: WireMessage) -> None:
        try:
            await self._line().send(dumps(message))
        except ConnectionClosed:
            raise Unavailable("the call is over") from None

    def _line(self) -> ClientConnection:
        if self._socket is None:
            raise Unavailable("the line is not open", hint="enter it: `async with OperatorLine(...) as line`")
        return self._socket


def _problem(body: bytes | bytearray | None) -> Mapping[str, Any]:
    try:
        value = json.loads(body or b"")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
