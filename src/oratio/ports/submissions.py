"""What is being submitted: written down before a byte is stored, so that a crash leaves nothing no one knows of."""

from abc import abstractmethod
from typing import NamedTuple, Protocol


class Submission(NamedTuple):
    """A submit that began (ms since 1970) and has no agent's record yet."""

    user_id: str
    agent_id: str
    started_at: int


class SubmissionRepository(Protocol):
    """Submits under way, and those that died.

    Contract:
    1. `begin` is durable when it returns; of the same agent again, it counts from again.
    2. `end` of nothing is not an error.
    """

    @abstractmethod
    def begin(self, submission: Submission) -> None: ...

    @abstractmethod
    def end(self, user_id: str, agent_id: str) -> None: ...

    @abstractmethod
    def started_before(self, at_ms: int) -> list[Submission]:
        """All tenants' submissions that began before, oldest first, at most 100."""
        ...
