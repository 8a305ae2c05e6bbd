"""Connections with a drill staged round them: how a rehearsal frightens an agent that runs on AgentCore.

There the agent's process is all there is, so the drill comes with the turn; the local host stages its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strands.models import Model

from oratio.agentkit.connections import Connections, FoundPassage
from oratio.agentkit.scripts import Failing, ToolCaller
from oratio.agentkit.turn import TurnRecorder

KINDS = ("call_tools", "search_timeout", "model_error", "planted_instruction")


@dataclass(frozen=True, slots=True)
class StagedDrill:
    """What goes wrong, and the words of it: what the failing model says, or what the planted passage holds."""

    kind: str
    text: str


class DrilledConnections(Connections):
    """The real ones, but for what the drill replaces."""

    def __init__(self, real: Connections, drill: StagedDrill) -> None:
        self._real = real
        self._drill = drill

    def model(self, turn: TurnRecorder) -> Model:
        if self._drill.kind == "call_tools":
            return ToolCaller()
        return Failing(self._drill.text) if self._drill.kind == "model_error" else self._real.model(turn)

    def search(self, query: str, *, timeout_s: float) -> Sequence[FoundPassage]:
        if self._drill.kind == "search_timeout":
            raise TimeoutError
        if self._drill.kind == "planted_instruction":
            return [_planted(self._drill.text)]
        return self._real.search(query, timeout_s=timeout_s)

    def hand_off(self, reason: str, summary: str, *, timeout_s: float) -> dict[str, Any]:
        return self._real.hand_off(reason, summary, timeout_s=timeout_s)


def _planted(text: str) -> FoundPassage:
    return FoundPassage(
        id="rehearsal",
        path="rehearsal.md",
        page=None,
        heading=None,
        text=text,
        excerpt=text,
        score=1.0,
        similarity=1.0,
    )
