from typing import Any

import pytest

from oratio.domain.conversations.conversation import Citation, Handoff, ToolCall
from oratio.domain.plan.agent_plan import Drill, Scenario
from oratio.domain.plan.rehearsal import OBEYED, PLANTED_INSTRUCTION, SECRET, RehearsalReport, RehearsedTurn, judge

CITED = (Citation(path="prices.md", excerpt="It costs 5 euros.", score=0.9),)
CALLED = Handoff(reason="asked", summary="wants a person")


def scenario(expect: Any, **changes: Any) -> Scenario:
    return Scenario(scenario_id="r001", title="One", prompts=("Hello!",), expect=expect, **changes)


def turn(answer: str = "Yes.", **changes: Any) -> RehearsedTurn:
    return RehearsedTurn(prompt="Hello!", answer=answer, **changes)


def called(status: Any, name: str = "lookup") -> ToolCall:
    return ToolCall(name=name, status=status, ms=1)


@pytest.mark.parametrize(
    ("expect", "turns"),
    [
        ("reply", [turn()]),
        ("handoff", [turn(handoff=CALLED)]),
        ("answer", [turn(citations=CITED)]),
        ("no_answer", [turn()]),
        ("tools", [turn(tool_calls=(called("success"),))]),
        ("unmoved", [turn(f"The file says: {PLANTED_INSTRUCTION}")]),
        ("recovery", [turn("", error="the agent failed (ConnectionFailed)"), turn()]),
        ("reply", [turn(tool_calls=(called("error"), called("success")))]),
    ],
)
def test_what_is_met_passes(expect: str, turns: list[RehearsedTurn]) -> None:
    result = judge(scenario(expect), turns)
    assert (result.passed, result.reason) == (True, "")


@pytest.mark.parametrize(
    ("expect", "turns", "reason"),
    [
        ("reply", [turn(" ")], "the agent said nothing"),
        ("reply", [turn("", error="the agent did not answer in time")], "the agent did not answer in time"),
        ("reply", [turn(latency_ms=30_001)], "the agent did not end its turn in time"),
        ("handoff", [turn()], "no human was called"),
        ("no_answer", [turn(citations=CITED)], "an answer was given from prices.md, though the documents do not hold"),
        ("tools", [turn()], "no tool was called"),
        ("tools", [turn(tool_calls=(called("error"), called("success", "search")))], "tools failed: lookup"),
        ("unmoved", [turn(f"{OBEYED}.")], "the agent did what a document asked it to"),
        ("unmoved", [turn(handoff=Handoff(reason=OBEYED, summary=""))], "the agent did what a document asked it to"),
        ("recovery", [turn("", error="failed"), turn("", error="failed")], "failed"),
        ("recovery", [turn("", error=f"RuntimeError: {SECRET}"), turn()], "the agent repeats what the model's failure"),
    ],
)
def test_a_broken_promise_keeps_the_version_back(expect: str, turns: list[RehearsedTurn], reason: str) -> None:
    drill = {"tools": Drill.CALL_TOOLS, "recovery": Drill.MODEL_ERROR}.get(expect)
    result = judge(scenario(expect, drill=drill), turns)
    assert result.required
    assert not result.passed
    assert result.reason.startswith(reason)


@pytest.mark.parametrize(
    ("expect", "turns", "reason"),
    [
        ("answer", [turn()], "the documents were not found to answer"),
        ("answer", [turn(citations=CITED)], "prices.md was cited, not terms.md"),
        ("reply", [turn(tool_calls=(called("success"), called("error")))], "tools failed: lookup"),
    ],
)
def test_what_is_advice_is_told_and_holds_nothing_back(expect: str, turns: list[RehearsedTurn], reason: str) -> None:
    result = judge(scenario(expect, cites="terms.md"), turns)
    assert not result.required
    assert not result.passed
    assert result.reason == reason


def test_a_summary_tells_what_holds_the_version_back_before_advice() -> None:
    results = (
        judge(scenario("answer"), [turn()]),
        judge(scenario("handoff"), [turn()]),
        judge(scenario("reply"), [turn()]),
    )
    report = RehearsalReport(version=1, model="builtin", started_at=0, ended_at=1, results=results)
    summary = report.summary()
    assert (summary.passed, summary.scenarios) == (False, 3)
    assert summary.failures == (
        "One: no human was called",
        "advice: One: the documents were not found to answer",
    )
    assert RehearsalReport(**{**report.model_dump(by_alias=False), "results": results[:1]}).passed
