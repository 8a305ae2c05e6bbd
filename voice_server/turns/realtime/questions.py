"""What a speech-to-speech model asks of the deployed agent, and when it may have an answer without asking again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oratio.domain.conversations.conversation import TurnResult

ASK_AGENT = "ask_agent"
_SAME_S = 60.0


@dataclass(slots=True)
class AgentQuestion:
    """Attributes:
    number: Names it towards the rest of the call.
    turn: The caller's turn it was asked in.
    calls: The tool calls that wait for its answer; none when the caller waits for it.
    """

    number: int
    turn: int
    text: str
    asked_ms: float
    calls: list[str] = field(default_factory=list)
    result: TurnResult | None = None
    done_ms: float = 0.0


class AgentQuestions:
    """The questions of one call: the same words in the same turn, or while the answer is awaited, are one question."""

    def __init__(self) -> None:
        self._open: dict[int, AgentQuestion] = {}
        self._answered: list[AgentQuestion] = []
        self._newest = 0

    @property
    def waiting(self) -> bool:
        return bool(self._open)

    def ask(self, text: str, call_id: str | None, turn: int, now_ms: float) -> tuple[AgentQuestion, bool]:
        """The question, and whether it has to be put to the agent."""
        key = _plain(text)
        for known in self._open.values():
            if _plain(known.text) == key:
                known.calls += [call_id] if call_id else []
                return known, False
        for known in self._answered:
            if _plain(known.text) == key and known.turn == turn and now_ms - known.done_ms < _SAME_S * 1000:
                return known, False
        self._newest += 1
        question = self._open[self._newest] = AgentQuestion(
            self._newest, turn, text, now_ms, [call_id] if call_id else []
        )
        return question, True

    def close(self, number: int, result: TurnResult | None, now_ms: float) -> AgentQuestion | None:
        """The answer came, or none will; None for a question that is closed already."""
        question = self._open.pop(number, None)
        if question is not None and result is not None:
            question.result, question.done_ms = result, now_ms
            self._answered = [*self._answered[-4:], question]
        return question


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def question_in(arguments: Mapping[str, Any]) -> str:
    """The question of a tool call, empty when there is none."""
    found = arguments.get("question")
    return found.strip() if isinstance(found, str) else ""


def told(result: TurnResult, *, late: bool, heard: str | None) -> dict[str, Any]:
    """The agent's answer as the model gets it.

    Args:
        late: The caller has gone on since the question.
        heard: What the caller heard of the reply they broke into, None when they did not.
    """
    answer: dict[str, Any] = {"answer": result.answer, "answered": result.answered}
    if result.handoff is not None:
        answer["handoff"] = result.handoff.reason
    if heard is not None:
        answer["callerHeard"] = heard
    if late:
        answer["note"] = "The caller has said something else since. Use this only if it still helps; do not repeat it."
    return answer
