from oratio.domain.agents.brief import AgentType
from tests.unit.builtin_model.talk import SAMPLES, Search, Talk, authored


def test_an_answer_is_the_sentence_and_names_its_file(hotel: Talk) -> None:
    said = hotel.say("How long does delivery take?")
    assert said.text == "According to handbook.md: Delivery takes three working days."
    assert (said.answered, said.files) == (True, ("handbook.md",))


def test_what_the_documents_do_not_say_is_refused_plainly_with_an_offer(hotel: Talk) -> None:
    said = hotel.say("Do you sell helmets for toddlers in Canada?")
    assert not said.answered
    assert said.files == ()
    assert "documents I have don't answer that" in said.text
    assert said.text.endswith("hand you over to a person?")


def test_yes_to_the_offer_hands_over_with_what_was_asked(hotel: Talk) -> None:
    hotel.say("Who founded the company?")
    assert hotel.say("yes please").handed_off
    assert "Who founded the company?" in hotel.wired.handoffs[0][1]


def test_no_to_the_offer_hands_nothing_over(hotel: Talk) -> None:
    hotel.say("Who founded the company?")
    said = hotel.say("no thanks")
    assert not said.handed_off
    assert "anything else" in said.text


def test_a_passage_that_instructs_the_assistant_is_not_obeyed_and_not_said(hotel: Talk) -> None:
    said = hotel.say("Is delivery free?")
    assert "ignore" not in said.text
    assert "4 euros" in said.text


def test_a_lead_brings_its_numbered_list_in_order(hotel: Talk) -> None:
    text = hotel.say("How do I have a bike repaired?").text
    assert "1. Bring the bike to the counter. 2. Describe the fault. 3. Wait for our call." in text


def test_of_a_table_row_only_what_was_asked_is_said(hotel: Talk) -> None:
    assert hotel.say("How much is a basket?").text == "According to prices.csv: Item: Basket; Price (EUR): 25."


def test_a_follow_up_keeps_the_topic(hotel: Talk) -> None:
    hotel.say("How long does delivery take?")
    assert "4 euros" in hotel.say("and how much does it cost?").text


def test_two_questions_get_two_answers(hotel: Talk) -> None:
    text = hotel.say("What does a bell cost? And when is the shop closed?").text
    assert "Price (EUR): 9" in text
    assert "closed on Sundays" in text


def test_a_failing_search_is_said_and_does_not_end_the_turn(hotel: Talk) -> None:
    hotel.wired.failing = True
    said = hotel.say("How long does delivery take?")
    assert not said.answered
    assert "can't look that up right now" in said.text


def test_a_voice_agent_says_no_file_ending_and_no_code(search: Search) -> None:
    talk = Talk(authored(SAMPLES["Harbour View assistant"], AgentType.VOICE), search)
    assert talk.say("How long does delivery take?").text == (
        "According to the handbook: Delivery takes three working days."
    )


def test_a_threshold_of_one_and_a_half_refuses_everything(search: Search) -> None:
    talk = Talk(authored(SAMPLES["Harbour View assistant"]), search, 1.5)
    assert not talk.say("How long does delivery take?").answered
