"""Telling the outside what happened: the tenants' addresses, the outbox, and who sends."""

from abc import abstractmethod
from typing import NamedTuple, Protocol

from oratio.domain.webhook import Delivery, Webhook


class WebhookRepository(Protocol):
    """Webhooks of a tenant; `get` raises `NotFound`; `delete` also drops what waits, and of nothing is no error."""

    @abstractmethod
    def add(self, webhook: Webhook, *, most: int) -> Webhook:
        """Store one; `Conflict` when it is there already, or the tenant has `most` of them."""
        ...

    @abstractmethod
    def get(self, user_id: str, webhook_id: str) -> Webhook: ...

    @abstractmethod
    def of_user(self, user_id: str) -> list[Webhook]:
        """Oldest first."""
        ...

    @abstractmethod
    def delete(self, user_id: str, webhook_id: str) -> None: ...


class Outbox(Protocol):
    """Deliveries that wait.

    Contract:
    1. The repositories of agents and conversations put a delivery for each webhook of the tenant that wants the event
       into the outbox in the transaction that makes the event true.
    2. Deliveries of one agent to one webhook are claimed one at a time, in the order of their events: a later one only
       when the ones before it were `settle`d.
    3. What was claimed and never settled (its process died) can be claimed again after the lease.
    """

    @abstractmethod
    def claim(self, *, limit: int, lease_ms: int) -> list[Delivery]:
        """Deliveries that are due now; each one's `attempts` counts this claim."""
        ...

    @abstractmethod
    def settle(self, delivery: Delivery) -> None:
        """Forget a delivery: it arrived, or is given up."""
        ...

    @abstractmethod
    def postpone(self, delivery: Delivery, until_ms: int) -> None: ...


class Sent(NamedTuple):
    """What came of one try; `detail` names no secret and nothing of an answer's body."""

    ok: bool
    detail: str


class WebhookSender(Protocol):
    """Posts to addresses that tenants name.

    Contract:
    1. The host is resolved once and the connection goes to what was found then; any address of a private network among
       it refuses the whole, unless the settings allow them.
    2. Redirects are not followed, no proxy is asked, the answer's body is not kept; a try ends within 10 s.
    3. Failures are an answer, never raised.
    """

    @abstractmethod
    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Sent: ...
