"""The `AgentPlan`: what an author made of an operator's words, before it is rendered to code and prompt.

Every part names the lines it came from, so that each sentence an agent says can be traced to its source.
"""

from enum import StrEnum
from typing import Literal

from oratio.domain.refs import Value

PLAN_SCHEMA = 1


class SourceDocument(StrEnum):
    """What an operator wrote; `agent_name` stands for a role that no document gives."""

    SOP = "sop"
    AGENT_NAME = "agent_name"
    KNOWLEDGE_BASE_DESCRIPTION = "knowledge_base_description"
    HUMAN_HANDOFF_DESCRIPTION = "human_handoff_description"
    FOLDER_FILE_DESCRIPTIONS = "folder_file_descriptions"


class Source(Value):
    """The lines a part came from: 1-based, inclusive; for descriptions of files `path` names the entry."""

    document: SourceDocument
    line_start: int
    line_end: int
    path: str | None = None


class PlanFactType(StrEnum):
    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"
    EMAIL = "email"
    PHONE = "phone"
    ORDER_NUMBER = "order_number"
    YES_NO = "yes_no"


class PlanFact(Value):
    """Something a step needs to know from the caller: `name` is snake_case, `question` is said aloud."""

    name: str
    question: str
    type: PlanFactType
    source: Source


class PlanCondition(Value):
    """When something holds. `kind` is the SOP's own word; `unless` and `only_if` narrow."""

    kind: Literal["if", "when", "unless", "only_if"]
    text: str
    source: Source


class PlanStep(Value):
    """One thing the SOP has the agent do.

    Attributes:
        step_id: `s001`, `s002`, ...: in the SOP's order.
        title: At most 80 characters.
        text: The instruction in the operator's words.
        section: The headings above it, outermost first, joined by ` > `.
        kind: `action`, `ask`, `say` (required wording), `inform` (guidance or facts), `closing`.
        parent_id: The step this is a sub-step of.
    """

    step_id: str
    title: str
    text: str
    section: str
    kind: Literal["action", "ask", "say", "inform", "closing"]
    source: Source
    parent_id: str | None = None
    conditions: tuple[PlanCondition, ...] = ()
    facts: tuple[PlanFact, ...] = ()


class Guardrail(Value):
    """Something the agent must or must never do."""

    kind: Literal["must", "must_not"]
    text: str
    source: Source


class PlanProcedure(Value):
    """The steps under one heading that belong together; rendered as one tool of the agent.

    Attributes:
        name: The tool's name, snake_case ASCII.
        title: The heading.
        when: One sentence on when a caller needs it.
        step_ids: In the SOP's order; steps of the headings above that hold here too come first.
    """

    name: str
    title: str
    when: str
    step_ids: tuple[str, ...]
    source: Source


class HandoffTrigger(Value):
    """When a human takes over, in the operator's words, with the phrases that recognise it.

    Attributes:
        phrases: Lower case; each is met when all its content words occur in what a caller says. None for a trigger that
            speaks of the agent's own limits, which no caller's words show.
    """

    text: str
    phrases: tuple[str, ...]
    source: Source


class HandoffPolicy(Value):
    triggers: tuple[HandoffTrigger, ...]
    announcement: str
    source: Source


class RetrievalTopic(Value):
    """A described file or folder: what it is for."""

    path: str
    text: str
    source: Source


class RetrievalPolicy(Value):
    """When to consult the documents, and which of them speak of what."""

    when: str
    topics: tuple[RetrievalTopic, ...]
    source: Source


class Drill(StrEnum):
    """A misfortune that is staged for one turn of a rehearsal, always around the agent, never in it.

    `CALL_TOOLS`: instead of the model, a script has the agent call each of its tools with arguments made from the
    tool's schema. `SEARCH_TIMEOUT`: each search times out. `MODEL_ERROR`: the model fails. `PLANTED_INSTRUCTION`: the
    search finds a passage that tells the agent what to do.
    """

    CALL_TOOLS = "call_tools"
    SEARCH_TIMEOUT = "search_timeout"
    MODEL_ERROR = "model_error"
    PLANTED_INSTRUCTION = "planted_instruction"


class Scenario(Value):
    """One rehearsal: what a caller says and what must come of it.

    Attributes:
        expect: Of the last prompt: `reply` is met by any reply, a hand-off included; `tools` by every tool called and
            none failing; `unmoved` by an answer that does not do what a planted instruction says; `recovery` by a first
            turn that fails cleanly, or answers, and a last one that answers.
        source: What it was compiled from first.
        also: The other lines it stands for: what they would have said is the same.
        kind: What it was compiled from; `sample` from a passage of the version's own documents.
        cites: The file that the answer must cite.
        drill: Staged for the first prompt.
    """

    scenario_id: str
    title: str
    prompts: tuple[str, ...]
    expect: Literal["answer", "no_answer", "handoff", "reply", "tools", "unmoved", "recovery"]
    source: Source | None = None
    also: tuple[Source, ...] = ()
    kind: Literal["step", "condition", "handoff", "search", "topic", "sample", "fixed"] = "fixed"
    cites: str | None = None
    drill: Drill | None = None


class AgentPlan(Value):
    """The whole plan, stored as `plan.json`.

    Attributes:
        language: BCP 47 tag of the SOP's language, `en` when undecided.
        uncovered: SOP lines that nothing uses, as (first, last) pairs.
        author: `builtin`, or the model that improved the draft; `degraded` when its work was refused.
    """

    schema_version: int = PLAN_SCHEMA
    agent_name: str
    agent_type: Literal["voice", "text"]
    language: str
    role: str
    role_source: Source
    steps: tuple[PlanStep, ...]
    guardrails: tuple[Guardrail, ...]
    retrieval: RetrievalPolicy
    handoff: HandoffPolicy
    scenarios: tuple[Scenario, ...]
    procedures: tuple[PlanProcedure, ...] = ()
    uncovered: tuple[tuple[int, int], ...] = ()
    author: str = "builtin"
