"""Command `oratio talk`: one voice session, from a WAV file in real time or from the microphone."""

import asyncio
import signal
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
    from oratio.cli.calls.soundcard import SoundCard
    from oratio.client.voice import VoiceCall, VoiceEvent

_RATE_IN, _RATE_OUT = 16_000, 24_000
_FRAME_MS = 20
_FRAME_BYTES = _RATE_IN // 1000 * _FRAME_MS * 2
_QUIET_S = 2.0
_VOICED_RMS = 200.0
_MAX_S = 600
_NAMES = {"user": "caller", "assistant": "agent"}


def register(app: typer.Typer) -> None:
    app.command()(talk)


def talk(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Id, the beginning of one, or name.")],
    source: Annotated[
        Path | None,
        typer.Option("--in", metavar="FILE.wav", help="What the caller says; default: the microphone.", dir_okay=False),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.wav", help="Where the agent's speech goes.", dir_okay=False)
    ] = None,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for the agent to go on.")] = 45.0,
    as_json: Json = False,
    data: Data = None,
    api: Api = None,
    token: Token = None,
) -> None:
    """Talk to a voice agent; print the transcript and the measured latency of each answer."""
    from oratio.cli.target import agent_id, connect

    speech = read_wav(source) if source is not None else None
    with connect(data, api, token) as client:
        ticket = client.voice_ticket(agent_id(client, agent))
    if speech is None:
        talked = asyncio.run(_talk_live(ticket.websocket_url, ticket.ticket, quiet=as_json))
    else:
        talked = asyncio.run(_talk(ticket.websocket_url, ticket.ticket, speech, wait))
    if target is not None:
        write_wav(target, bytes(talked.audio))
    if as_json:
        print_json(talked.summary())
    else:
        # A live transcript was printed during the call.
        for line in talked.lines()[0 if speech is not None else len(talked.transcript) :]:
            say(line)
    if talked.failure:
        raise AgentFailed(talked.failure, hint="see `oratio status` and the voice server's log")
    if not talked.answers:
        raise AgentFailed("the agent said nothing", hint="is there speech in the file? see the transcript above")


def read_wav(path: Path) -> bytes:
    """Return the file's speech as 16-bit mono PCM at 16 kHz.

    Raises:
        InvalidInput: Not a WAV file of 16-bit PCM, empty, or longer than ten minutes.
    """
    import numpy as np

    from oratio.audio import resample, to_pcm

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
        raise InvalidInput(f"{path} is not a WAV file ({error})", [problem], hint="give 16-bit PCM") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror})", [problem], hint="check the path") from None
    mono = samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    padded = np.concatenate([mono, np.zeros(rate // 10, np.float32)])
    return to_pcm(resample(padded, rate, _RATE_IN))


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
    """Events and measurements of one call."""

    session_id: str = ""
    audio: bytearray = field(default_factory=bytearray)
    answers: list[_Answer] = field(default_factory=list)
    transcript: list[tuple[str, str]] = field(default_factory=list)
    handoff: dict[str, Any] | None = None
    failure: str = ""
    over: bool = False
    voiced_at: float = 0.0
    busy: bool = False
    moved_at: float = 0.0

    def take(self, event: "VoiceEvent", now: float) -> None:
        from oratio.client import voice

        self.moved_at = now
        match event:
            case voice.Audio(pcm):
                self.audio += pcm
                if self.answers and self.answers[-1].latency_ms is None:
                    self.answers[-1].latency_ms = round((now - self.voiced_at) * 1000)
            case voice.SpeechStarted():
                self.busy = True
            case voice.Answering(response_id):
                self.busy = True
                self.answers.append(_Answer(response_id))
            case voice.SpeechStopped():
                # A turn may follow: the silence that ends it is shorter than ours.
                self.busy = bool(self.answers) and not self.answers[-1].status
            case voice.Transcript(role, _, text, final=True) if text:
                self.transcript.append((role, text))
            case voice.Answered(_, status, text):
                self.busy = False
                self.answers[-1].text, self.answers[-1].status = text, status
            case voice.HandingOver("started", reason, summary):
                self.handoff = {"reason": reason, "summary": summary}
            case voice.Fault(_, message, fatal=True):
                self.failure = message

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
        lines = [f"{_NAMES.get(role, role)}: {text}" for role, text in self.transcript]
        if self.handoff:
            lines.append(f"hand-off: {self.handoff['reason']}")
        measured = [answer.latency_ms for answer in self.answers if answer.latency_ms is not None]
        if measured:
            lines.append("latency, end of speech to first audio: " + ", ".join(f"{ms} ms" for ms in measured))
        return lines


async def _talk(url: str, ticket: str, speech: bytes, wait_s: float) -> _Talk:
    from oratio.client.voice import call

    talked = _Talk()
    async with call(url, ticket) as line:
        talked.session_id = line.session_id
        listening = asyncio.create_task(_listen(line, talked))
        try:
            await _speak(line, talked, speech, wait_s)
            await line.end()
        except Unavailable as error:
            talked.failure = talked.failure or error.message
        await listening
    return talked


async def _listen(line: "VoiceCall", talked: _Talk) -> None:
    try:
        async for event in line.events():
            talked.take(event, time.monotonic())
    except Unavailable as error:
        talked.failure = talked.failure or error.message
    finally:
        talked.over = True


def _loudness(pcm: bytes) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(np.square(np.frombuffer(pcm, "<i2").astype(np.float32))))) if pcm else 0.0


async def _speak(line: "VoiceCall", talked: _Talk, speech: bytes, wait_s: float) -> None:
    """Send the file in real time, then silence until the agent has been quiet for a while."""
    started = time.monotonic()
    silence = bytes(_FRAME_BYTES)
    frame = 0
    while not talked.over:
        at = frame * _FRAME_BYTES
        pcm = speech[at : at + _FRAME_BYTES]
        now = time.monotonic()
        if _loudness(pcm) > _VOICED_RMS:
            talked.voiced_at = now
        if not pcm:
            ended = started + len(speech) / (_RATE_IN * 2)
            answered = bool(talked.answers) and not talked.busy
            if now - max(talked.moved_at, ended) > (_QUIET_S if answered else wait_s):
                return
        await line.hear(pcm or silence)
        frame += 1
        await asyncio.sleep(max(0.0, started + frame * _FRAME_MS / 1000 - time.monotonic()))


async def _talk_live(url: str, ticket: str, *, quiet: bool) -> _Talk:
    """Hold a call with the microphone, until Ctrl-C or the agent's side ends it."""
    from oratio.cli.calls.soundcard import sound_card
    from oratio.client.voice import call

    talked = _Talk()
    async with sound_card(_RATE_IN, _RATE_OUT) as card, call(url, ticket) as line:
        talked.session_id = line.session_id
        if not quiet:
            say("you are connected: speak; Ctrl-C hangs up (a headset keeps the agent from hearing itself)")
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: asyncio.ensure_future(line.end()))
        recording = asyncio.create_task(_record(card, line, talked))
        try:
            async for event in line.events():
                talked.take(event, time.monotonic())
                await _out_loud(event, card, quiet=quiet)
        except Unavailable as error:
            talked.failure = talked.failure or error.message
        finally:
            recording.cancel()
            await asyncio.wait([recording])
        if not recording.cancelled() and (broken := recording.exception()) is not None:
            raise broken
    return talked


async def _record(card: "SoundCard", line: "VoiceCall", talked: _Talk) -> None:
    try:
        while True:
            pcm = await card.record(_FRAME_BYTES)
            if _loudness(pcm) > _VOICED_RMS:
                talked.voiced_at = time.monotonic()
            await line.hear(pcm)
    except Unavailable:
        await line.end()
        raise


async def _out_loud(event: "VoiceEvent", card: "SoundCard", *, quiet: bool) -> None:
    from oratio.client import voice

    match event:
        case voice.Audio(pcm):
            await card.play(pcm)
        case voice.Interrupted():
            await card.hush()
        case voice.Transcript(role, _, text, final=True) if text and not quiet:
            say(f"{_NAMES.get(role, role)}: {text}")
