"""One stemmer and one list of stop words for search, answers and procedures."""

from oratio.adapters.local.dialogue.text import content_stems, stem
from oratio.text.stemming import Stemmer, stemmer
from oratio.text.stop_words import CONVERSATION, FUNCTION_WORDS


def test_one_stem_is_that_of_the_index() -> None:
    fresh = Stemmer()
    words = ["eligibility", "policies", "refunded", "größe"]
    assert [fresh.stem(word) for word in words] == Stemmer().stems(" ".join(words))


def test_a_question_and_an_answer_share_the_stems_of_the_index() -> None:
    assert content_stems("How is eligibility decided") == ["elig", "decid"]
    assert stem("eligible") == stemmer().stem("eligibility")


def test_irregular_forms_share_the_stem_of_their_base() -> None:
    assert [stem("paid"), stem("children"), stem("cancellations")] == [stem("pay"), stem("child"), stem("cancel")]
    assert stem("news") != stem("new")


def test_the_lists_of_stop_words_do_not_overlap() -> None:
    assert not FUNCTION_WORDS & CONVERSATION
