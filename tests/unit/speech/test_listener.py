"""One call's ears, with voice given by the test and words given by a fake recogniser."""

from collections.abc import Callable

import numpy as np

from oratio.speech.local.stt_worker import Listener, Samples
from oratio.speech.local.vad import FRAME
from oratio.speech.local.worker_protocol import FrameKind, unpack_position

LOUD, SILENT = 8_000, 0


class ListenerProcess:
    """A listener whose voice activity is loudness and whose words are settled by the test."""

    def __init__(self) -> None:
        self.events: list[tuple[FrameKind, bytes]] = []
        self.pending: list[tuple[int, Callable[[], bool], Callable[[str], None]]] = []
        self.listener = Listener(self._voice, self._recognise, lambda *event: self.events.append(event), 700)

    def _voice(self, frame: Samples) -> float:
        return 1.0 if float(np.abs(frame).mean()) > 0.1 else 0.0

    def _recognise(self, audio: Samples, wanted: Callable[[], bool], then: Callable[[str], None]) -> None:
        self.pending.append((len(audio) // FRAME, wanted, then))

    def feed(self, level: int, frames: int) -> None:
        self.listener.feed(np.full(FRAME * frames, level, "<i2").tobytes())

    def recognised(self, text: str) -> None:
        pending, self.pending = self.pending, []
        for _, wanted, then in pending:
            if wanted():
                then(text)

    def kinds(self) -> list[FrameKind]:
        return [kind for kind, _ in self.events]

    def heard(self) -> list[tuple[int, str]]:
        return [unpack_position(payload) for kind, payload in self.events if kind is FrameKind.HEARD]


def test_a_turn_is_heard_after_its_silence() -> None:
    ears = ListenerProcess()
    ears.feed(SILENT, 20)
    ears.feed(LOUD, 30)
    ears.feed(SILENT, 8)
    ears.recognised("My phone is off.")
    ears.feed(SILENT, 6)
    assert ears.heard() == []
    ears.feed(SILENT, 1)
    assert ears.heard() == [(50 * 32, "My phone is off.")]
    assert ears.kinds() == [FrameKind.STARTED, FrameKind.STOPPED, FrameKind.HYPOTHESIS, FrameKind.HEARD]


def test_words_that_come_late_end_the_turn_when_they_come() -> None:
    ears = ListenerProcess()
    ears.feed(LOUD, 30)
    ears.feed(SILENT, 40)
    assert ears.heard() == []
    ears.recognised("My phone is off.")
    ears.feed(SILENT, 1)
    assert [text for _, text in ears.heard()] == ["My phone is off."]


def test_a_pause_inside_a_turn_is_recognised_again_with_what_follows() -> None:
    ears = ListenerProcess()
    ears.feed(LOUD, 30)
    ears.feed(SILENT, 10)
    first = ears.pending[0][0]
    ears.feed(LOUD, 30)
    ears.feed(SILENT, 10)
    assert ears.pending[-1][0] > first + 30
    ears.recognised("One two three four.")
    ears.feed(SILENT, 30)
    assert [text for _, text in ears.heard()] == ["One two three four."]


def test_audio_begins_a_little_before_the_speech() -> None:
    ears = ListenerProcess()
    ears.feed(SILENT, 50)
    ears.feed(LOUD, 20)
    ears.feed(SILENT, 7)
    frames = ears.pending[0][0]
    assert 20 + 4 <= frames <= 20 + 8 + 4


def test_a_long_turn_is_settled_in_parts() -> None:
    ears = ListenerProcess()
    ears.feed(LOUD, 300)
    ears.feed(SILENT, 8)
    ears.recognised("First part")
    ears.feed(LOUD, 30)
    ears.feed(SILENT, 8)
    assert ears.pending[-1][0] < 60
    ears.recognised("second part.")
    ears.feed(SILENT, 30)
    assert [text for _, text in ears.heard()] == ["First part second part."]


def test_a_noise_is_a_turn_without_words() -> None:
    ears = ListenerProcess()
    ears.feed(LOUD, 4)
    ears.feed(SILENT, 60)
    assert [text for _, text in ears.heard()] == [""]
    assert ears.pending == []


def test_audio_may_come_in_any_size() -> None:
    whole, parts = ListenerProcess(), ListenerProcess()
    pcm = np.concatenate([np.full(FRAME * 30, LOUD), np.zeros(FRAME * 9)]).astype("<i2").tobytes()
    whole.listener.feed(pcm)
    for at in range(0, len(pcm), 334):
        parts.listener.feed(pcm[at : at + 334])
    assert whole.events == parts.events
