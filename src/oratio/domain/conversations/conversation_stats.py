"""What the turns of one conversation come to: kept with its head, to count many without their transcripts."""

from oratio.domain.refs import Value


class ModelUse(Value):
    """Tokens of one model."""

    model: str
    input_tokens: int
    output_tokens: int


class ConversationStats(Value):
    """Counts of one conversation.

    Attributes:
        waits_ms: How long the caller waited for each of the newest turns, at most 200; in a call, to the first sound.
        dead_air_ms: How long the agent owed speech and nothing played, in all.
        answered: Turns with an answer.
        sourced: Turns whose answer names a document.
        unanswered: Turns that no document answered and that were not handed over.
        interrupted: Turns that the caller broke into.
        tool_errors: Tools that failed.
        failed: Turns that came to nothing because the agent failed.
        paths: Documents that answers came from, at most 50.
        searches: Searches of the knowledge base.
        busy_ms: How long the agent was at work, in all.
        models: Which models answered; None in heads kept before this was counted.
    """

    waits_ms: tuple[int, ...] = ()
    dead_air_ms: int = 0
    answered: int = 0
    sourced: int = 0
    unanswered: int = 0
    interrupted: int = 0
    tool_errors: int = 0
    failed: int = 0
    paths: tuple[str, ...] = ()
    searches: int = 0
    busy_ms: int = 0
    models: tuple[ModelUse, ...] | None = None
