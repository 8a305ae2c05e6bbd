"""Local speech in real time: end of speech to first audio with each voice, words rightly heard, two calls at once."""

import asyncio
import importlib.util
import statistics
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import Row
from benchmarks.support.calls import FRAME_S
from oratio.audio import resample, to_pcm
from oratio.errors import Unavailable
from oratio.ports.speech import Heard, SpeechSession, Spoken
from oratio.speech.local import LocalSpeech
from oratio.speech.local.flite import Flite
from oratio.speech.local.stt_worker import load_transcriber
from oratio.speech.local.vad import FRAME, RATE, silence_frames

TURNS, AT_ONCE = 50, 10
TOO_LONG_S = 240.0
SILENCE_MS = 700
# The end of a question that is spoken in real time: more only makes the measurement longer.
REAL_TIME_S = 1.0
QUESTIONS = (
    "My phone shows no service. What should I check first?",
    "How do I turn on mobile data when I am travelling abroad?",
    "I cannot send picture messages to my friends.",
    "Please connect me to a human agent.",
    "What is the difference between airplane mode and roaming?",
    "Does enabling roaming cost anything?",
    "My internet is very slow today.",
    "What should I do after resetting the settings?",
    "Which permissions does the messaging app need?",
    "My card is locked, can you help me?",
)
# The recording of a reader that ships in the wheel of moonshine-voice; the text is Dickens's.
READING, READ = "two_cities.wav", (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
    "it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of "
    "Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing "
    "before us, we were all going direct to Heaven, we were all going direct the other way. In short, the period was "
    "so far like the present period, that some of its noisiest authorities insisted on its being received, for good "
    "or for evil, in the superlative degree of comparison only."
)  # fmt: skip


async def _utterance(session: SpeechSession, number: int, text: str) -> bytes:
    session.say(number, text)
    async for event in session.events():
        if isinstance(event, Spoken) and event.utterance == number:
            return event.pcm
    return b""


def _errors(said: str, heard: str) -> tuple[int, int]:
    """Word errors (edit distance) and words."""
    want, got = (["".join(filter(str.isalnum, word)) for word in text.lower().split()] for text in (said, heard))
    row = list(range(len(got) + 1))
    for index, word in enumerate(want, 1):
        previous, row = row, [index]
        for column, other in enumerate(got, 1):
            row.append(min(previous[column] + 1, row[-1] + 1, previous[column - 1] + (word != other)))
    return row[-1], len(want)


async def _callers() -> list[bytes]:
    """The questions as spoken by another voice, 16 kHz, cut to the speech."""
    speech = LocalSpeech(voice="am_michael", silence_ms=SILENCE_MS, idle_s=0, voices=1)
    line = await speech.open()
    spoken = [await _utterance(line, number, text) for number, text in enumerate(QUESTIONS)]
    await line.close()
    await speech.close()
    cut = []
    for pcm in spoken:
        samples = resample(np.frombuffer(pcm, "<i2").astype(np.float32), 24_000, RATE)
        loud = np.flatnonzero(np.abs(samples) > 300)
        cut.append(to_pcm(samples[: loud[-1] + 1]))
    return cut


class _Turns:
    """What some turns took: ms from the end of speech, and words."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.silences: list[float] = []
        self.wrong = self.words = 0


async def _talk(session: SpeechSession, spoken: list[bytes], turns: range, into: _Turns) -> None:
    for number in turns:
        text, audio = QUESTIONS[number % len(QUESTIONS)], spoken[number % len(QUESTIONS)]
        begun = time.monotonic()
        sending = asyncio.create_task(_microphone(session, audio))
        async for event in session.events():
            if isinstance(event, Heard):
                errors, words = _errors(text, event.text)
                into.wrong, into.words = into.wrong + errors, into.words + words
                into.silences.append(silence_frames(event.text, SILENCE_MS) * FRAME * 1000 / RATE)
                break
        # The first clause of an answer; a new one each time, so that no cache helps.
        await _utterance(session, 1_000 + number, f"According to page {number + 11}:")
        into.waits.append((time.monotonic() - begun - min(REAL_TIME_S, len(audio) / (RATE * 2))) * 1000)
        sending.cancel()


async def _microphone(session: SpeechSession, audio: bytes) -> None:
    """The end of what is said, and the silence after it, in real time; what came before is heard by then."""
    early = max(0, len(audio) - int(REAL_TIME_S / FRAME_S) * 640) // 640 * 640
    session.hear(audio[:early])
    begun, frame = time.monotonic(), 0
    while True:
        part = audio[early + frame * 640 : early + frame * 640 + 640]
        session.hear(part + bytes(640 - len(part)))
        frame += 1
        await asyncio.sleep(max(0.0, begun + frame * FRAME_S - time.monotonic()))


async def _turns(voice: str, spoken: list[bytes]) -> tuple[_Turns, _Turns]:
    """One caller alone, then two at once; a run that hangs is given up."""
    speech = LocalSpeech(voice=voice, silence_ms=SILENCE_MS, idle_s=0)
    alone, both = _Turns(), _Turns()
    try:
        async with asyncio.timeout(TOO_LONG_S):
            sessions = [await speech.open(), await speech.open()]
            await _talk(sessions[0], spoken, range(TURNS), alone)
            beside = [range(at, at + AT_ONCE) for at in (TURNS, TURNS + AT_ONCE)]
            talks = (_talk(session, spoken, turns, both) for session, turns in zip(sessions, beside, strict=True))
            await asyncio.gather(*talks)
    finally:
        await speech.close()
    return alone, both


def _voice(voice: str, target: float, spoken: list[bytes]) -> Iterator[Row]:
    alone, both = asyncio.run(_turns(voice, spoken))
    one, two = statistics.median(alone.waits), statistics.median(both.waits)
    silence = statistics.median(alone.silences)
    yield Row(
        f"{voice}: end of speech to first audio, p50", one, "ms", target, f"{TURNS} turns, without the agent's time"
    )
    yield Row(f"{voice}: of which silence that ends the turn, p50", silence, "ms")
    yield Row(f"{voice}: the same, two calls at once", two, "ms", 1.5 * one, f"{two / one:.2f} of one call")
    yield Row(f"{voice}: word error rate, synthesised callers", 100 * alone.wrong / alone.words, "%", 10)


def _reading() -> Row:
    found = importlib.util.find_spec("moonshine_voice")
    assert found is not None
    assert found.origin is not None
    with wave.open(str(Path(found.origin).parent / "assets" / READING), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
        rate = file.getframerate()
    heard = load_transcriber()(resample(samples, rate, RATE) / np.float32(32_768))
    wrong, words = _errors(READ, heard)
    return Row("word error rate, a real reader", 100 * wrong / words, "%", 10, f"{words} words, from the model's wheel")


def run() -> Iterator[Row]:
    yield _reading()
    spoken = asyncio.run(_callers())
    yield from _voice("af_heart", 1_800, spoken)
    try:
        Flite("flite-slt")
    except Unavailable:
        yield Row("flite-slt: not measured, flite is not on this machine", 0, "ms")
    else:
        yield from _voice("flite-slt", 1_200, spoken)
