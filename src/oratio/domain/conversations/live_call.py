"""A call in progress, as the other processes and the operators see it."""

from typing import Literal

from oratio.domain.conversations.conversation import Handoff
from oratio.domain.refs import Value

type CallState = Literal["agent", "handoff", "operator"]
"""Who has the call: the agent; the agent, with a human asked for; a human."""


class LiveHandoff(Handoff):
    """What was asked for, and when (ms since 1970)."""

    at: int


class LiveCall(Value):
    """One row of the calls in progress; it is good until `expires_at`, which its owner moves on.

    Attributes:
        holder: Whom the limit of calls counts for: a key id, or the tenant's own.
        attached: Whether the caller is on the line now.
        operator: Who has taken the call over.
        owner: The voice process that holds the call; an id of no meaning elsewhere.
        address: Where the other voice processes reach that process, such as `ws://127.0.0.1:41873`.
    """

    user_id: str
    conversation_id: str
    agent_id: str
    agent_name: str
    version: int
    holder: str
    started_at: int
    attached: bool = True
    state: CallState = "agent"
    handoff: LiveHandoff | None = None
    operator: str | None = None
    owner: str
    address: str
    expires_at: int
