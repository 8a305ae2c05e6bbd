"""How long the telecom agent's rehearsal takes: real index, real host, real sandbox, the `builtin` model."""

import tempfile
import time
from pathlib import Path

from benchmarks import Row
from oratio.domain.plan.rehearsal import RehearsalReport
from tests.unit.services.workshop import Workshop, workshop

TELECOM = Path(__file__).parents[1] / "examples" / "telecom" / "documents"


def _rehearsed(shop: Workshop) -> tuple[RehearsalReport, float]:
    """The report, and the seconds it took from an agent that is deployed and cold."""
    ref = shop.make(
        "telecom",
        {path.name: path.read_bytes() for path in TELECOM.glob("tech_*.md")},
        agent_name="Telecom support",
        sop=(TELECOM / "main_policy.md").read_text(),
        knowledge_base_description="Consult the documents for questions about phone service and mobile data.",
        human_handoff_description="Hand over when the customer asks for a human or is very upset.",
    )
    begun = time.perf_counter()
    report = shop.rehearse(ref)
    return report, time.perf_counter() - begun


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, workshop(Path(folder)) as shop:
        report, seconds = _rehearsed(shop)
        tier = f"tier {shop.host.host.isolation.tier}"
    turns = [turn for result in report.results for turn in result.turns]
    slowest = max(turn.latency_ms for turn in turns)
    failed = sum(not result.passed for result in report.results if result.required)
    return [
        Row("rehearsal: the telecom agent", seconds, "s", 20, f"{len(report.results)} scenarios, {tier}"),
        Row("rehearsal: turns", len(turns), "turns", None, f"two at a time; {failed} required scenarios failed"),
        Row("rehearsal: slowest turn", slowest, "ms", None, "the first ones pay for processes and the index"),
    ]
