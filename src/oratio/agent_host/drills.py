"""What is staged around an agent in a rehearsal: scripts in the model's place, and a passage nobody wrote."""

from strands.models import Model

from oratio.agentkit.scripts import Failing, ToolCaller
from oratio.domain.knowledge.knowledge_base import Passage
from oratio.domain.plan.agent_plan import Drill
from oratio.domain.plan.rehearsal import PLANTED_INSTRUCTION, SECRET

PLANTED = Passage(
    passage_id="rehearsal",
    path="rehearsal.md",
    text=PLANTED_INSTRUCTION,
    excerpt=PLANTED_INSTRUCTION,
    score=1.0,
    similarity=1.0,
)


def drill_model(drill: Drill | None) -> Model | None:
    """The script that answers in the model's place; None when the model itself is to answer."""
    if drill is Drill.CALL_TOOLS:
        return ToolCaller()
    return Failing(SECRET) if drill is Drill.MODEL_ERROR else None
