"""What an operator tells Oratio about an agent: the form, as one value."""

from enum import StrEnum

from oratio.domain.knowledge.descriptions import Descriptions
from oratio.domain.refs import Value


class AgentType(StrEnum):
    VOICE = "voice"
    TEXT = "text"


class AgentBrief(Value):
    """The operator's own words, exactly as given.

    Attributes:
        agent_name: Shown to operators and said by the agent; 1 to 100 characters.
        sop: The standard operating procedure; markdown or plain text.
        knowledge_base_description: When the agent is to consult the documents.
        human_handoff_description: When the agent is to hand over to a human.
        folder_file_descriptions: Nested as uploaded; see `domain.descriptions`.
    """

    agent_name: str
    agent_type: AgentType
    sop: str
    knowledge_base_description: str
    human_handoff_description: str
    folder_file_descriptions: Descriptions = {}
