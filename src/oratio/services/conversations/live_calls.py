"""Calls in progress: their list, and tickets for operators who join one."""

from collections.abc import Callable

from oratio.domain.conversations.live_call import LiveCall
from oratio.errors import NotFound
from oratio.ports.clock import Clock
from oratio.ports.identity import Principal
from oratio.ports.live_calls import LiveCallRepository
from oratio.ports.repositories import IdempotencyRepository
from oratio.services.access.tickets import Tickets

TICKET_MS = 60_000
_ISSUER = "ticket"


class LiveCallService:
    """Service of a tenant's calls in progress.

    Args:
        used_tickets: Stores used tickets.
        pepper: The server's secret; not in the record store.
    """

    def __init__(
        self,
        *,
        live_calls: LiveCallRepository,
        used_tickets: IdempotencyRepository,
        clock: Clock,
        pepper: Callable[[], bytes],
    ) -> None:
        self._live_calls = live_calls
        self._tickets = Tickets("operator", pepper=pepper, clock=clock, used=used_tickets)

    def list(self, user_id: str, *, agent_id: str | None = None) -> list[LiveCall]:
        """Return the calls, newest first."""
        return self._live_calls.of_user(user_id, agent_id=agent_id)

    def get(self, user_id: str, conversation_id: str) -> LiveCall:
        """Return a call in progress.

        Raises:
            NotFound: No such call of this tenant is in progress.
        """
        return self._live_calls.get(user_id, conversation_id)

    def ticket(self, user_id: str, conversation_id: str) -> tuple[str, int]:
        """Return a ticket to join one call as an operator, and its expiry (ms since 1970).

        Raises:
            NotFound: No such call of this tenant is in progress.
        """
        self._live_calls.get(user_id, conversation_id)
        return self._tickets.issue({"u": user_id, "c": conversation_id}, TICKET_MS)

    def redeem(self, ticket: str, conversation_id: str) -> Principal:
        """Use up a ticket and return its operator.

        Raises:
            NotAuthenticated: Not a ticket, expired, or used before.
            NotFound: A valid ticket, of another call.
        """
        claims = self._tickets.read(ticket)
        if claims["c"] != conversation_id:
            raise NotFound(f"no live call {conversation_id}")
        self._tickets.use_up(claims["u"], claims)
        return Principal(claims["u"], _ISSUER)
