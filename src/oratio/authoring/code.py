"""Renders a plan to `agent_file.py`: typed, formatted, each tool naming the SOP lines it came from.

No word of an operator is ever code: words stand in comments and string literals that are cleaned first, names are
made of ASCII letters and digits, and everything else is fixed here.
"""

import re
import subprocess
import textwrap
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from pydantic import BaseModel

from oratio.authoring.ruff_binary import ruff_binary
from oratio.authoring.steps import RESERVED_NAMES
from oratio.authoring.text import identifier, one_line, shorten
from oratio.domain.plan.agent_plan import AgentPlan, PlanFact, PlanFactType, PlanProcedure, PlanStep, Source

WIDTH = 110
MAX_PROCEDURES = 24
MAX_PROCEDURE_STEPS = 60
MAX_FACTS = 12
MAX_COMMENTED_STEPS = 150
FORMAT_TIMEOUT_S = 10

_MODEL_MEMBERS = frozenset(dir(BaseModel))  # Strands makes a pydantic model of a tool's arguments
_ASIDE = re.compile(r"\([^()]*\)|[\"“'][^\"”']*[\"”']")
_ALTERNATIVES = re.compile(r"\b(?:or|either|using|one of|any of|oder)\b", re.IGNORECASE)
_ANNOTATIONS = {PlanFactType.AMOUNT: "float", PlanFactType.YES_NO: "bool"}
_HEADS = {
    PlanFactType.DATE: "a date as YYYY-MM-DD",
    PlanFactType.AMOUNT: "a number",
    PlanFactType.EMAIL: "an e-mail address",
    PlanFactType.PHONE: "a phone number",
    PlanFactType.ORDER_NUMBER: "a number or code",
    PlanFactType.YES_NO: "yes or no",
    PlanFactType.TEXT: "text",
}


class _Stage(NamedTuple):
    """The steps up to and with a question, and the parameters any of which answers it."""

    steps: list[PlanStep]
    parameters: list["_Parameter"]


class _Parameter(NamedTuple):
    name: str
    fact: PlanFact

    @property
    def annotation(self) -> str:
        return f"{_ANNOTATIONS.get(self.fact.type, 'str')} | None"

    @property
    def missing(self) -> str:
        confirms = self.fact.type is PlanFactType.YES_NO and "confirm" in self.name
        return f"not {self.name}" if confirms else f"{self.name} is None"


def render_code(plan: AgentPlan) -> str:
    """The text of `agent_file.py`, formatted by ruff."""
    return formatted("\n".join(_lines(plan)) + "\n")


def formatted(code: str) -> str:
    """The code as `ruff format` writes it; unchanged when ruff cannot format it."""
    command = [ruff_binary(), "format", "--isolated", "--line-length", "120", "--stdin-filename", "agent_file.py", "-"]
    try:
        done = subprocess.run(command, input=code.encode(), capture_output=True, timeout=FORMAT_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return code
    return done.stdout.decode() if done.returncode == 0 else code


def _lines(plan: AgentPlan) -> Iterator[str]:
    steps = {step.step_id: step for step in plan.steps}
    procedures = [procedure for procedure in plan.procedures if procedure.step_ids][:MAX_PROCEDURES]
    commented = sum(len(procedure.step_ids) for procedure in procedures) <= MAX_COMMENTED_STEPS
    tools = {procedure.name for procedure in procedures}
    yield f'"""{_words(plan.agent_name)}: an agent written from its operator\'s procedure.'
    yield ""
    yield from _wrapped(
        "Each tool below stands for one part of the SOP and names the lines it came from. A tool acts on nothing by"
        " itself: it answers what the SOP says to do next, so that the agent follows the operator's words. The model,"
        " the documents and the way to a human come from `ctx`."
    )
    yield '"""'
    yield "from typing import Any"
    yield ""
    yield "from oratio.agentkit import AgentContext"
    yield "from strands import Agent, tool"
    yield ""
    yield "type ToolAnswer = dict[str, Any]"
    yield ""
    yield ""
    yield "def build_agent(ctx: AgentContext) -> Agent:"
    yield f'    """Build the agent for one conversation; its role ({_of(plan.role_source)}) is in `ctx.prompt`."""'
    yield ""
    yield from _search_tool(plan)
    yield from _handoff_tool(plan)
    for procedure in procedures:
        yield from _procedure_tool(procedure, steps, tools, commented=commented)
    yield "    return Agent("
    yield "        model=ctx.model,"
    yield "        system_prompt=ctx.prompt,"
    yield "        tools=["
    for name in ("search_knowledge_base", "hand_off_to_human", *(procedure.name for procedure in procedures)):
        yield f"            {name},"
    yield "        ],"
    yield "        callback_handler=None,"
    yield "    )"


def _search_tool(plan: AgentPlan) -> Iterator[str]:
    yield "    @tool"
    yield "    def search_knowledge_base(query: str) -> ToolAnswer:"
    yield '        """Search the operator\'s documents.'
    yield ""
    yield from _wrapped(f"When: {shorten(_words(plan.retrieval.when), 600)} ({_of(plan.retrieval.source)})", 8)
    yield ""
    yield "        Args:"
    yield "            query: What to look for, in the caller's words with the subject named."
    yield '        """'
    for topic in plan.retrieval.topics[:12]:
        yield _comment(8, f"{topic.path}: {topic.text}")
    if len(plan.retrieval.topics) > 12:
        yield _comment(8, f"and {len(plan.retrieval.topics) - 12} more, described in the prompt")
    yield "        return ctx.search(query)"
    yield ""


def _handoff_tool(plan: AgentPlan) -> Iterator[str]:
    yield "    @tool"
    yield "    def hand_off_to_human(reason: str, summary: str) -> ToolAnswer:"
    yield '        """Have a human take over the conversation.'
    yield ""
    yield "        Args:"
    yield "            reason: Why a human is needed, one sentence."
    yield "            summary: What the human needs to know: who is calling, what they want, what was tried."
    yield '        """'
    for trigger in plan.handoff.triggers[:12]:
        yield _comment(8, f"{_of(trigger.source)}: {trigger.text}")
    if len(plan.handoff.triggers) > 12:
        yield _comment(8, f"and {len(plan.handoff.triggers) - 12} more, listed in the prompt")
    yield "        return ctx.hand_off(reason, summary)"
    yield ""


def _procedure_tool(
    procedure: PlanProcedure, steps: dict[str, PlanStep], tools: Set[str], *, commented: bool
) -> Iterator[str]:
    listed = [steps[step_id] for step_id in procedure.step_ids[:MAX_PROCEDURE_STEPS]]
    stages = _stages(listed, steps, tools)
    parameters = [parameter for stage in stages for parameter in stage.parameters]
    yield "    @tool"
    signature = ", ".join(f"{parameter.name}: {parameter.annotation} = None" for parameter in parameters)
    yield f"    def {procedure.name}({signature}) -> ToolAnswer:"
    yield f'        """{shorten(_words(procedure.title), 70)} ({_of(procedure.source)}).'
    yield ""
    yield from _wrapped(shorten(_words(procedure.when), 200), 8)
    if parameters:
        yield ""
        yield "        Args:"
        for parameter in parameters:
            text = f"{_words(parameter.fact.question)} ({_HEADS[parameter.fact.type]}; {_of(parameter.fact.source)})"
            yield from _wrapped(f"{parameter.name}: {text}", 12, hanging=4)
    yield '        """'
    asked = [stage for stage in stages if stage.steps != listed]
    for stage in asked:
        yield f"        if {' and '.join(parameter.missing for parameter in stage.parameters)}:"
        yield from _call(stage.steps, 12, commented=commented)
    shown = {step.step_id for stage in asked for step in stage.steps}
    yield from _call(listed, 8, commented=commented, shown=shown)
    yield ""


def _stages(listed: Sequence[PlanStep], steps: dict[str, PlanStep], tools: Set[str]) -> list[_Stage]:
    """The steps cut after each question; questions that are alternatives of one another make one stage."""
    stages: list[_Stage] = []
    taken = RESERVED_NAMES | _MODEL_MEMBERS | tools
    names: set[str] = set()
    pending: list[PlanStep] = []
    total, group = 0, ""
    for step in listed:
        fresh = []
        for fact in step.facts:
            name = identifier(fact.name, fallback="answer")
            name = f"{name}_given" if name in taken else name
            if total < MAX_FACTS and name not in names:
                names.add(name)
                total += 1
                fresh.append(_Parameter(name, fact))
        parent = steps.get(step.parent_id) if step.parent_id else None
        alternatives = parent.step_id if parent and fresh and _ALTERNATIVES.search(parent.text) else ""
        if alternatives and alternatives == group:
            stages[-1].steps.append(step)
            stages[-1].parameters.extend(fresh)
            continue
        pending.append(step)
        if fresh:
            one_suffices = len(fresh) > 1 and _ALTERNATIVES.search(_ASIDE.sub("", step.text))
            stages.append(_Stage(pending, fresh if alternatives or one_suffices else fresh[:1]))
            stages.extend(
                _Stage([step], [parameter]) for parameter in ([] if alternatives or one_suffices else fresh[1:])
            )
            pending = []
        group = alternatives
    return stages


def _call(steps: Sequence[PlanStep], indent: int, *, commented: bool, shown: Set[str] = frozenset()) -> Iterator[str]:
    """A call of `ctx.step`; steps in `shown` have had their comment before."""
    pad = " " * indent
    if not commented or all(step.step_id in shown for step in steps):
        yield f"{pad}return ctx.step({', '.join(_literal(step.step_id) for step in steps)})"
        return
    yield f"{pad}return ctx.step("
    if shown:
        yield f"{pad}    # Everything asked for is known: the whole of this part."
    for step in steps:
        if step.step_id not in shown:
            yield _comment(indent + 4, f"{_of(step.source)}: {step.text}")
        yield f"{pad}    {_literal(step.step_id)},"
    yield f"{pad})"


def _literal(text: str) -> str:
    return '"' + re.sub(r"[^\w.-]", "", text, flags=re.ASCII) + '"'


def _of(source: Source) -> str:
    """`SOP lines 12-15`, or the description a part came from."""
    lines = f"line {source.line_start}"
    if source.line_end > source.line_start:
        lines = f"lines {source.line_start}-{source.line_end}"
    return f"SOP {lines}" if source.document.value == "sop" else f"{source.document.value.replace('_', ' ')}, {lines}"


def _words(text: str) -> str:
    """Safe inside a triple-quoted literal: one line, no quotes, no backslashes, no braces."""
    cleaned = one_line(text).replace("\\", "/").replace('"', "'").replace("{", "(").replace("}", ")")
    return cleaned or "unnamed"


def _comment(indent: int, text: str) -> str:
    return f"{' ' * indent}# {shorten(one_line(text), WIDTH - indent - 2)}"


def _wrapped(text: str, indent: int = 0, *, hanging: int = 0) -> Iterator[str]:
    pad = " " * indent
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=pad, subsequent_indent=pad + " " * hanging, break_on_hyphens=False
    )
