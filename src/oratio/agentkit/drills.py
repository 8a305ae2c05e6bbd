"""Drills of a rehearsal: a script in the model's place, a search that times out or finds a planted passage.

On AgentCore the agent's process is all there is, so the drill comes with the turn and `DrilledConnections` stage it
there. The local host stages the same drill outside the agent's process, in its gateway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strands.models import Model

from oratio.agentkit.platform.connections import Connections, FoundPassage
from oratio.agentkit.scripts import Failing, ToolCaller
from oratio.agentkit.turn import TurnRecorder

KINDS = ("call_tools", "search_timeout", "model_error", "planted_instruction")


@dataclass(frozen=True, slots=True)
class StagedDrill:
    """What goes wrong, and the words of it: what the failing model says, or what the planted passage holds."""

    kind: str
    text: str

    def model(self) -> Model | None:
        """Return the script that answers in the model's place; None when the model itself is to answer."""
        if self.kind == "call_tools":
            return ToolCaller()
        return Failing(self.text) if self.kind == "model_error" else None

    def passages(self) -> list[FoundPassage] | None:
        """Return what a search finds; None when the real search is to answer.

        Raises:
            TimeoutError: The drill is a search that times out.
        """
        if self.kind == "search_timeout":
            raise TimeoutError
        return [_planted(self.text)] if self.kind == "planted_instruction" else None


class DrilledConnections(Connections):
    """Connections that are the real ones, but for what the drill replaces."""

    def __init__(self, real: Connections, drill: StagedDrill) -> None:
        self._real = real
        self._drill = drill

    def model(self, turn: TurnRecorder) -> Model:
        return self._drill.model() or self._real.model(turn)

    def search(self, query: str, *, timeout_s: float) -> Sequence[FoundPassage]:
        staged = self._drill.passages()
        return self._real.search(query, timeout_s=timeout_s) if staged is None else staged

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
