"""What is behind each reply of a conversation: SOP lines, files, tools, and the version that spoke."""

from collections.abc import Iterator, Sequence

from oratio.authoring.blocks import split_lines
from oratio.domain.conversations.conversation import Citation, Handoff, SopStep, ToolCall, Turn
from oratio.domain.refs import Value


class SopLine(Value):
    """One line of the SOP as the operator wrote it; `number` is 1-based."""

    number: int
    text: str


class ExplainedStep(Value):
    """A plan step behind a reply, with its lines."""

    step_id: str
    title: str
    lines: tuple[SopLine, ...]


class ExplainedReply(Value):
    """One turn. Without steps and citations the reply is the model's own words: a greeting, a question back."""

    at: int
    prompt: str
    answer: str
    answered: bool
    interrupted: bool
    steps: tuple[ExplainedStep, ...]
    citations: tuple[Citation, ...]
    tool_calls: tuple[ToolCall, ...]
    handoff: Handoff | None
    model: str


class Explanation(Value):
    """A conversation's replies, and the digests of the code, prompt and plan they came from."""

    agent_id: str
    conversation_id: str
    version: int
    code_sha256: str | None
    prompt_sha256: str | None
    plan_sha256: str | None
    replies: tuple[ExplainedReply, ...]


def explained(sop: str, turns: Sequence[Turn]) -> tuple[ExplainedReply, ...]:
    """Each turn with the SOP lines of its steps.

    Args:
        sop: Of the version that spoke. A step whose lines it does not have keeps those that there are.
    """
    lines = split_lines(sop)
    return tuple(_reply(lines, turn) for turn in turns)


def _reply(lines: Sequence[str], turn: Turn) -> ExplainedReply:
    result = turn.result
    return ExplainedReply(
        at=turn.at,
        prompt=turn.prompt,
        answer=result.answer,
        answered=result.answered,
        interrupted=turn.interrupted,
        steps=tuple(
            ExplainedStep(step_id=step.step_id, title=step.title, lines=tuple(_lines(lines, step)))
            for step in result.sop_steps
        ),
        citations=result.citations,
        tool_calls=result.tool_calls,
        handoff=result.handoff,
        model=result.model,
    )


def _lines(lines: Sequence[str], step: SopStep) -> Iterator[SopLine]:
    for number in range(max(1, step.line_start), min(step.line_end, len(lines)) + 1):
        if lines[number - 1].strip():
            yield SopLine(number=number, text=lines[number - 1].rstrip())
