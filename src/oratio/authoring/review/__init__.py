"""Static review of generated code: a quality gate. The sandbox, not this, is the boundary.

`review` runs in this process; `review_in_child` in a bounded process of its own, and is what the pipeline uses.
"""

from typing import TYPE_CHECKING

from oratio.authoring.review.checks import check
from oratio.authoring.review.child import review_in_child
from oratio.authoring.review.contract import StepLines
from oratio.authoring.review.findings import CHECKER_VERSION, Finding, Review

if TYPE_CHECKING:
    from oratio.domain.plan.agent_plan import AgentPlan


def review(code: str, prompt: str, plan: "AgentPlan") -> Review:
    """Hold code and prompt against the rules and against the plan they were made from."""
    steps = [StepLines(step.step_id, step.source.line_start, step.source.line_end) for step in plan.steps]
    return check(code, prompt, steps)


__all__ = ["CHECKER_VERSION", "Finding", "Review", "review", "review_in_child"]
