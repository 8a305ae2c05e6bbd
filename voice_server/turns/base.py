"""What the human side of a call may do with the agent's side, whichever model holds the conversation there."""

from abc import abstractmethod
from typing import Protocol

from oratio.domain.conversations.conversation import Role


class TurnController(Protocol):
    # Whether the caller hears audio, and its rate.
    voice: bool
    rate: int

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Whether the agent owes or gives an answer."""
        ...

    @abstractmethod
    def request(self, text: str, now_ms: float) -> None:
        """Put words to the agent for the caller."""
        ...

    @abstractmethod
    def announce(self, text: str, now_ms: float, *, role: Role = "assistant") -> None:
        """Say a line of our own, or of an operator, in the agent's voice, when the agent is done."""
        ...

    @abstractmethod
    def guide(self, text: str) -> None:
        """What the agent is to know and the caller is not to hear."""
        ...

    @abstractmethod
    def yield_floor(self, now_ms: float) -> list[str]:
        """A human has the call: the agent falls silent; the prompts it has not started to answer come back."""
        ...

    @abstractmethod
    def regain_floor(self, said: list[str]) -> None:
        """The agent has the call again; `said` is what the human said in the meantime."""
        ...
