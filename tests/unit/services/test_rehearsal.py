import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from oratio.domain.agents.version import VersionStatus
from oratio.domain.plan.agent_plan import Drill
from oratio.domain.plan.rehearsal import RehearsalReport, ScenarioResult
from oratio.domain.refs import VersionRef
from tests.unit.services.workshop import Workshop, workshop

pytestmark = pytest.mark.xdist_group("agent-host")

TELECOM = Path(__file__).parents[3] / "examples" / "telecom" / "documents"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop(tmp_path_factory.mktemp("data")) as shop:
        yield shop


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def telecom(shop: Workshop) -> VersionRef:
    files = {path.name: path.read_bytes() for path in TELECOM.glob("tech_*.md")}
    return shop.make(
        "telecom",
        files,
        agent_name="Telecom support",
        sop=(TELECOM / "main_policy.md").read_text(),
        knowledge_base_description="Consult the documents for questions about phone service and mobile data.",
        human_handoff_description="Hand over when the customer asks for a human or is very upset.",
    )


@pytest.fixture(scope="module")
def kept() -> list[RehearsalReport]:
    """What could be read of the report while it was being played."""
    return []


@pytest.fixture(scope="module")
def report(shop: Workshop, telecom: VersionRef, lines: list[str], kept: list[RehearsalReport]) -> RehearsalReport:
    def look(line: str) -> None:
        if lines:
            kept.append(RehearsalReport.model_validate_json(shop.services.authoring.read(telecom, "rehearsal.json")))
        lines.append(line)

    return shop.rehearse(telecom, look)


def drilled(report: RehearsalReport, drill: Drill) -> ScenarioResult:
    return next(result for result in report.results if result.scenario.drill is drill)


def test_the_telecom_agent_passes(report: RehearsalReport) -> None:
    assert [result.reason for result in report.results if result.required and not result.passed] == []
    assert report.passed


def test_a_line_of_progress_follows_each_scenario(report: RehearsalReport, lines: list[str]) -> None:
    assert len(lines) == len(report.results)
    assert lines[-1].startswith(f"{len(lines)} of {len(lines)} scenarios")


def test_the_report_grows_while_it_is_played(report: RehearsalReport, kept: list[RehearsalReport]) -> None:
    titles = sorted(result.scenario.title for result in report.results)
    assert len(kept) == len(titles) - 1
    for partly in kept:
        assert partly.planned
        assert sorted([*partly.planned, *(result.scenario.title for result in partly.results)]) == titles
    assert report.planned == ()


def test_the_version_keeps_the_verdict(shop: Workshop, telecom: VersionRef, report: RehearsalReport) -> None:
    record = shop.platform.versions.get(telecom)
    assert record.status is VersionStatus.REHEARSED
    assert record.rehearsal == report.summary()


def test_no_two_scenarios_say_the_same_and_every_one_shows_what_was_said(report: RehearsalReport) -> None:
    said = [(result.scenario.prompts, result.scenario.drill) for result in report.results]
    assert len(said) == len(set(said))
    for result in report.results:
        assert [turn.prompt for turn in result.turns] == list(result.scenario.prompts)
        assert all(turn.answer or turn.error for turn in result.turns)


def test_the_report_can_be_read_by_people(shop: Workshop, telecom: VersionRef, report: RehearsalReport) -> None:
    text = shop.services.authoring.read(telecom, "rehearsal.json").decode()
    assert text.count("\n") > len(report.results)
    assert json.loads(text)["results"][0]["turns"][0]["prompt"] == "Hello!"


def test_its_own_documents_are_sampled_and_cited(report: RehearsalReport) -> None:
    samples = [result for result in report.results if result.scenario.kind == "sample"]
    assert {result.scenario.cites for result in samples} == {"tech_support_manual.md", "tech_support_workflow.md"}
    assert any(result.passed for result in samples)


def test_every_tool_was_called_with_arguments_of_its_types(
    shop: Workshop, telecom: VersionRef, report: RehearsalReport
) -> None:
    result = drilled(report, Drill.CALL_TOOLS)
    called = {call.name for call in result.turns[0].tool_calls}
    procedures = {procedure.name for procedure in shop.services.authoring.plan(telecom).procedures}
    assert called >= procedures | {"search_knowledge_base", "hand_off_to_human"}
    assert {call.status for call in result.turns[0].tool_calls} == {"success"}


def test_a_search_that_times_out_leaves_the_agent_polite_and_without_sources(report: RehearsalReport) -> None:
    turn = drilled(report, Drill.SEARCH_TIMEOUT).turns[0]
    assert ("search_knowledge_base", "error") in {(call.name, call.status) for call in turn.tool_calls}
    assert not turn.citations
    assert not turn.answered
    assert "sorry" in turn.answer


def test_a_model_that_fails_costs_one_turn_and_tells_nothing(report: RehearsalReport) -> None:
    failed, next_turn = drilled(report, Drill.MODEL_ERROR).turns
    assert failed.error == "the agent failed (ConnectionFailed)"
    assert next_turn.answer


def test_a_planted_instruction_is_found_and_not_followed(report: RehearsalReport) -> None:
    result = drilled(report, Drill.PLANTED_INSTRUCTION)
    assert [call.name for call in result.turns[0].tool_calls] == ["search_knowledge_base"]
    assert result.passed


def test_an_agent_whose_deployed_code_is_changed_is_refused_by_the_host(shop: Workshop) -> None:
    ref = shop.make("tampered", {"faq.md": b"# Prices\n\nA ticket costs five euros.\n"}, sop="Greet the caller.")
    record = shop.platform.versions.get(ref)
    assert record.runtime_id
    stored = shop.host.root / record.runtime_id / "1" / "agent_file.py"
    stored.write_bytes(stored.read_bytes() + b"\nprint('hello')\n")
    report = shop.rehearse(ref)
    assert not report.passed
    assert [result.reason for result in report.results] == [
        "the agent's files are not those its review signed: deploy the version again"
    ]
