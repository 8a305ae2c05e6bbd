import pytest

from oratio.adapters.local.dialogue.handoff import handoff_reason
from oratio.adapters.local.dialogue.intents import classify
from oratio.authoring.plan import draft_plan
from oratio.domain.plan.agent_plan import AgentPlan, PlanFactType, SourceDocument
from tests.unit.authoring.golden import golden_json
from tests.unit.authoring.samples import GOLDEN, SOPS, brief, text_of


@pytest.fixture(scope="module")
def telecom() -> AgentPlan:
    return draft_plan(brief(text_of("telecom")))


@pytest.mark.parametrize("name", SOPS)
def test_plan_is_the_golden_one(name: str) -> None:
    assert golden_json(name) == (GOLDEN / f"{name}.json").read_text(), (
        "if the change is meant: python -m tests.unit.authoring.golden"
    )


@pytest.mark.parametrize("name", SOPS)
def test_plan_survives_its_stored_form(name: str) -> None:
    plan = draft_plan(brief(text_of(name)))
    assert AgentPlan.model_validate_json(plan.model_dump_json()) == plan


def test_every_procedure_of_the_telecom_sop_is_found(telecom: AgentPlan) -> None:
    assert [procedure.name for procedure in telecom.procedures] == [
        "customer_lookup",
        "overdue_bill_payment",
        "line_suspension",
        "data_refueling",
        "change_plan",
        "data_roaming",
        "technical_support",
    ]


def test_the_whole_telecom_sop_is_covered(telecom: AgentPlan) -> None:
    assert telecom.uncovered == ()


def test_lines_that_nothing_uses_are_reported() -> None:
    plan = draft_plan(brief(text_of("headings_only")))
    assert plan.uncovered == ((1, 6),)


def test_required_wording_of_the_sop_is_the_announcement(telecom: AgentPlan) -> None:
    assert telecom.handoff.announcement == "YOU ARE BEING TRANSFERRED TO A HUMAN AGENT. PLEASE HOLD ON."


def test_prohibitions_are_guardrails_with_their_lines(telecom: AgentPlan) -> None:
    lines = {(rail.kind, rail.source.line_start) for rail in telecom.guardrails}
    assert lines >= {("must_not", 7), ("must_not", 9), ("must", 11), ("must_not", 126)}


def test_facts_have_types_and_questions() -> None:
    plan = draft_plan(brief(text_of("numbered_procedure")))
    facts = {fact.name: fact for step in plan.steps for fact in step.facts}
    assert facts["arrival_date"].type is PlanFactType.DATE
    assert facts["phone_number"].type is PlanFactType.PHONE
    assert facts["e_mail_address"].type is PlanFactType.EMAIL
    assert facts["booking_number"].type is PlanFactType.ORDER_NUMBER
    assert facts["breakfast_wanted"].type is PlanFactType.YES_NO
    assert all(fact.question.endswith(("?", ".")) for fact in facts.values())


def test_conditions_keep_the_sops_own_word() -> None:
    plan = draft_plan(brief(text_of("numbered_procedure")))
    kinds = {(condition.kind, condition.text) for step in plan.steps for condition in step.conditions}
    assert ("if", "a guest is under twelve") in kinds
    assert ("unless", "the caller objects") in kinds


def test_both_branches_of_a_condition_are_rehearsed(telecom: AgentPlan) -> None:
    said = {prompt for scenario in telecom.scenarios for prompt in scenario.prompts}
    assert "I accept the payment request." in said
    assert "I do not accept the payment request." in said


def test_described_files_become_topics_and_scenarios(telecom: AgentPlan) -> None:
    assert [topic.path for topic in telecom.retrieval.topics] == ["manual.md", "prices/"]
    topics = [scenario for scenario in telecom.scenarios if scenario.kind == "topic"]
    assert [scenario.source.path for scenario in topics if scenario.source] == ["manual.md", "prices/"]


def test_role_falls_back_to_the_agents_name() -> None:
    plan = draft_plan(brief(text_of("poem")))
    assert plan.role.startswith("You are Robin")
    assert plan.role_source.document is SourceDocument.AGENT_NAME


@pytest.mark.parametrize(("name", "language"), [("german", "de"), ("spanish", "es"), ("poem", "en"), ("retail", "en")])
def test_language_is_told(name: str, language: str) -> None:
    assert draft_plan(brief(text_of(name))).language == language


DESCRIPTIONS = [
    "Hand over when the caller asks for a human, is angry, threatens legal action or the problem cannot be solved.",
    "Transfer to a person if the customer wants to cancel their contract, reports fraud, or has been waiting long.",
    "- billing disputes\n- complaints about staff\n- anything about a lawsuit",
    "Escalate complaints and refunds above 100 euros to the team lead.",
    "Whenever you cannot help.",
    "",
    "Hand off to a human agent for emergencies, safety concerns (gas leak, fire), or if the customer is frustrated.",
    "If they ask for a manager",
    "Hand over if the customer has other questions or a complex issue.",
    "Only at the customer's explicit request.",
    "Transfer to a human for all other requests.",
    "If you cannot help, pass to a colleague. Hand over for contract questions.",
]


def test_words_that_any_caller_says_are_no_trigger() -> None:
    plan = draft_plan(brief(text_of("telecom"), handoff="Transfer for all other requests, questions or further help."))
    assert [trigger.phrases for trigger in plan.handoff.triggers[1:2]] == [()]


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_handoff_scenarios_are_recognised_by_the_builtin_model(description: str) -> None:
    plan = draft_plan(brief(text_of("telecom"), handoff=description or " "))
    scenarios = [scenario for scenario in plan.scenarios if scenario.expect == "handoff"]
    assert scenarios
    for scenario in scenarios:
        assert handoff_reason(plan, scenario.prompts[-1], classify(scenario.prompts[-1])), scenario.prompts


def test_a_trigger_about_the_agents_own_limits_has_no_phrases(telecom: AgentPlan) -> None:
    own = [trigger for trigger in telecom.handoff.triggers if trigger.source.document is SourceDocument.SOP]
    assert [trigger.phrases for trigger in own] == [()]
