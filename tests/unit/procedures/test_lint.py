"""The lint: each seeded fault is found on its line, and sound SOPs have none."""

import pytest

from oratio.authoring.lint import lint
from oratio.authoring.procedures.compiler import compile_sop
from oratio.domain.procedures.check import LintFinding
from tests.unit.procedures.outline import DATA, SOPS

_LOOP = (
    "1. Ask whether the light is on.\n"
    "2. If the light is off, ask the customer to press the key, then go back to step 1.{}\n"
    "3. Thank the customer.\n"
)


def found(text: str, operations: list[str] | None = None) -> list[LintFinding]:
    return [one for one in lint(compile_sop(text), text, operations) if one.severity != "note"]


SEEDED = [
    ("no_instruction", 1, "TBD\n"),
    ("placeholder", 1, "1. Greet the caller for {{company}}.\n"),
    ("placeholder", 2, "1. Ask for the name.\n2. Tell the caller that the fee is TBD.\n"),
    ("secret", 2, "1. Ask for the name.\n2. The password is Sommer2024 for the portal.\n"),
    ("secret", 1, "1. Use the key sk-abcdefghij0123456789 to book.\n"),
    ("unknown_function", 2, "1. Ask for the day.\n2. Call `book_slot(day)`.\n"),
    ("jump_to_nowhere", 2, "1. Ask for the name.\n2. If the caller is a member, go to step 9.\n3. Thank the caller.\n"),
    ("loop_without_limit", 2, _LOOP.format("")),
    ("loop_without_exit", 2, "1. Ask for the code.\n2. Go back to step 1.\n3. Thank the caller.\n"),
    ("unreachable_step", 3, "1. Ask for the code.\n2. Go back to step 1.\n3. Thank the caller.\n"),
    (
        "missing_boundary",
        2,
        "1. Ask for the amount.\n2. If the amount is above 100 euros, offer a card.\n"
        "3. If the amount is below 100 euros, offer a voucher.\n",
    ),
    (
        "overlapping_branches",
        2,
        "1. Ask for the amount.\n2. If the amount is above 100 euros, transfer the caller to sales.\n"
        "3. If the amount is above 200 euros, transfer the caller to the manager.\n",
    ),
    ("fact_before_asked", 1, "1. If the amount is above 100 euros, offer a card.\n2. Ask for the amount.\n"),
    ("contradicting_rules", 2, "- Never mention the other branch.\n- Always mention the other branch.\n"),
    ("contradicting_rules", 1, "1. Offer a full refund.\n\n## Rules\n- Never offer a full refund.\n"),
    (
        "dead_end",
        2,
        "1. Ask: is the light on?\n   - Yes -> go to step 3.\n2. Thank the caller.\n3. Say goodbye.\n",
    ),
    (
        "trigger_cannot_fire",
        5,
        "| Situation | Action | Needs |\n|---|---|---|\n| Item opened | Offer exchange | order number |\n"
        "| Item unopened | Offer refund | order number |\n"
        "| Item over 500 euros | Hand over to the manager | order number |\n",
    ),
    ("not_understood", 1, "- Never say that you are an AI.\n- Ask for the name.\n"),
]


@pytest.mark.parametrize(("code", "line", "text"), SEEDED, ids=[f"{code}-{i}" for i, (code, _, _) in enumerate(SEEDED)])
def test_a_seeded_fault_is_found_on_its_line(code: str, line: int, text: str) -> None:
    hits = [one for one in found(text) if one.code == code]

    assert [one.line for one in hits if line in one.lines] != [], [(one.code, one.lines) for one in found(text)]


def test_a_limited_loop_is_no_fault() -> None:
    assert found(_LOOP.format(" Do this at most twice.")) == []


def test_an_operation_that_exists_is_bound_without_a_finding() -> None:
    text = "1. Ask for the day.\n2. Call `book_slot(day)`.\n"

    assert found(text, ["book_slot"]) == []


@pytest.mark.parametrize("name", ["6_flow.md", "C18_changed_answer.md", "C30_bullet_soup.txt"])
def test_sound_samples_have_no_false_alarm(name: str) -> None:
    assert found((SOPS / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["numbered_procedure.md", "german.md", "spanish.md", "faq.md", "table.md"])
def test_the_older_samples_have_no_false_alarm(name: str) -> None:
    assert found((DATA / "sops" / name).read_text(encoding="utf-8")) == []


def test_an_error_is_listed_before_a_warning_of_the_same_line() -> None:
    codes = [one.severity for one in found("1. Ask for {{x}}; the password is Sommer2024.\n")]

    assert codes == sorted(codes)
