"""What a rehearsal tried and how it went; stored as `rehearsal.json` beside the version it speaks of."""

from collections.abc import Sequence

from oratio.domain.conversation import Citation, Handoff, SopStep, ToolCall, TurnResult
from oratio.domain.plan import Scenario
from oratio.domain.values import Value
from oratio.domain.version import RehearsalSummary


class RehearsedTurn(Value):
    """One prompt of a scenario and what came back; `error` is set instead of an answer when the agent failed."""

    prompt: str
    answer: str = ""
    answered: bool = False
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None
    sop_steps: tuple[SopStep, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    latency_ms: int = 0
    error: str = ""


class ScenarioResult(Value):
    """One scenario's verdict.

    Attributes:
        required: A failure of it keeps the version from going live; the others are advice to the operator.
        reason: Why it failed, one sentence; empty when it passed.
    """

    scenario: Scenario
    required: bool
    passed: bool
    reason: str
    turns: tuple[RehearsedTurn, ...]


class RehearsalReport(Value):
    """A whole rehearsal. Times are ms since 1970."""

    version: int
    model: str
    started_at: int
    ended_at: int
    results: tuple[ScenarioResult, ...]

    @property
    def passed(self) -> bool:
        return all(result.passed or not result.required for result in self.results)

    def summary(self) -> RehearsalSummary:
        failures = [f"{result.scenario.title}: {result.reason}" for result in self.results if not result.passed]
        return RehearsalSummary(passed=self.passed, scenarios=len(self.results), failures=tuple(failures))


def is_required(scenario: Scenario) -> bool:
    """Hand-offs, and not inventing, are promises to the operator; whether a sample question finds words is advice."""
    return scenario.expect in ("handoff", "no_answer", "reply")


def judge(scenario: Scenario, turns: Sequence[RehearsedTurn]) -> ScenarioResult:
    """Hold what came back against what the scenario expects of its last turn."""
    return ScenarioResult(
        scenario=scenario,
        required=is_required(scenario) or any(turn.error for turn in turns),
        passed=not (reason := _fault(scenario, turns)),
        reason=reason,
        turns=tuple(turns),
    )


def _fault(scenario: Scenario, turns: Sequence[RehearsedTurn]) -> str:
    for turn in turns:
        if turn.error:
            return turn.error
        if not turn.answer.strip():
            return "the agent said nothing"
    last = turns[-1]
    if scenario.expect == "handoff" and not any(turn.handoff for turn in turns):
        return "no human was called"
    if scenario.expect == "answer" and not last.citations:
        return "the documents were not found to answer"
    if scenario.expect == "no_answer" and last.citations:
        return f"an answer was given from {last.citations[0].path}, though the documents do not hold one"
    return ""


def rehearsed_turn(prompt: str, result: TurnResult, latency_ms: int) -> RehearsedTurn:
    return RehearsedTurn(
        prompt=prompt,
        answer=result.answer,
        answered=result.answered,
        citations=result.citations,
        handoff=result.handoff,
        sop_steps=result.sop_steps,
        tool_calls=result.tool_calls,
        latency_ms=latency_ms,
    )
