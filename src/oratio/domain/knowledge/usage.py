"""What became of an agent's documents in its conversations."""

from oratio.domain.refs import Value


class DocumentUse(Value):
    """In how many conversations an answer came from a document."""

    path: str
    conversations: int


class Unanswered(Value):
    """A question that no document answered."""

    conversation_id: str
    at: int
    prompt: str


class KnowledgeUse(Value):
    """Counted over `conversations` of them; `documents` are those of the live version, used or not."""

    conversations: int
    documents: tuple[DocumentUse, ...]
    unanswered: tuple[Unanswered, ...]
