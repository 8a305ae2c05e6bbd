"""The deterministic draft of an `AgentPlan`."""

from collections.abc import Sequence

from oratio.authoring.handoff import compile_handoff
from oratio.authoring.scenarios import compile_scenarios
from oratio.authoring.sop import parse_sop
from oratio.authoring.steps import Steps, compile_procedures, compile_steps, uncovered_lines
from oratio.authoring.text import one_line
from oratio.domain.agents.brief import AgentBrief
from oratio.domain.knowledge.descriptions import flatten
from oratio.domain.knowledge.knowledge_base import Document
from oratio.domain.plan.agent_plan import AgentPlan, RetrievalPolicy, RetrievalTopic, Source, SourceDocument

DEFAULT_WHEN = "Whenever the caller asks for a fact that may stand in the documents."


def draft_plan(brief: AgentBrief, documents: Sequence[Document] = ()) -> AgentPlan:
    """The plan as the operator's words give it; the same words always give the same plan.

    Args:
        documents: The version's files: those that no one described are known to the plan by their paths.
    """
    sop = parse_sop(brief.sop)
    language = sop.language
    compiled = compile_steps(sop)
    procedures = compile_procedures(compiled.steps, sop)
    handoff, used = compile_handoff(brief, sop, language)
    retrieval = _retrieval(brief, documents)
    role, role_source = _role(brief, compiled)
    sources = [step.source for step in compiled.steps] + [rail.source for rail in compiled.guardrails]
    return AgentPlan(
        agent_name=brief.agent_name,
        agent_type=brief.agent_type.value,
        language=language,
        role=role,
        role_source=role_source,
        steps=tuple(compiled.steps),
        guardrails=tuple(compiled.guardrails),
        retrieval=retrieval,
        handoff=handoff,
        procedures=tuple(procedures),
        scenarios=compile_scenarios(compiled.steps, procedures, handoff, retrieval, language),
        uncovered=uncovered_lines(sop, [*sources, role_source], compiled.used | used),
    )


def _role(brief: AgentBrief, compiled: Steps) -> tuple[str, Source]:
    channel = "on the phone" if brief.agent_type.value == "voice" else "in writing"
    lead = f"You are {one_line(brief.agent_name)}, an assistant who speaks with callers {channel}."
    if channel == "in writing":
        lead = f"You are {one_line(brief.agent_name)}, an assistant who answers callers {channel}."
    if compiled.role_source is None:
        return lead, Source(document=SourceDocument.AGENT_NAME, line_start=1, line_end=1)
    return f"{lead} {compiled.role}", compiled.role_source


def _retrieval(brief: AgentBrief, documents: Sequence[Document]) -> RetrievalPolicy:
    description = brief.knowledge_base_description
    described = flatten(brief.folder_file_descriptions)
    topics = [
        RetrievalTopic(
            path=path,
            text=one_line(text),
            source=Source(
                document=SourceDocument.FOLDER_FILE_DESCRIPTIONS,
                line_start=1,
                line_end=text.count("\n") + 1,
                path=path,
            ),
        )
        for path, text in described.items()
        if text.strip()
    ]
    return RetrievalPolicy(
        when=description.strip() or DEFAULT_WHEN,
        topics=tuple(topics),
        source=Source(
            document=SourceDocument.KNOWLEDGE_BASE_DESCRIPTION,
            line_start=1,
            line_end=description.count("\n") + 1,
        ),
    )
