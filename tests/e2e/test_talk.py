"""A spoken question to the telecom agent, from the command line: what comes back is heard by a recogniser."""

import re
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from oratio.audio import Resampler
from oratio.speech.local.stt_worker import Transcribe, load_transcriber
from oratio.speech.local.tts_worker import RATE, Kokoro
from tests.e2e.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(600)]
QUESTION = "My phone shows no service. What should I check first?"
ANSWER = "ask the user to check if their phone has cellular service"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A recording of a caller's words."""
    voice, folder = Kokoro("am_michael", 2), tmp_path_factory.mktemp("said")

    def record(text: str) -> Path:
        path = folder / f"{len(list(folder.iterdir()))}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(voice.speak(text))
        return path

    return record


@pytest.fixture(scope="module")
def recognise() -> Transcribe:
    return load_transcriber()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def heard(path: Path, recognise: Transcribe) -> list[str]:
    """The words of a 24 kHz recording."""
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels()) == (24_000, 1)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
    return words(recognise(Resampler(24_000, 16_000).feed(samples) / np.float32(32_768)))


def test_a_spoken_question_is_answered_aloud_and_rightly(
    oratio: Installation, agent: str, said: Callable[[str], Path], recognise: Transcribe, tmp_path: Path
) -> None:
    out = tmp_path / "answer.wav"
    printed = oratio.oratio("talk", agent, "--in", str(said(QUESTION)), "--out", str(out))
    caller, *rest = printed.splitlines()
    assert caller.startswith("caller: ")
    assert len(set(words(caller)) & set(words(QUESTION))) >= 8
    assert ANSWER in rest[0].lower()
    assert re.fullmatch(r"latency, end of speech to first audio: \d+ ms", rest[-1])
    answered = heard(out, recognise)
    # A recogniser misses a word now and then.
    assert len(set(words(ANSWER)) & set(answered)) >= 8


def test_the_transcript_and_the_latency_are_kept(
    oratio: Installation, agent: str, said: Callable[[str], Path], tmp_path: Path
) -> None:
    talked = oratio.json("talk", agent, "--in", str(said(QUESTION)), "--out", str(tmp_path / "answer.wav"))
    assert talked["answers"][0]["status"] == "completed"
    with oratio.client() as http:
        kept = http.get(f"/api/conversations/{talked['sessionId']}").json()
        audio = http.get(f"/api/conversations/{talked['sessionId']}/audio")
    turn = kept["transcript"][0]
    assert turn["result"]["answer"] == talked["answers"][0]["text"]
    assert turn["latencyMs"] > 0
    assert audio.content[:4] == b"RIFF"


def test_without_a_microphone_that_is_said(oratio: Installation, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "no microphone" in oratio.refused("talk", agent)
