"""The SOPs the author is tried on, and briefs around them."""

from pathlib import Path

from oratio.domain.agents.brief import AgentBrief, AgentType

DATA = Path(__file__).parents[2] / "data"
EXAMPLES = Path(__file__).parents[3] / "examples"
SOPS: dict[str, Path] = {
    "telecom": EXAMPLES / "telecom" / "documents" / "main_policy.md",
    "retail": EXAMPLES / "retail" / "sop" / "policy.md",
    **{path.stem: path for path in sorted((DATA / "sops").glob("*.*")) if path.suffix in (".md", ".txt")},
}
GOLDEN = DATA / "sops" / "plans"


def text_of(name: str) -> str:
    """The SOP as stored, line ends included."""
    return SOPS[name].read_bytes().decode()


def brief(sop: str, *, handoff: str = "", agent_type: AgentType = AgentType.VOICE) -> AgentBrief:
    return AgentBrief(
        agent_name="Robin",
        agent_type=agent_type,
        sop=sop,
        knowledge_base_description="Search the manual whenever the caller has a technical question.",
        human_handoff_description=handoff or "Hand over when the caller asks for a human, is angry or reports fraud.",
        folder_file_descriptions={"manual.md": "How to mend problems", "prices": {"": "What things cost"}},
    )
