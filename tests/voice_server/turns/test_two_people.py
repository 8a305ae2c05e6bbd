"""Caller and operator, both aloud, over the real voice server and the real speech models of this machine."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from oratio.audio import Resampler, to_pcm
from oratio.domain.conversations.conversation import Handoff, TurnResult
from oratio.domain.storage_layout import audio_key
from oratio.ports.speech import Spoken
from oratio.speech.local import LocalSpeech, weights
from oratio.speech.local.stt_worker import Transcribe, load_transcriber
from tests.voice_server.conftest import free_port
from tests.voice_server.fakes import Exchange, Line

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(bool(weights.missing_packages()), reason="the speech packages are not installed"),
    pytest.mark.xdist_group("speech"),
]

WISH = "Please let me speak with a person."
OPERATOR = "Good morning. Your refund will be paid today."
THANKS = "Thank you very much, that is good news."
QUESTION = "How do I turn on my phone?"
WANTED = TurnResult(answer="One moment.", answered=True, handoff=Handoff(reason="wants a person", summary="refund"))


@pytest.fixture(scope="module")
def transcribe() -> Transcribe:
    return load_transcriber()


async def said_aloud(texts: list[str]) -> dict[str, bytes]:
    """What a person would say, 16 kHz."""
    speech = LocalSpeech(voice="am_michael", silence_ms=700, idle_s=0, voices=1)
    session = await speech.open()
    spoken: dict[str, bytes] = {}
    for number, text in enumerate(texts):
        session.say(number, text)
        async for event in session.events():
            if isinstance(event, Spoken) and event.utterance == number:
                pcm = np.frombuffer(event.pcm, "<i2").astype(np.float32)
                spoken[text] = to_pcm(Resampler(24_000, 16_000).feed(pcm))
                break
    await session.close()
    await speech.close()
    return spoken


class TwoPeopleMicrophone:
    """A person's end: silence in real time, until there is something to say."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._words = b""
        self._task = asyncio.create_task(self._run())

    def say(self, pcm: bytes) -> None:
        self._words += pcm

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        begun, sent = loop.time(), 0
        while True:
            frame, self._words = self._words[:640], self._words[640:]
            await self._line.socket.send(frame.ljust(640, b"\0"))
            sent += 1
            await asyncio.sleep(max(0.0, begun + sent * 0.02 - loop.time()))

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


@asynccontextmanager
async def exchange_of(folder: Path) -> AsyncIterator[Exchange]:
    speech = LocalSpeech(voice="af_heart", silence_ms=700, idle_s=60, voices=1)
    warm = await speech.open()
    exchange = Exchange(folder, free_port(), speech)
    async with exchange.app.serving("127.0.0.1", exchange.port):
        yield exchange
        await warm.close()
        await exchange.app.switchboard.drain(0, asyncio.Event())


async def words_of(line: Line, role: str) -> str:
    """The next thing this side is understood to have said."""
    async with asyncio.timeout(30):
        while True:
            message = await line.until("transcript.done")
            if message["role"] == role and message["text"]:
                return str(message["text"]).lower()


async def heard_in(transcribe: Transcribe, pcm: bytes, rate: int) -> str:
    samples = Resampler(rate, 16_000).feed(np.frombuffer(pcm, "<i2").astype(np.float32))
    return (await asyncio.to_thread(transcribe, samples / np.float32(32_768))).lower()


async def test_an_operator_takes_a_call_over_aloud_and_hands_it_back(tmp_path: Path, transcribe: Transcribe) -> None:
    aloud = await said_aloud([WISH, OPERATOR, THANKS, QUESTION])
    async with exchange_of(tmp_path) as exchange, exchange.line() as caller:
        exchange.runtime.result = WANTED
        ready = await caller.start()
        caller_mic = TwoPeopleMicrophone(caller)
        caller_mic.say(aloud[WISH])
        assert "person" in await words_of(caller, "user")
        await caller.until("handoff.started")
        async with exchange.operator(ready["sessionId"], audio={"output": {"rate": 16_000}}) as operator:
            operator_mic = TwoPeopleMicrophone(operator)
            await operator.send("takeover")
            await caller.until("handoff.connected")
            caller.audio.clear()
            operator_mic.say(aloud[OPERATOR])
            told = await words_of(operator, "operator")
            await caller.send("ping")
            await caller.until("pong")
            heard = await heard_in(transcribe, bytes(caller.audio), 24_000)
            operator.audio.clear()
            caller_mic.say(aloud[THANKS])
            answered = await words_of(operator, "user")
            heard_by_operator = await heard_in(transcribe, bytes(operator.audio), 16_000)
            await operator_mic.close()
            await operator.send("handback")
            await caller.until("handoff.ended")
        exchange.runtime.result = TurnResult(answer="Hold the power button.", answered=True)
        caller.audio.clear()
        caller_mic.say(aloud[QUESTION])
        while (done := await caller.until("response.done"))["spokenText"] != "Hold the power button.":
            pass
        again = await heard_in(transcribe, bytes(caller.audio), 24_000)
        await caller_mic.close()
        await caller.send("session.end")
        await caller.closed()
        await exchange.settled(ready["sessionId"])
        recording = exchange.platform.recordings.get(audio_key("ada", "a1", ready["sessionId"]))
        _, turns = exchange.services.conversations.get("ada", ready["sessionId"])
    assert "refund" in told
    assert "refund" in heard
    assert "thank you" in answered
    assert "thank you" in heard_by_operator
    assert done["status"] == "completed"
    assert "power button" in again
    with wave.open(io.BytesIO(recording)) as file:
        sides = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    left = await heard_in(transcribe, sides[:, 0].tobytes(), 16_000)
    right = await heard_in(transcribe, sides[:, 1].tobytes(), 16_000)
    assert "thank you" in left
    assert "refund" in right
    assert "refund" not in left
    assert "refund" in " ".join(turn.result.answer.lower() for turn in turns if turn.role == "operator")
