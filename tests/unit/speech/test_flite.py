"""The fast voice, where this machine has it."""

import ctypes

import numpy as np
import pytest

from oratio.audio import Resampler
from oratio.errors import Unavailable
from oratio.speech.local import flite
from oratio.speech.local.flite import Flite
from oratio.speech.local.stt_worker import load_transcriber


def present() -> bool:
    try:
        ctypes.CDLL(flite._LANGUAGE[0])
    except OSError:
        return False
    return True


needs_flite = pytest.mark.skipif(not present(), reason="flite is not on this machine")


@needs_flite
@pytest.mark.parametrize("voice", flite.VOICES)
def test_every_voice_speaks(voice: str) -> None:
    pcm = np.frombuffer(Flite(voice).speak("Turn the phone off and on again."), "<i2")
    assert 1 < len(pcm) / flite.RATE < 5
    assert np.abs(pcm).max() > 2_000


@needs_flite
def test_it_is_understood() -> None:
    pcm = np.frombuffer(Flite("flite-slt").speak("Please restart your phone and try again."), "<i2").astype(np.float32)
    pcm = np.pad(pcm, 6_000)
    heard = load_transcriber()(Resampler(24_000, 16_000).feed(pcm) / np.float32(32_768)).lower()
    assert {"restart", "your", "phone", "again"} <= set(heard.replace(".", "").split())


@needs_flite
@pytest.mark.parametrize("text", ["", "...", "\N{CJK UNIFIED IDEOGRAPH-4E2D}", "a\0b", "x" * 100])
def test_odd_texts_do_no_harm(text: str) -> None:
    assert len(Flite("flite-slt").speak(text)) % 2 == 0


def test_a_machine_without_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flite, "_LANGUAGE", ("libnowhere.so.1",))
    with pytest.raises(Unavailable, match="apt install flite"):
        Flite("flite-slt")
