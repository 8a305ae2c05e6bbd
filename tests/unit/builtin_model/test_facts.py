import pytest

from oratio.adapters.local.dialogue.facts import answered, volunteered
from oratio.adapters.local.dialogue.perspective import as_we, to_caller
from oratio.domain.plan.agent_plan import Fact, FactType, Source, SourceDocument

SOURCE = Source(document=SourceDocument.SOP, line_start=1, line_end=1)


def fact(kind: FactType) -> Fact:
    return Fact(name="it", question="What is it?", type=kind, source=SOURCE)


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (FactType.DATE, "on 12 March 2025 please", "12 March 2025"),
        (FactType.DATE, "2025-03-12", "2025-03-12"),
        (FactType.DATE, "next friday", "next friday"),
        (FactType.AMOUNT, "about 2 gigs", "2 gigs"),
        (FactType.AMOUNT, "$1,200.50", "$1,200.50"),
        (FactType.AMOUNT, "three", "three"),
        (FactType.EMAIL, "it's ann.lee+x@mail.example.com.", "ann.lee+x@mail.example.com"),
        (FactType.EMAIL, "ann dot lee at example dot com", "ann.lee@example.com"),
        (FactType.PHONE, "call me on +1 (555) 123-4567", "+1 (555) 123-4567"),
        (FactType.ORDER_NUMBER, "order #W2378156", "#W2378156"),
        (FactType.ORDER_NUMBER, "it is 4411", "4411"),
        (FactType.YES_NO, "yes it is", "yes"),
        (FactType.YES_NO, "nope", "no"),
        (FactType.TEXT, "My name is Tom Baker.", "Tom Baker"),
        (FactType.TEXT, "yes", None),
        (FactType.TEXT, "why do you ask?", None),
        (FactType.DATE, "I do not know", None),
        (FactType.EMAIL, "I have none", None),
    ],
)
def test_an_answer_yields_its_fact(kind: FactType, said: str, value: str | None) -> None:
    assert answered(fact(kind), said) == value


def test_only_unmistakable_facts_are_taken_unasked() -> None:
    assert volunteered(fact(FactType.EMAIL), "I'm ann@example.com") == "ann@example.com"
    assert volunteered(fact(FactType.TEXT), "I'm Ann") is None
    assert volunteered(fact(FactType.AMOUNT), "I have 2 lines") is None


@pytest.mark.parametrize(
    ("sop", "said"),
    [
        ("You can help the user make a payment.", "We can help you make a payment."),
        ("The user has paid all their bills.", "You have paid all your bills."),
        ("If the customer accepts the request, use the tool.", "If you accept the request, use the tool."),
        ("Ask the guest to confirm them.", "Ask you to confirm them."),
        ("Each customer has a profile.", "Each customer has a profile."),
        ("Never tell a customer the code.", "We must not tell you the code."),
        ("The agent checks the order.", "We check the order."),
        ("The line is suspended.", "The line is suspended."),
    ],
)
def test_sop_sentences_turn_to_the_caller(sop: str, said: str) -> None:
    assert to_caller(sop) == said


def test_instructions_become_what_we_do() -> None:
    assert as_we("Check the bill.") == "we check the bill."
    assert as_we("If the user agrees, send it.") == "if you agree, we send it."
