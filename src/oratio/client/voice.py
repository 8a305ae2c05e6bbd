"""Calls to a voice agent from a program.

    ticket = client.voice_ticket(agent_id)
    async with call(ticket.websocket_url, ticket.ticket) as line:
        await line.say("Is my phone covered abroad?")
        async for event in line.events():
            if isinstance(event, Answered):
                print(event.text)
                await line.end()

Audio is 16-bit mono PCM: 16 kHz to the agent and 24 kHz from it, unless asked for otherwise. A call that is cut can be
taken up within 60 s: `call(..., resume=line.resume)`.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from oratio.client.answers import error_of
from oratio.errors import Unavailable
from oratio.protocol.messages import BadMessage, WireMessage, dumps
from oratio.protocol.voice import (
    SUBPROTOCOL,
    HandoffRequest,
    InputMute,
    InputText,
    Playback,
    ResponseCancel,
    ResumeRequest,
    SessionEnd,
    SessionStart,
)
from oratio.protocol.voice_events import (
    AudioStart,
    ErrorMessage,
    HandoffEnded,
    HandoffProgress,
    Interrupt,
    ResponseDone,
    ResponseStart,
    SessionEnded,
    SpeechStarted,
    SpeechStopped,
    Transcript,
    read_server_message,
)

__all__ = [
    "Answered",
    "Answering",
    "Audio",
    "AudioBegins",
    "Ended",
    "Fault",
    "HandingOver",
    "Interrupted",
    "Notice",
    "Resume",
    "SpeechStarted",
    "SpeechStopped",
    "Transcript",
    "VoiceCall",
    "VoiceEvent",
    "call",
    "event_of",
]

_MAX_FRAME = 2**20


class Resume(NamedTuple):
    session_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Audio:
    """The agent's voice; belongs to the response that began last."""

    pcm: bytes


# A user's names for the messages of the protocol that are given as they come.
Answering = ResponseStart
AudioBegins = AudioStart
Interrupted = Interrupt
Answered = ResponseDone
Fault = ErrorMessage
Ended = SessionEnded


@dataclass(frozen=True, slots=True)
class HandingOver:
    """`state`: started, connected, failed or ended."""

    state: str
    reason: str
    summary: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Any other message, as it came."""

    type: str
    fields: Mapping[str, Any]


type VoiceEvent = (
    Audio
    | SpeechStarted
    | SpeechStopped
    | Transcript
    | Answering
    | AudioBegins
    | Interrupted
    | Answered
    | HandingOver
    | Fault
    | Ended
    | Notice
)


def event_of(frame: str | bytes) -> VoiceEvent:
    """Return a frame of the server as a value; a message that this version does not know as a `Notice`."""
    if isinstance(frame, bytes):
        return Audio(frame)
    try:
        message = read_server_message(frame)
    except BadMessage:
        return _notice(json.loads(frame))
    match message:
        case HandoffProgress(type=kind, reason=reason, summary=summary):
            return HandingOver(kind.removeprefix("handoff."), reason, summary)
        case HandoffEnded():
            return HandingOver("ended", "", "")
        case SpeechStarted() | SpeechStopped() | Transcript() | ResponseStart() | AudioStart() | Interrupt():
            return message
        case ResponseDone() | ErrorMessage() | SessionEnded():
            return message
    return _notice(message.wire())


def _notice(message: dict[str, Any]) -> Notice:
    return Notice(str(message.pop("type", "")), message)


class VoiceCall:
    """One call; made by `call`."""

    def __init__(self, socket: ClientConnection, ready: Mapping[str, Any]) -> None:
        self._socket = socket
        self.ready = ready
        self.session_id: str = ready["sessionId"]
        self.resume = Resume(self.session_id, ready["resumeToken"])

    async def events(self) -> AsyncIterator[VoiceEvent]:
        """What comes, until the call is over.

        Raises:
            Unavailable: The line was cut; the call may be resumed.
        """
        try:
            async for frame in self._socket:
                event = event_of(frame)
                yield event
                if isinstance(event, Ended):
                    return
        except ConnectionClosed as closed:
            raise Unavailable(f"the call was cut ({_why(closed)})", hint="resume it, or call again") from None

    async def hear(self, pcm: bytes) -> None:
        """Caller audio, at the pace of real time."""
        await self._put(pcm)

    async def say(self, text: str) -> None:
        """The caller's words in writing."""
        await self._write(InputText(text=text))

    async def press(self, digits: str) -> None:
        await self.send("input.dtmf", digits=digits)

    async def mute(self, on: bool = True) -> None:
        await self._write(InputMute(on=on))

    async def cancel(self, response_id: str | None = None) -> None:
        """Stop what the agent is saying."""
        await self._write(ResponseCancel(response_id=response_id or None))

    async def played(self, response_id: str, ms: float) -> None:
        """How much of a response has been played: what the record then calls heard."""
        await self._write(Playback(response_id=response_id, played_ms=ms))

    async def ask_for_human(self) -> None:
        await self._write(HandoffRequest())

    async def end(self) -> None:
        """Hang up; `events` goes on to the call's last words."""
        await self._write(SessionEnd())

    async def send(self, kind: str, **fields: Any) -> None:
        """Any message of the protocol."""
        await self._put(json.dumps({"type": kind, **fields}))

    async def _write(self, message: WireMessage) -> None:
        await self._put(dumps(message))

    async def _put(self, frame: str | bytes) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosedOK:
            return  # The server has ended the call: `events` says so.
        except ConnectionClosed as closed:
            raise Unavailable(f"the call was cut ({_why(closed)})", hint="resume it, or call again") from None


@asynccontextmanager
async def call(
    url: str,
    credential: str,
    *,
    hear_rate: int | None = 16_000,
    speak_rate: int | None = 24_000,
    variables: Mapping[str, str | int | float | bool] | None = None,
    resume: Resume | None = None,
) -> AsyncIterator[VoiceCall]:
    """A call that is; left, it is hung up.

    Args:
        url: Of the call: an agent's `websocket_url`.
        credential: A ticket, or an API key with the scope `voice`.
        hear_rate: Hz of the audio that `VoiceCall.hear` is given; None: text only.
        speak_rate: Hz of the agent's audio; None: text only.
        resume: The call to take up.

    Raises:
        OratioError: The server refuses the call, by the class of the refusal; `Unavailable` when it does not answer.
    """
    start = SessionStart(
        audio={"input": hear_rate, "output": speak_rate},
        vars=dict(variables or {}),
        resume=ResumeRequest(session_id=resume.session_id, token=resume.token) if resume is not None else None,
    )
    protocols = [Subprotocol(SUBPROTOCOL), Subprotocol(f"bearer.{credential}")]
    try:
        socket = await connect(url, subprotocols=protocols, compression=None, max_size=_MAX_FRAME)
    except InvalidStatus as refused:
        raise error_of(refused.response.status_code, _json(refused.response.body)) from None
    except (OSError, InvalidHandshake) as error:
        raise Unavailable(f"the voice server does not take the call ({error})", hint="see `oratio status`") from None
    async with socket:
        try:
            await socket.send(dumps(start))
            ready = json.loads(await socket.recv())
        except ConnectionClosed as closed:
            raise Unavailable(f"the call was not taken ({_why(closed)})", hint="call again") from None
        if ready["type"] != "session.ready":
            raise Unavailable(str(ready.get("message") or "the call was not taken"), hint="call again")
        yield VoiceCall(socket, ready)


def _why(closed: ConnectionClosed) -> str:
    told = closed.rcvd
    return f"{told.code} {told.reason}".strip() if told is not None else "the connection was lost"


def _json(body: bytes | bytearray | None) -> object:
    try:
        return json.loads(body or b"")
    except ValueError:
        return None
