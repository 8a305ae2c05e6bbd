"""The one tool of a speech-to-speech model: its calls become questions to the agent, the answers go back to it."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from oratio.domain.conversations.conversation import TurnResult
from oratio.protocol.voice_events import ToolDone, ToolStart
from voice_server.session.effects import Effect, QueryAgent, Send, ToolResult
from voice_server.turns.realtime.questions import ASK_AGENT, AgentQuestion, AgentQuestions, question_in, told

_NO_SUCH_TOOL = {"error": f"there is no such tool; use {ASK_AGENT}"}
_NO_QUESTION = {"error": "`question` is missing: put the caller's question into words"}
_FAILED = {"error": "the agent could not answer; say that you are sorry and offer to try again"}


class AgentTool:
    """Args:
    deadline_ms: How long the model waits for the agent.
    answered: Called at each answer to the model, before it gets it.
    """

    def __init__(self, *, deadline_ms: int, out: Callable[[Effect], None], answered: Callable[[float], None]) -> None:
        self._deadline_ms = deadline_ms
        self._out = out
        self._answered = answered
        self._questions = AgentQuestions()

    @property
    def waiting(self) -> bool:
        """Whether the agent is being asked."""
        return self._questions.waiting

    def put(self, text: str, turn: int, now_ms: float) -> None:
        """A question that the caller, not the model, waits for."""
        self._ask(text, None, turn, now_ms)

    def called(self, call_id: str, name: str, arguments: Mapping[str, Any], turn: int, now_ms: float) -> bool:
        """Whether the model has to wait for the agent; else it has its answer already."""
        text = question_in(arguments)
        self._out(Send(ToolStart(call_id=call_id, name=name)))
        if name != ASK_AGENT or not text:
            wrong = _NO_SUCH_TOOL if name != ASK_AGENT else _NO_QUESTION
            self._answer(call_id, wrong, now_ms, now_ms, failed=True)
            return False
        known = self._ask(text, call_id, turn, now_ms)
        if known.result is not None:
            self._answer(call_id, told(known.result, late=False, heard=None), now_ms, now_ms)
        return known.result is None

    def _ask(self, text: str, call_id: str | None, turn: int, now_ms: float) -> AgentQuestion:
        question, new = self._questions.ask(text, call_id, turn, now_ms)
        if new:
            self._out(QueryAgent(question.number, text, self._deadline_ms))
        return question

    def close(self, number: int, result: TurnResult | None, now_ms: float) -> AgentQuestion | None:
        """The agent has answered, or will not; None for a question that is closed already."""
        return self._questions.close(number, result, now_ms)

    def answer(
        self, question: AgentQuestion, result: TurnResult, now_ms: float, *, late: bool, heard: str | None
    ) -> None:
        """Give the agent's answer to every call that waits for it; see `questions`."""
        for call_id in question.calls:
            self._answer(call_id, told(result, late=late, heard=heard), question.asked_ms, now_ms)

    def fail(self, question: AgentQuestion, now_ms: float) -> None:
        for call_id in question.calls:
            self._answer(call_id, _FAILED, question.asked_ms, now_ms, failed=True)

    def _answer(
        self, call_id: str, result: Mapping[str, Any], asked_ms: float, now_ms: float, *, failed: bool = False
    ) -> None:
        self._answered(now_ms)
        self._out(ToolResult(call_id, result, failed))
        status: Literal["success", "error"] = "error" if failed else "success"
        self._out(Send(ToolDone(call_id=call_id, name=ASK_AGENT, status=status, ms=round(now_ms - asked_ms))))
