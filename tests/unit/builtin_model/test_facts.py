import pytest

from oratio.adapters.local.dialogue.facts import answered, volunteered
from oratio.adapters.local.dialogue.perspective import as_we, to_caller
from oratio.domain.plan.agent_plan import PlanFact, PlanFactType, Source, SourceDocument

SOURCE = Source(document=SourceDocument.SOP, line_start=1, line_end=1)


def fact(kind: PlanFactType) -> PlanFact:
    return PlanFact(name="it", question="What is it?", type=kind, source=SOURCE)


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (PlanFactType.DATE, "on 12 March 2025 please", "12 March 2025"),
        (PlanFactType.DATE, "2025-03-12", "2025-03-12"),
        (PlanFactType.DATE, "next friday", "next friday"),
        (PlanFactType.AMOUNT, "about 2 gigs", "2 gigs"),
        (PlanFactType.AMOUNT, "$1,200.50", "$1,200.50"),
        (PlanFactType.AMOUNT, "three", "three"),
        (PlanFactType.EMAIL, "it's ann.lee+x@mail.example.com.", "ann.lee+x@mail.example.com"),
        (PlanFactType.EMAIL, "ann dot lee at example dot com", "ann.lee@example.com"),
        (PlanFactType.PHONE, "call me on +1 (555) 123-4567", "+1 (555) 123-4567"),
        (PlanFactType.ORDER_NUMBER, "order #W2378156", "#W2378156"),
        (PlanFactType.ORDER_NUMBER, "it is 4411", "4411"),
        (PlanFactType.YES_NO, "yes it is", "yes"),
        (PlanFactType.YES_NO, "nope", "no"),
        (PlanFactType.TEXT, "My name is Tom Baker.", "Tom Baker"),
        (PlanFactType.TEXT, "yes", None),
        (PlanFactType.TEXT, "why do you ask?", None),
        (PlanFactType.DATE, "I do not know", None),
        (PlanFactType.EMAIL, "I have none", None),
    ],
)
def test_an_answer_yields_its_fact(kind: PlanFactType, said: str, value: str | None) -> None:
    assert answered(fact(kind), said) == value


def test_only_unmistakable_facts_are_taken_unasked() -> None:
    assert volunteered(fact(PlanFactType.EMAIL), "I'm ann@example.com") == "ann@example.com"
    assert volunteered(fact(PlanFactType.TEXT), "I'm Ann") is None
    assert volunteered(fact(PlanFactType.AMOUNT), "I have 2 lines") is None


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
