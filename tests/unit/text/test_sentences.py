"""Sentences: one rule for documents, answers, procedures and speech."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oratio.text.sentences import ends, sentences, spans


@pytest.mark.parametrize(
    "wanted",
    [
        ["Use e.g. Word.", "Then save it!", "Is it 3.5 MB?", "(Yes.)"],
        ["Call Dr. Smith.", "He knows J. R. Smith."],
        ["The answer is no.", "Ask again, see no. 5 on p. 7."],
        ["1. Open the app.", "2. Close it."],
        ['Say "Stop. Wait." and hang up.', "Done."],
        ["Das kostet 5 Euro.", "Öffnen Sie die App, z. B. heute.", "Danke!"],
        ["It has phones, tablets, etc.", "The plan covers them, etc. and more."],
        ["It costs $5.", "Version 2.", "Released."],
        ["We are open 9 a.m. to 5 p.m.", "Monday is off."],
        ['"Hello there."', "She left (quietly.)", "Then he did."],
        ["Wait... then go.", "Really?!", "OK"],
        ["One.", "Two"],
    ],
    ids=lambda wanted: wanted[0],
)
def test_sentences_end_where_a_reader_ends_them(wanted: list[str]) -> None:
    assert sentences(" ".join(wanted)) == wanted


def test_marks_that_need_no_space_end_a_sentence() -> None:
    assert sentences("これは何ですか。はい。") == ["これは何ですか。", "はい。"]


def test_ends_are_after_the_closing_marks() -> None:
    assert list(ends('He said "no." Then')) == [13]


@given(st.text(max_size=400))
def test_spans_are_in_order_and_leave_out_only_space(text: str) -> None:
    at, left_out = 0, []
    for start, end in spans(text):
        assert at <= start < end
        left_out.append(text[at:start])
        at = end
    assert not "".join([*left_out, text[at:]]).strip()


def test_a_long_text_of_marks_is_cut_in_linear_time() -> None:
    assert len(sentences("Dr. " * 50_000)) == 1
    assert len(sentences('"a. ' * 50_000)) > 0
