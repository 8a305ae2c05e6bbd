"""What an agent reaches outside itself: a seam with one form per platform."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from oratio.agentkit.turn import TurnRecorder

if TYPE_CHECKING:  # a second of start-up where no agent runs
    from strands.models import Model


class FoundPassage(TypedDict):
    """One retrieved piece of a document, as tools see it."""

    id: str
    path: str
    page: int | None
    heading: str | None
    text: str
    excerpt: str
    score: float
    similarity: float | None


class ConnectionFailed(Exception):
    """The other side refused or cannot answer.

    Attributes:
        code: A stable name for why: `rate_limited`, `bad_request`, `unavailable`, ...
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Connections(Protocol):
    """An agent's model, its knowledge base and its way to a human.

    Contract:
    1. Nothing here takes a tenant, an agent or a knowledge base: the other side knows who is asking.
    2. `search` and `hand_off` block, at most `timeout_s`; they raise `TimeoutError` or `ConnectionFailed`.
    3. The model may tell `turn` what its answer rests on (`TurnRecorder.note_provenance`).
    """

    @abstractmethod
    def model(self, turn: TurnRecorder) -> "Model": ...

    @abstractmethod
    def search(self, query: str, *, timeout_s: float) -> Sequence[FoundPassage]: ...

    @abstractmethod
    def hand_off(self, reason: str, summary: str, *, timeout_s: float) -> dict[str, Any]:
        """Ask for a human; may answer an `announcement` to say to the caller."""
        ...
