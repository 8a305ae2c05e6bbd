from oratio.text.stemming import Stemmer
from oratio.text.stop_words import content_words


def test_stems_are_those_of_the_full_text_index() -> None:
    assert Stemmer().stems("Cancelling refunded orders, Größe!") == ["cancel", "refund", "order", "groß"]


def test_stems_come_in_order_with_repeats() -> None:
    assert Stemmer().stems("lamps lamp LAMPS") == ["lamp", "lamp", "lamp"]


def test_stop_words_are_left_out_unless_nothing_else_is_there() -> None:
    assert content_words("What is the price of the plan?") == ["price", "plan"]
    assert content_words("What is it?") == ["what", "is", "it"]


def test_held_stems_are_found_in_every_form_and_across_underscores() -> None:
    wanted = Stemmer().stems("cancellations sim café flying")
    texts = ["Cancelling the check_sim_status in the cafés; it flies", "", "SIM"]
    assert Stemmer().held(texts, wanted) == [{"cancel", "sim", "cafe"}, set(), {"sim"}]
