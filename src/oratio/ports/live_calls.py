"""The calls in progress, of all voice processes."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from oratio.domain.conversations.live_call import LiveCall


class LiveCallRepository(Protocol):
    """Rows that vanish when no one keeps them alive.

    Contract:
    1. `put` stores or replaces each call by (tenant, conversation); a reader sees a row old or new, never a mix.
    2. A row whose `expires_at` has passed is not there, for any method.
    3. `get` raises `NotFound`; `remove` of nothing is not an error.
    4. No method of one tenant ever sees another tenant's row.
    """

    @abstractmethod
    def put(self, calls: Sequence[LiveCall]) -> None: ...

    @abstractmethod
    def get(self, user_id: str, conversation_id: str) -> LiveCall: ...

    @abstractmethod
    def of_user(self, user_id: str, *, agent_id: str | None = None) -> list[LiveCall]:
        """Newest first."""
        ...

    @abstractmethod
    def held(self, user_id: str, holder: str, *, besides: str) -> int:
        """How many calls of a holder, with the caller on the line, there are at other owners than `besides`."""
        ...

    @abstractmethod
    def remove(self, user_id: str, conversation_id: str) -> None: ...
