"""Text to words, words to phonemes."""

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oratio.speech.local import weights
from oratio.speech.local.g2p import Pronunciation
from oratio.speech.local.phonemes import VOCABULARY
from oratio.speech.local.text_normalizer import number_words, ordinal_words, spoken, year_words


@functools.cache
def pronunciation() -> Pronunciation:
    return Pronunciation(weights.lexicon("us_gold"), weights.lexicon("us_silver"))


class TestSpelling:
    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("It costs $1,299.50.", "It costs one thousand two hundred ninety nine dollars and fifty cents."),
            ("Costs £1.", "Costs one pound."),
            ("$2 million", "two million dollars"),
            ("3-5 days", "three to five days"),
            ("at 10:30 a.m.", "at ten thirty AM"),
            ("at 9 pm", "at nine PM"),
            ("12:00", "twelve o'clock"),
            ("99.9%", "ninety nine point nine percent"),
            ("the 21st", "the twenty first"),
            ("in 2024", "in twenty twenty four"),
            ("order 00123", "order zero zero one two three"),
            ("order 4537821", "order four five three seven eight two one"),
            ("555-123-4567", "five five five, one two three, four five six seven"),
            ("5GB", "five gigabytes"),
            ("4G/5G", "four G or five G"),
            ("help@acme.com", "help at acme dot com"),
            ("see https://www.acme.com/help.", "see acme dot com slash help."),
            ("**Important**: `reset`", "Important: reset"),
            ("[the manual](https://x.y)", "the manual"),
            ("e.g. this & that", "for example this and that"),
        ],
    )
    def test_text_is_said_as_one_says_it(self, written: str, said: str) -> None:
        assert spoken(written) == said

    def test_numbers(self) -> None:
        assert number_words(1_000_017) == "one million seventeen"
        assert ordinal_words(12) == "twelfth"
        assert ordinal_words(30) == "thirtieth"
        assert year_words(1905) == "nineteen oh five"
        assert year_words(2005) == "two thousand five"

    @given(st.text(max_size=80))
    def test_any_text_can_be_said(self, text: str) -> None:
        assert not set("*`_#<>[]") & set(spoken(text))


class TestPronunciation:
    @pytest.mark.parametrize(
        ("text", "phonemes"),
        [
            ("the apple", "\u00f0i \u02c8\u00e6p\u1d4al"),
            ("the phone", "\u00f0\u0259 f\u02c8On"),
            ("MMS", "\u02c8\u025bm \u02c8\u025bm \u02c8\u025bs"),
            ("PIN", "p\u02c8\u026an"),
            ("toggled", "t\u02c8\u0251\u0261\u1d4ald"),
        ],
    )
    def test_words(self, text: str, phonemes: str) -> None:
        assert pronunciation()(text) == phonemes

    @pytest.mark.parametrize("word", ["rebooted", "reseated", "hotspot", "zorbnaxing", "unplugged", "qwrt"])
    def test_words_outside_the_lexicon_get_sounds(self, word: str) -> None:
        assert len(pronunciation()(word)) >= len(word) // 2

    def test_marks_stay_for_the_voice_to_breathe_at(self) -> None:
        assert [sound for sound in pronunciation()("Yes, it is. Really?") if sound in ",.?"] == [",", ".", "?"]

    @given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=60))
    def test_everything_said_is_something_the_voice_can_speak(self, text: str) -> None:
        assert set(pronunciation()(text)) <= VOCABULARY.keys()
