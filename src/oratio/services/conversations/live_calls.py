"""Calls in progress: which there are, and who of the tenant may join one."""

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
    """Args:
    used_tickets: Where used tickets are remembered.
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
        """Newest first."""
        return self._live_calls.of_user(user_id, agent_id=agent_id)

    def get(self, user_id: str, conversation_id: str) -> LiveCall:
        """Raises:
        NotFound: No such call of this tenant is in progress.
        """
        return self._live_calls.get(user_id, conversation_id)

    def ticket(self, user_id: str, conversation_id: str) -> tuple[str, int]:
        """A ticket to join one call as an operator, and when it ends (ms since 1970).

        Raises:
            NotFound: No such call of this tenant is in progress.
        """
        self._live_calls.get(user_id, conversation_id)
        return self._tickets.issue({"u": user_id, "c": conversation_id}, TICKET_MS)

    def redeem(self, ticket: str, conversation_id: str) -> Principal:
        """Use a ticket up.

        Raises:
            NotAuthenticated: Not a ticket, past its 60 s, or used before.
            NotFound: A good ticket, of another call.
        """
        claims = self._tickets.read(ticket)
        if claims["c"] != conversation_id:
            raise NotFound(f"no live call {conversation_id}")
        self._tickets.use_up(claims["u"], claims)
        return Principal(claims["u"], _ISSUER)
