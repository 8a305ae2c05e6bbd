"""The events of an agent's turn; the schema is agentkit's, which is to stand alone in an agent's own folder."""

from oratio.agentkit.turn import TURN_EVENTS, AgentTurnEvent, TurnDelta, TurnDone, TurnError, TurnResult

__all__ = ["TURN_EVENTS", "AgentTurnEvent", "TurnDelta", "TurnDone", "TurnError", "TurnResult"]
