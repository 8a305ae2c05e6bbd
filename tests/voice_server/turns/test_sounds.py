"""What is no interruption: real sounds over the agent's speech, through the real detector and recogniser.

Time is virtual; the sounds are made here, the words are spoken by the local voice.
"""

from collections.abc import Callable

import numpy as np
import pytest

from oratio.audio import Resampler, Samples, to_pcm
from oratio.speech.local import tts_worker, weights
from oratio.speech.local.provider import event_of
from oratio.speech.local.stt_worker import Listener, VoiceActivity, load_activity, load_transcriber
from oratio.speech.local.worker_protocol import Frame, FrameKind
from tests.voice_server.machine import Machine
from voice_server.session.effects import Hear

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(bool(weights.missing_packages()), reason="the speech packages are not installed"),
    pytest.mark.xdist_group("speech"),
]

RATE = 16_000
ANSWER = "You can restart your phone by holding the power button for ten seconds and letting it go again. " * 2
NOISE = np.random.default_rng(5)


def noise(ms: int) -> Samples:
    return NOISE.standard_normal(RATE * ms // 1000).astype(np.float32)


def band(samples: Samples, low: int, high: int) -> Samples:
    spectrum = np.fft.rfft(samples)
    at = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(at < low) | (at > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(samples)), np.float32)


def decaying(samples: Samples, ms: float) -> Samples:
    return (samples * np.exp(-np.arange(len(samples)) / (RATE * ms / 1000))).astype(np.float32)


def loud(samples: Samples) -> Samples:
    return np.asarray(samples / np.abs(samples).max() * 12_000, np.float32)


def cough() -> Samples:
    """Two bursts of breath, 0.3 s together, with the low roar of a throat."""
    burst = decaying(band(noise(150), 200, 4_000), 50)
    return loud(np.concatenate([burst, burst * np.float32(0.6)]))


def keyboard() -> Samples:
    """Two seconds of keys: clicks of a few ms."""
    typed = np.zeros(2 * RATE, np.float32)
    for at in range(0, 2 * RATE - 800, RATE // 9):
        typed[at : at + 800] += decaying(noise(50), 3)
    return loud(typed)


def door() -> Samples:
    return loud(decaying(band(noise(400), 40, 300), 80))


def mm_hmm() -> Samples:
    """A caller who agrees with closed lips: two hums at the pitch of a voice, the second higher."""

    def hum(pitch: float) -> Samples:
        at = np.arange(RATE // 5) / RATE
        voiced = sum(np.sin(2 * np.pi * pitch * harmonic * at) / harmonic**2 for harmonic in range(1, 9))
        return np.asarray(voiced * np.hanning(len(at)), np.float32)

    return loud(np.concatenate([hum(115), np.zeros(RATE // 20, np.float32), hum(140)]))


def hiss() -> Samples:
    return noise(1_500) * np.float32(600)


@pytest.fixture(scope="module")
def speak() -> Callable[[str], Samples]:
    model = tts_worker.load("am_michael", 2)

    def spoken(text: str) -> Samples:
        pcm = np.frombuffer(model.speak(text), "<i2").astype(np.float32)
        return Resampler(24_000, RATE).feed(pcm)

    return spoken


class RecogniserProcess:
    """The ears of this machine, with no process and no time between."""

    def __init__(self, activity: VoiceActivity, transcribe: Callable[[Samples], str]) -> None:
        self._out: list[Frame] = []
        self._listener = Listener(
            activity.probability,
            lambda audio, wanted, then: then(transcribe(audio)) if wanted() else None,
            lambda kind, payload: self._out.append(Frame(1, kind, payload)),
            700,
        )

    def hear(self, machine: Machine, samples: Samples) -> None:
        """The caller's microphone in real time, and half a second of silence after."""
        pcm = to_pcm(samples) + bytes(RATE * 3)
        for at in range(0, len(pcm), 640):
            machine.run(20)
            machine.frame(pcm[at : at + 640].ljust(640, b"\0"))
            self._listener.feed(machine.effects(Hear)[-1].audio)
            out, self._out = self._out, []
            for frame in out:
                assert frame.kind in FrameKind
                if (event := event_of(frame)) is not None:
                    machine.speech(event)


@pytest.fixture(scope="module")
def models() -> tuple[VoiceActivity, Callable[[Samples], str]]:
    return VoiceActivity(load_activity()), load_transcriber()


@pytest.fixture
def ears(models: tuple[VoiceActivity, Callable[[Samples], str]]) -> RecogniserProcess:
    return RecogniserProcess(*models)


def speaking() -> Machine:
    """In the middle of a long answer."""
    machine = Machine()
    machine.start()
    machine.client("input.text", text="How?")
    machine.answer(ANSWER)
    machine.voice()
    machine.run(500)
    return machine


def says_on(machine: Machine) -> list[str]:
    """What the agent is asked after its answer, and how that ended."""
    machine.voice()
    machine.run(20_000)
    return [*(ask.prompt for ask in machine.asked[1:]), machine.last("response.done")["status"]]


@pytest.mark.parametrize("sound", [cough, keyboard, door, hiss])
def test_a_sound_does_not_stop_the_agent(ears: RecogniserProcess, sound: Callable[[], Samples]) -> None:
    machine = speaking()
    ears.hear(machine, sound())
    assert "interrupt" not in machine.kinds()
    assert says_on(machine) == ["completed"]


def test_a_hummed_yes_does_not_end_the_answer(ears: RecogniserProcess) -> None:
    machine = speaking()
    ears.hear(machine, mm_hmm())
    assert says_on(machine) == ["completed"]


@pytest.mark.parametrize("words", ["Okay.", "Right.", "I see."])
def test_a_spoken_back_channel_does_not_stop_the_agent(
    ears: RecogniserProcess, speak: Callable[[str], Samples], words: str
) -> None:
    machine = speaking()
    ears.hear(machine, speak(words))
    assert says_on(machine) == ["completed"]


def test_spoken_words_stop_the_agent_and_are_the_next_question(
    ears: RecogniserProcess, speak: Callable[[str], Samples]
) -> None:
    machine = speaking()
    ears.hear(machine, speak("Wait, that is not my question."))
    assert machine.last("interrupt")["reason"] == "caller_speech"
    assert "question" in machine.asked[-1].prompt
    assert len(machine.asked) == 2
