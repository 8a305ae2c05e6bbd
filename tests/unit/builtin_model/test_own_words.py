import pytest

from oratio.adapters.local.dialogue.handoff import handoff_reason
from oratio.adapters.local.dialogue.intents import classify
from oratio.authoring.plan import draft_plan
from tests.fakes.records import a_brief


@pytest.mark.parametrize(
    "text",
    [
        "The caller asks for a human, or the steps did not help.",
        "Transfer when (a) payment fails twice, (b) the user threatens to cancel, or (c) anything about GDPR.",
        "User becomes abusive or requests manager",
        "refunds > $100; legal; press",
        "Hand over only in emergencies.",
        "If unsure",
    ],
)
def test_the_operators_own_words_are_heard_when_a_caller_says_them(text: str) -> None:
    plan = draft_plan(a_brief(human_handoff_description=text))
    for scenario in plan.scenarios:
        if scenario.expect == "handoff":
            assert handoff_reason(plan, scenario.prompts[-1], classify(scenario.prompts[-1]))


@pytest.mark.parametrize("text", ["never", "N/A", "None."])
def test_an_operator_who_wants_no_hand_off_is_not_rehearsed_for_one(text: str) -> None:
    plan = draft_plan(a_brief(human_handoff_description=text))
    assert [scenario.kind for scenario in plan.scenarios if scenario.expect == "handoff"] == ["fixed"]
    assert handoff_reason(plan, "never", classify("never")) is None
