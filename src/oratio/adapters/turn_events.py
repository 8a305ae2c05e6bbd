"""The events of one turn as an agent's application sends them, and what else may stand in their place."""

from typing import Any

from pydantic import ValidationError

from oratio.domain.conversations.conversation import TurnEvent
from oratio.errors import AgentFailed, RateLimited
from oratio.ports.agent_runtime import Invocation
from oratio.protocol.turn import TURN_EVENTS, TurnDelta, TurnDone, TurnError

SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"


def turn_payload(invocation: Invocation) -> dict[str, Any]:
    """What an agent's application is asked, but for drills."""
    return {
        "prompt": invocation.prompt,
        "history": [message.model_dump() for message in invocation.history],
        "deadlineMs": invocation.deadline_ms,
        **({"warmUp": True} if invocation.warm_up else {}),
        **({"replay": True} if invocation.replay else {}),
        **({"guidance": list(invocation.guidance)} if invocation.guidance else {}),
    }


def turn_event(data: str) -> TurnEvent:
    """One event of an answer.

    Raises:
        AgentFailed: It is an `error` event, AgentCore's own word for a failure, or no event at all.
        RateLimited: The agent is asked too much.
    """
    try:
        event = TURN_EVENTS.validate_json(data)
    except (ValidationError, UnicodeError):
        raise AgentFailed("the agent's answer cannot be read") from None
    match event:
        case TurnDelta():
            return event
        case TurnDone(result=result):
            return result
        case TurnError(code=code, message=message):
            raise RateLimited(message) if code == "rate_limited" else AgentFailed(message)
