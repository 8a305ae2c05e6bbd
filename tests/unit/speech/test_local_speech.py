"""The real models in their real processes: what the voice says, the ears hear."""

import asyncio
import contextlib

import numpy as np
import pytest

from oratio.audio import Resampler, to_pcm
from oratio.errors import Unavailable
from oratio.ports.speech import CallerSpeechStarted, Heard, SpeechSession, Spoken
from oratio.speech.local import LocalSpeech, weights

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(weights.missing_packages()), reason="the speech packages are not installed"),
    pytest.mark.xdist_group("speech"),
]


async def spoken(session: SpeechSession, number: int, text: str) -> bytes:
    session.say(number, text)
    async for event in session.events():
        if isinstance(event, Spoken) and event.utterance == number:
            return event.pcm
    raise AssertionError("the voice ended")


def for_ears(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    return to_pcm(Resampler(24_000, 16_000).feed(samples)) + bytes(32_000 * 2)


async def silence(session: SpeechSession) -> None:
    """A microphone that stays open."""
    while True:
        session.hear(bytes(3_200))
        await asyncio.sleep(0.1)


async def test_what_the_voice_says_the_ears_hear() -> None:
    speech = LocalSpeech(voice="af_heart", silence_ms=700, idle_s=60, voices=1)
    session = await speech.open()
    try:
        async with asyncio.timeout(120):
            pcm = await spoken(session, 1, "Restart your phone and check the SIM card.")
            session.hear(for_ears(pcm))
            quiet = asyncio.create_task(silence(session))
            events = []
            async for event in session.events():
                events.append(event)
                if isinstance(event, Heard):
                    break
            quiet.cancel()
        assert isinstance(events[0], CallerSpeechStarted)
        heard = events[-1]
        assert isinstance(heard, Heard)
        assert heard.text.lower().rstrip(".") == "restart your phone and check the sim card"
        assert heard.ended_at_ms == pytest.approx(len(pcm) / 48, abs=500)
    finally:
        await session.close()
        await speech.close()


async def test_a_voice_that_does_not_exist_is_told() -> None:
    speech = LocalSpeech(voice="nobody", silence_ms=700, idle_s=60, voices=1)
    with pytest.raises(Unavailable, match="ORATIO_VOICE_NAME"):
        await speech.open()
    await speech.close()


async def test_a_worker_that_dies_is_told_to_its_calls_and_started_again() -> None:
    speech = LocalSpeech(voice="af_heart", silence_ms=700, idle_s=60, voices=1)
    session = await speech.open()
    try:
        process = speech._ears._process
        assert process is not None
        process.kill()
        with pytest.raises(Unavailable):
            async for _ in session.events():
                pass
        await session.close()
        again = await speech.open()
        await again.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            await speech.close()


def test_a_changed_model_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weights._SHA256, "af_heart.bin", "0" * 64)
    with pytest.raises(Unavailable, match="af_heart"):
        weights.voice("af_heart")
