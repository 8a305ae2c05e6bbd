"""The read-back: plain sentences made from the flow, with lines."""

import re

import pytest

from oratio.authoring.procedures.compiler import compile_sop
from oratio.authoring.procedures.layout.mermaid import as_mermaid
from oratio.authoring.procedures.readback import as_text, read_back
from tests.unit.procedures.outline import SOPS, compiled


def test_sentences_say_branches_with_their_lines() -> None:
    text = as_text(read_back(compiled("C27_numbers.md")))

    assert "  If the amount of the loan is above 5,000 €:   [4]\n    Ask for the monthly income.   [4]" in text
    assert "  If the time is between 22:00 and 06:00:   [8]" in text


def test_a_missing_boundary_is_asked_about() -> None:
    flow = compile_sop(
        "1. Ask for the amount.\n2. If the amount is above 5,000 euros, offer A.\n"
        "3. If the amount is below 5,000 euros, offer B.\n"
    )

    assert "At exactly 5,000 €: nothing is said – is that meant?" in as_text(read_back(flow))


def test_a_german_sop_is_read_back_in_german() -> None:
    text = as_text(read_back(compiled("de_router.md")))

    assert "Wenn Betrag über 200 € liegt:" in text
    assert "Niemals: eine Uhrzeit versprechen." in text
    assert "Gefahr, geht allem vor:" in text


@pytest.mark.parametrize("path", sorted(SOPS.glob("*.*")), ids=lambda path: path.name)
def test_numbers_of_executed_lines_survive(path) -> None:  # type: ignore[no-untyped-def]
    if path.suffix not in (".md", ".txt"):
        return
    source = path.read_text(encoding="utf-8")
    flow = compile_sop(source)
    said = re.sub(r"(?<=\d),(?=\d{3})", "", as_text(read_back(flow)) + flow.model_dump_json())
    lines = re.split(r"\r\n|\r|\n", source)
    for fate in flow.fates:
        if fate.fate in ("executed", "rule"):
            plain = re.sub(r"^\W*(?:step\s+)?\d+[.):]*\s", "", lines[fate.line - 1], flags=re.IGNORECASE)
            numbers = re.findall(r"(?<![\w.,])\d[\d.,]*\d|(?<![\w.,])\d", plain.replace(",000", "000"))
            missing = [number for number in numbers if number.rstrip(".,") not in said]
            assert missing == [], (fate.line, plain)


def test_the_chart_holds_every_step_and_names_every_condition() -> None:
    flow = compiled("C17_loop.md")
    chart = as_mermaid(flow)

    assert chart.startswith("flowchart TD\n")
    assert chart.count("router_help_desk_s11[") == 1
    assert "“the internet light is green” is red" in chart
