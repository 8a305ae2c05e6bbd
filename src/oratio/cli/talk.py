"""`oratio talk`: one voice session from a WAV file, in real time."""

import asyncio
import json
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oratio.cli.options import Api, Data, Json, Token
from oratio.cli.output import print_json, say
from oratio.errors import AgentFailed, FieldProblem, InvalidInput, Unavailable

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_RATE_IN, _RATE_OUT = 16_000, 24_000
_FRAME_MS = 20
_FRAME_BYTES = _RATE_IN // 1000 * _FRAME_MS * 2
_QUIET_S = 2.0
_VOICED_RMS = 200.0
_MAX_S = 600


def register(app: typer.Typer) -> None:
    app.command()(talk)


def talk(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Id, the beginning of one, or name.")],
    source: Annotated[Path, typer.Option("--in", metavar="FILE.wav", help="What the caller says.", dir_okay=False)],
    target: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.wav", help="Where the agent's speech goes.", dir_okay=False)
    ] = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for an answer after the file.")] = 45.0,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Talk to a voice agent from a file: prints the transcript and the measured latency of each answer."""
    from oratio.cli.target import agent_id, connect

    speech = read_wav(source)
    with connect(data, api, token) as client:
        ticket = client.voice_ticket(agent_id(client, agent))
    talked = asyncio.run(_talk(ticket.websocket_url, ticket.ticket, speech, wait))
    if target is not None:
        write_wav(target, bytes(talked.audio))
    if as_json:
        print_json(talked.summary())
    else:
        for line in talked.lines():
            say(line)
    if talked.failure:
        raise AgentFailed(talked.failure, hint="see `oratio status` and the voice server's log")
    if not talked.answers:
        raise AgentFailed("the agent said nothing", hint="is there speech in the file? see the transcript above")


def read_wav(path: Path) -> bytes:
    """The file's speech as 16-bit mono PCM at 16 kHz.

    Raises:
        InvalidInput: Not a WAV file of 16-bit PCM, empty, or longer than ten minutes.
    """
    import numpy as np

    from oratio.audio import Resampler, to_pcm

    problem = FieldProblem(("in",), "must be a WAV file of 16-bit PCM")
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width, frames = (
                file.getframerate(),
                file.getnchannels(),
                file.getsampwidth(),
                file.getnframes(),
            )
            if width != 2 or frames == 0 or frames > _MAX_S * rate:
                hint = "it must have 16-bit samples and last up to ten minutes"
                raise InvalidInput(f"{path} cannot be sent", [problem], hint=hint)
            samples = np.frombuffer(file.readframes(frames), "<i2").astype(np.float32)
    except (wave.Error, EOFError) as error:
        raise InvalidInput(f"{path} is no WAV file ({error})", [problem], hint="give 16-bit PCM") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror})", [problem], hint="check the path") from None
    mono = samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    padded = np.concatenate([mono, np.zeros(rate // 10, np.float32)])
    return to_pcm(Resampler(rate, _RATE_IN).feed(padded))


def write_wav(path: Path, pcm: bytes) -> None:
    try:
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, _RATE_OUT, len(pcm) // 2, "NONE", ""))
            file.writeframes(pcm)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written ({error.strerror})", hint="give another --out") from None


@dataclass(slots=True)
class _Answer:
    response_id: str
    # From the end of the caller's speech to the answer's first audio; None before it, and of an answer without audio.
    latency_ms: int | None = None
    text: str = ""
    status: str = ""


@dataclass(slots=True)
class _Talk:
    """What happened on the line; `ready` is set when it can be talked on, or never will."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    session_id: str = ""
    audio: bytearray = field(default_factory=bytearray)
    answers: list[_Answer] = field(default_factory=list)
    transcript: list[tuple[str, str]] = field(default_factory=list)
    handoff: dict[str, Any] | None = None
    failure: str = ""
    voiced_at: float = 0.0
    busy: bool = False
    moved_at: float = 0.0

    def message(self, message: dict[str, Any], now: float) -> None:
        self.moved_at = now
        match message["type"]:
            case "session.ready":
                self.session_id = message["sessionId"]
                self.ready.set()
            case "speech.started" | "response.start":
                self.busy = True
                if message["type"] == "response.start":
                    self.answers.append(_Answer(message["responseId"]))
            case "speech.stopped":
                # A turn may follow: the silence that ends it is shorter than ours.
                self.busy = bool(self.answers) and not self.answers[-1].status
            case "transcript.done" if message["text"]:
                self.transcript.append((message["role"], message["text"]))
            case "response.done":
                self.busy = False
                self.answers[-1].text, self.answers[-1].status = message["spokenText"], message["status"]
            case "handoff.started":
                self.handoff = {"reason": message["reason"], "summary": message["summary"]}
            case "error" if message["fatal"]:
                self.failure = message["message"]

    def heard(self, pcm: bytes, now: float) -> None:
        self.moved_at = now
        self.audio += pcm
        if self.answers and self.answers[-1].latency_ms is None:
            self.answers[-1].latency_ms = round((now - self.voiced_at) * 1000)

    def summary(self) -> dict[str, Any]:
        return {
            "sessionId": self.session_id,
            "transcript": [{"role": role, "text": text} for role, text in self.transcript],
            "answers": [
                {"latencyMs": answer.latency_ms, "status": answer.status, "text": answer.text}
                for answer in self.answers
            ],
            "handoff": self.handoff,
            "audioMs": len(self.audio) * 1000 // (_RATE_OUT * 2),
        }

    def lines(self) -> list[str]:
        names = {"user": "caller", "assistant": "agent"}
        lines = [f"{names.get(role, role)}: {text}" for role, text in self.transcript]
        if self.handoff:
            lines.append(f"hand-off: {self.handoff['reason']}")
        measured = [answer.latency_ms for answer in self.answers if answer.latency_ms is not None]
        if measured:
            lines.append("latency, end of speech to first audio: " + ", ".join(f"{ms} ms" for ms in measured))
        return lines


async def _talk(url: str, ticket: str, speech: bytes, wait_s: float) -> _Talk:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake
    from websockets.typing import Subprotocol

    protocols = [Subprotocol("oratio.v1"), Subprotocol(f"bearer.{ticket}")]
    talked = _Talk()
    try:
        async with connect(url, subprotocols=protocols, compression=None, max_size=2**20) as socket:
            await socket.send(json.dumps({"type": "session.start"}))
            listening = asyncio.create_task(_listen(socket, talked))
            try:
                await _speak(socket, talked, speech, wait_s)
                await socket.send('{"type":"session.end"}')
                await listening
            except ConnectionClosed:
                await listening
    except (OSError, InvalidHandshake) as error:
        raise Unavailable(f"the voice server does not take the call ({error})", hint="see `oratio status`") from None
    return talked


async def _listen(socket: "ClientConnection", talked: _Talk) -> None:
    from websockets.exceptions import ConnectionClosed

    try:
        async for frame in socket:
            now = time.monotonic()
            if isinstance(frame, bytes):
                talked.heard(frame, now)
            else:
                talked.message(json.loads(frame), now)
    except ConnectionClosed as closed:
        talked.failure = talked.failure or f"the call was cut ({closed})"
    finally:
        talked.ready.set()


async def _speak(socket: "ClientConnection", talked: _Talk, speech: bytes, wait_s: float) -> None:
    """The file in real time, then silence until the agent has been quiet for a while."""
    import numpy as np

    await talked.ready.wait()
    begun = time.monotonic()
    silence = bytes(_FRAME_BYTES)
    frame = 0
    while not talked.failure:
        at = frame * _FRAME_BYTES
        pcm = speech[at : at + _FRAME_BYTES]
        now = time.monotonic()
        if pcm and float(np.sqrt(np.mean(np.square(np.frombuffer(pcm, "<i2").astype(np.float32))))) > _VOICED_RMS:
            talked.voiced_at = now
        if not pcm:
            ended = begun + len(speech) / (_RATE_IN * 2)
            answered = bool(talked.answers) and not talked.busy
            if now - ended > wait_s or (answered and now - max(talked.moved_at, ended) > _QUIET_S):
                return
        await socket.send(pcm or silence)
        frame += 1
        await asyncio.sleep(max(0.0, begun + frame * _FRAME_MS / 1000 - time.monotonic()))
