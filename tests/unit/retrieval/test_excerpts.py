from hypothesis import given
from hypothesis import strategies as st

from oratio.retrieval.excerpts import MAX_EXCERPT_CHARS, excerpt
from oratio.text.stemming import Stemmer

STEMMER = Stemmer()


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("Two lines.\nOf text.", {}, STEMMER.held) == "Two lines.\nOf text."


def test_the_sentences_with_the_rarest_words_are_chosen() -> None:
    filler = " ".join(f"Filler sentence {n} about nothing in particular at all." for n in range(12))
    text = f"{filler} Refunds reach the card within seven days. {filler}"
    chosen = excerpt(text, {"refund": 5.0, "card": 3.0, "filler": 0.1}, STEMMER.held)
    assert "Refunds reach the card within seven days." in chosen
    assert chosen in text
    assert len(chosen) <= MAX_EXCERPT_CHARS


@given(st.text(max_size=2_000))
def test_an_excerpt_is_always_verbatim_and_short(text: str) -> None:
    chosen = excerpt(text, {"a": 1.0}, STEMMER.held)
    assert chosen in text
    assert len(chosen) <= MAX_EXCERPT_CHARS
