"""How long the author takes: `make bench` prints these rows."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import Row
from oratio.authoring.author import author
from oratio.authoring.code import render_code
from oratio.authoring.plan import draft_plan
from oratio.authoring.prompt import render_prompt
from oratio.authoring.review import review_in_child
from oratio.authoring.sop import parse_sop
from oratio.domain.agents.brief import AgentBrief, AgentType

SOP = Path(__file__).parents[1] / "examples" / "telecom" / "documents" / "main_policy.md"
ROUNDS = 7


def _median_ms(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1_000)
    return statistics.median(taken)


def run() -> list[Row]:
    """The telecom SOP from text to a signed-off agent, by stage; and the parser at its limit."""
    sop = SOP.read_text()
    brief = AgentBrief(
        agent_name="Robin",
        agent_type=AgentType.VOICE,
        sop=sop,
        knowledge_base_description="Search the manual whenever the caller has a technical problem.",
        human_handoff_description="Hand over when the caller asks for a human or is angry.",
    )
    made = author(brief)
    stored = made.plan.model_dump_json()
    longest = (sop * (100_000 // len(sop) + 1))[:100_000]

    def everything() -> None:
        again = author(brief)
        review_in_child(again.code, again.prompt, again.plan.model_dump_json())

    return [
        Row("author: telecom SOP to reviewed agent", _median_ms(everything), "ms", 1_000, "plan, code, prompt, review"),
        Row("author: parse 100,000 characters", _median_ms(lambda: parse_sop(longest), 3), "ms", 1_000, "repeated SOP"),
        Row("author: draft plan", _median_ms(lambda: draft_plan(brief)), "ms", None, "deterministic"),
        Row("author: render code", _median_ms(lambda: render_code(made.plan)), "ms", None, "ruff format included"),
        Row("author: render prompt", _median_ms(lambda: render_prompt(made.plan)), "ms", None, ""),
        Row(
            "author: review in a child",
            _median_ms(lambda: review_in_child(made.code, made.prompt, stored)),
            "ms",
            None,
            "process start and ruff included",
        ),
    ]
