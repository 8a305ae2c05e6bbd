"""The compiler: what the sample SOPs become, said by content."""

import time

import pytest

from oratio.authoring.procedures.compiler import compile_sop
from oratio.domain.procedures.facts import FactType
from oratio.domain.procedures.flow import walk
from tests.unit.procedures.outline import DATA, SOPS, compiled, outline, rules, triggers

SOCKET = "step request plug the router into another socket"


def test_a_flow_in_words_keeps_its_branches_jumps_and_limits() -> None:
    rows = outline(compiled("6_flow.md"))

    assert rows[:3] == ["step_1: ask power_light_on", "if power_light_on eq False", "  go to step_2"]
    assert rows[5:9] == [f"step_2: if {SOCKET} ge 1", "  go to step_7", SOCKET.removeprefix("step "), "go to step_1"]
    restart = "request restart the router and wait three minutes"
    at = rows.index(restart)
    assert rows[at - 2 : at + 2] == [f"step_4: if step {restart} ge 2", "  go to step_7", restart, "go to step_3"]
    assert rows[rows.index("step_7: ask postcode") :][:3] == ["step_7: ask postcode", "ask day", "do Book an engineer"]


def test_the_operators_own_question_is_kept_with_its_answers_as_choices() -> None:
    fact = compiled("6_flow.md").fact("colour_internet_light")

    assert fact.question == "What colour is the internet light?"
    assert [choice.label for choice in fact.choices] == ["Green", "Red", "Off"]


def test_at_most_twice_limits_the_loop_and_after_two_tries_counts_it() -> None:
    rows = outline(compiled("C17_loop.md"))

    assert f"if power_light_is_on eq False all {SOCKET} lt 2" in rows
    at = rows.index(f"if power_light_is_on eq False all {SOCKET} ge 2")
    assert rows[at + 1] == "  hand off a technician"


def test_a_third_value_makes_a_choice_of_a_yes_or_no_fact() -> None:
    fact = compiled("C17_loop.md").fact("internet_light_is_green")

    assert fact.type is FactType.CHOICE
    assert [choice.value for choice in fact.choices] == ["green", "red"]


def test_only_the_question_at_the_target_of_a_jump_back_is_repeated() -> None:
    flow = compiled("C17_loop.md")
    asks = {step.fact: step.repeat for step in walk(flow.procedures[0].body) if step.kind == "ask"}

    assert asks["power_light_is_on"]
    assert not asks["model_of_the_router"]


def test_each_comparison_keeps_its_boundary_and_the_night_comes_first() -> None:
    rows = outline(compiled("C27_numbers.md"))

    assert rows[:4] == ["if 22:00-06:00", "  ask message", "  do take a message", "  end"]
    for condition in ("gt 5000 EUR", "eq 5000 EUR", "lt 500 EUR"):
        assert f"if amount_of_the_loan {condition}" in rows
    assert "if amount_of_the_loan le 5000 EUR all term gt 24 months" in rows


def test_a_table_is_read_by_its_headers() -> None:
    flow = compiled("7_table.md")
    rows = outline(flow)

    assert rows[0] == "ask order_number"
    at = rows.index("if item eq opened all date since le 30 days")
    assert rows[at + 1 : at + 3] == ["  ask reason", "  speech_act Offer exchange or store credit"]
    assert ("never", "offer a refund") in rules(flow)
    assert triggers(flow) == [("data", "Item over 500 euros", "the store manager")]
    assert [step.fact for step in flow.triggers[0].before if step.kind == "ask"] == ["order_number", "phone_number"]


def test_prose_gives_facts_times_exceptions_and_rules() -> None:
    flow = compiled("4_prose.txt")
    rows = outline(flow)

    assert flow.procedures[0].start.text == "somebody rings about a lost parcel"
    assert rows[0] == "ask tracking_number|order_number"
    assert flow.fact("tracking_number").pattern == r"PX[ -]?\d{10}"
    at = rows.index("if date_of_dispatch since gt 5 days")
    assert rows[at + 1 : at + 5] == [
        "  if value_of_the_parcel gt 200 EUR",
        "    hand off Claims",
        "  ask e_mail_address",
        "  do start a search with the carrier",
    ]
    assert ("only_after", "promise a refund") in rules(flow)
    assert ("never", "give out the driver's phone number") in rules(flow)
    assert {trigger.by for trigger in flow.triggers} == {"data", "count"}


def test_a_changed_answer_sop_keeps_its_choice_and_its_rules() -> None:
    flow = compiled("C18_changed_answer.md")

    assert outline(flow)[:3] == [
        "ask number_of_sandwiches",
        "if number_of_sandwiches gt 10",
        "  ask name_of_the_company",
    ]
    assert [choice.value for choice in flow.fact("bread").choices] == ["rye", "wheat"]
    assert flow.fact("number_of_sandwiches").asks == "how many sandwiches you want"


def test_examples_of_a_foreign_prompt_are_no_steps_and_nothing_denies_being_a_machine() -> None:
    flow = compiled("C24_role_prompt.md")
    text = " ".join(outline(flow))

    assert "jaw" not in text
    assert "hand off nurse" in text
    assert all("front desk" not in (rule.words or rule.action) for rule in flow.rules)
    assert {fate.line: fate.fate for fate in flow.fates}[5] == "not_understood"


def test_danger_in_bullet_soup_is_a_trigger() -> None:
    flow = compiled("C30_bullet_soup.txt")

    assert triggers(flow) == [("meaning", "leaking", "Tom")]
    assert flow.triggers[0].priority == "danger"
    assert flow.fact("order_no").pattern == r"K[ -]?\w+"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("de_router.md", ["request den Router an eine andere Steckdose anschließen", "hand off einem Techniker"]),
        ("es_returns.md", ["ask producto_esta_abierto", "if importe gt 300 EUR", "hand off supervisor"]),
        ("fr_parcels.md", ["if colis_ete_envoye since lt 5 working_days", "hand off service des litiges"]),
    ],
)
def test_other_languages_have_the_same_shapes(name: str, wanted: list[str]) -> None:
    flow = compiled(name)
    rows = [row.strip() for row in outline(flow)]

    assert [row for row in wanted if row not in rows] == []
    assert flow.language == name[:2]
    assert any(trigger.priority == "danger" for trigger in flow.triggers)
    assert sum(rule.kind == "never" for rule in flow.rules) == 2


def test_a_chart_becomes_labelled_steps_with_a_branch_an_edge() -> None:
    flow = compile_sop(
        "# Start\n\nflowchart TD\n  A{Does it start?} -->|Yes| B[Close the case]\n  A -->|No| C[Charge the battery]\n"
        "  C --> D{Does it start now?}\n  D -- Yes --> B\n  D -- No --> E[Transfer the caller to a mechanic]\n"
    )

    assert outline(flow)[:5] == [
        "ask it_start",
        "if it_start eq True",
        "  go to box_b",
        "if it_start eq False",
        "  go to box_c",
    ]
    assert "box_e: hand off a mechanic" in outline(flow)
    assert "box_c: request Charge the battery" in outline(flow)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("If you cannot find it, let the user know.", "steps"),
        ("Never promise a date.", "rule"),
        ("Do not share prices unless the caller is a member.", "rule"),
        ("We don't give discounts.", "rule"),
    ],
)
def test_polarity_is_that_of_the_main_clause(sentence: str, kind: str) -> None:
    flow = compile_sop(f"1. {sentence}\n")

    assert bool(flow.rules) == (kind == "rule")
    assert bool(flow.procedures) == (kind == "steps")


def test_exception_clauses_narrow_a_rule() -> None:
    flow = compile_sop(
        "- Do not share prices unless the caller is a member.\n- Never refund before the item is back.\n"
    )

    assert [(rule.kind, rule.after) for rule in flow.rules] == [("only_if", None), ("only_after", "the item is back")]


def _samples() -> list[str]:
    names = [*SOPS.iterdir(), *(DATA / "sops").iterdir(), *DATA.glob("*/main_policy.md"), *DATA.glob("*/policy.md")]
    return [str(path.relative_to(DATA)) for path in sorted(names) if path.suffix in (".md", ".txt")]


@pytest.mark.parametrize("name", _samples())
def test_every_line_has_one_fate_and_every_reference_exists(name: str) -> None:
    text = (DATA / name).read_text(encoding="utf-8")
    flow = compile_sop(text)

    content = [number for number, line in enumerate(text.splitlines(), 1) if any(map(str.isalnum, line))]
    assert [fate.line for fate in flow.fates] == content
    bodies = [*(p.body for p in flow.procedures), *(t.before for t in flow.triggers)]
    ids = {step.id for body in bodies for step in walk(body)} | {rule.id for rule in flow.rules}
    ids |= {t.id for t in flow.triggers} | {p.id for p in flow.procedures} | {f"fact:{f.name}" for f in flow.facts}
    dangling = {ref for fate in flow.fates for ref in fate.refs} - ids
    assert dangling == set()


@pytest.mark.parametrize("name", _samples())
def test_compiling_is_deterministic(name: str) -> None:
    text = (DATA / name).read_text(encoding="utf-8")

    assert compile_sop(text) == compile_sop(text)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# \n", "|||\n|-|\n", "If " * 500, "a," * 5_000, "1. " * 2_000, "\x00\ufeff"]
)
def test_any_text_compiles(text: str) -> None:
    compile_sop(text)


def test_a_hundred_thousand_characters_compile_in_time() -> None:
    text = ((SOPS / "bike_rental.md").read_text(encoding="utf-8") * 40)[:100_000]
    started = time.process_time()

    compile_sop(text)

    assert time.process_time() - started < 5


def test_sub_items_of_a_condition_are_done_in_its_case_only() -> None:
    flow = compile_sop(
        "1. Ask for the speed.\n"
        "2. If the test returns 'no connection', data is unavailable.\n"
        "   - Ask the caller to restart the phone.\n"
        "3. Thank the caller.\n"
    )

    assert outline(flow)[1:] == [
        "if test_returns eq no_connection",
        "  statement data is unavailable",
        "  request restart the phone",
        "speech_act Thank the caller",
    ]


def test_an_other_case_without_a_condition_is_named_and_not_done() -> None:
    flow = compile_sop("1. Ask for the name.\n2. Otherwise offer a voucher.\n")

    assert outline(flow) == ["ask name"]
    assert flow.fates[1].fate == "not_understood"


def test_what_follows_a_trigger_is_the_next_step_and_not_the_other_case_of_an_older_one() -> None:
    flow = compile_sop(
        "1. Ask for the amount.\n2. If the amount is above 10 euros, offer a card.\n"
        "3. If the caller is upset, transfer the caller to a manager.\n4. Otherwise ask for the name.\n"
    )

    assert outline(flow)[-1] == "ask name"
    assert triggers(flow) == [("meaning", "the caller is upset", "a manager")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Ist das Gerät defekt, verbinden wir den Kunden mit der Werkstatt.",
            ("das Gerät defekt ist", "der Werkstatt"),
        ),
        ("douleur forte → transférer à l'infirmière", ("douleur forte", "l'infirmière")),
        ("Si el huésped se enfada, páselo a recepción.", ("el huésped se enfada", "recepción")),
        ("People who mention a lawyer should be put through to Legal.", ("mention a lawyer", "Legal")),
    ],
)
def test_a_hand_over_in_other_words_is_a_trigger(text: str, wanted: tuple[str, str]) -> None:
    filler = {"Ist": "Fragen Sie nach der Nummer und der Adresse.", "Si ": "Pregunte el número de la reserva."}
    more = filler.get(
        text[:3], "Demandez le nom et la date de naissance." if "douleur" in text else "Ask for the name."
    )

    flow = compile_sop(f"- {more}\n- {text}\n")

    assert [(trigger.text, trigger.to) for trigger in flow.triggers] == [wanted]


def test_a_bank_sop_keeps_scopes_choices_and_counts() -> None:
    flow = compiled("bank_card.md")
    rows = outline(flow)

    assert rows[0] == "words This call is recorded"
    at = rows.index("if ~the details do not match")
    assert rows[at + 1] == "  speech_act offer one more attempt"
    assert "if card_was_lost_or_stolen eq stolen" in rows
    assert rows[-2:] == ["if there_is_anything_else eq False", "  end"]
    assert any(trigger.by == "count" and trigger.to == "the fraud team" for trigger in flow.triggers)
    assert ("never", "continue") in rules(flow)
