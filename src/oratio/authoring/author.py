"""The builtin author: brief and documents in, plan, code and prompt out."""

from collections.abc import Sequence
from typing import NamedTuple

from oratio.authoring.code import render_code
from oratio.authoring.plan import draft_plan
from oratio.authoring.prompt import render_prompt
from oratio.domain.agents.brief import AgentBrief
from oratio.domain.conversations.conversation_stats import ModelUse
from oratio.domain.knowledge.knowledge_base import Document
from oratio.domain.plan.agent_plan import AgentPlan


class Authored(NamedTuple):
    """What an author made: the plan, `agent_file.py` and `prompt.md`; `models` is what that took of any model."""

    plan: AgentPlan
    code: str
    prompt: str
    models: tuple[ModelUse, ...] = ()


def author(brief: AgentBrief, documents: Sequence[Document] = ()) -> Authored:
    """Write an agent by rule; the same words always make the same bytes."""
    return render(draft_plan(brief, documents))


def render(plan: AgentPlan) -> Authored:
    """The code and prompt of a plan, of any author."""
    return Authored(plan, render_code(plan), render_prompt(plan))
