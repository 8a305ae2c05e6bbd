"""Where speech and turns begin and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oratio.speech.local.vad import Mark, SpeechDetector, silence_frames


def marks(*runs: tuple[float, int]) -> list[tuple[Mark, int]]:
    detector = SpeechDetector()
    found = [detector.feed(probability) for probability, count in runs for _ in range(count)]
    return [(mark.mark, mark.frame) for mark in found if mark is not None]


class TestSpeechDetector:
    def test_speech_begins_at_its_first_frame_and_ends_after_its_last(self) -> None:
        assert marks((0.0, 10), (0.9, 20), (0.0, 7)) == [(Mark.STARTED, 10), (Mark.PAUSED, 30)]

    def test_two_voiced_frames_are_a_click(self) -> None:
        assert marks((0.0, 5), (0.9, 2), (0.0, 5)) == []

    def test_a_short_gap_is_part_of_speech(self) -> None:
        assert marks((0.9, 10), (0.0, 6), (0.9, 10)) == [(Mark.STARTED, 0)]

    def test_an_unsure_frame_neither_starts_nor_ends(self) -> None:
        assert marks((0.4, 20), (0.9, 3), (0.4, 20)) == [(Mark.STARTED, 20)]

    @given(st.lists(st.floats(0, 1), max_size=300))
    def test_starts_and_pauses_alternate(self, probabilities: list[float]) -> None:
        found = marks(*((probability, 1) for probability in probabilities))
        kinds = [kind for kind, _ in found]
        assert kinds == [Mark.STARTED, Mark.PAUSED] * (len(kinds) // 2) + [Mark.STARTED] * (len(kinds) % 2)
        assert [at for _, at in found] == sorted(at for _, at in found)


class TestSilence:
    @pytest.mark.parametrize(
        ("text", "frames"),
        [
            ("", 21),
            ("Yes.", 21),
            ("My phone is off.", 15),
            ("My order number is", 42),
            ("I want to cancel and", 42),
            ("One two three", 21),
        ],
    )
    def test_a_finished_sentence_needs_less_and_a_hanging_one_more(self, text: str, frames: int) -> None:
        assert silence_frames(text, 700) == frames
