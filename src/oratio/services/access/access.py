"""API keys: created once, shown once, checked on every call; and one-time tickets for browsers."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from oratio.domain import api_keys
from oratio.domain.agents.agent import AgentStatus
from oratio.domain.api_keys import ApiKey, Scope
from oratio.errors import Conflict, FieldProblem, InvalidInput, NotAllowed, NotAuthenticated, NotFound, StaleRecord
from oratio.ports.clock import Clock
from oratio.ports.repositories import AgentRepository, ApiKeyRepository, IdempotencyRepository
from oratio.services.access.tickets import Tickets
from oratio.services.agents.idempotency import digest

_LAST_USE_GRAIN_MS = 60_000
MAX_NAME_CHARS = 100
TICKET_MS = 60_000


class Admitted(NamedTuple):
    """Holder of a ticket: the tenant, and the key it was created with (None: the operator's own token)."""

    user_id: str
    key: ApiKey | None


class AccessService:
    """Keys of a tenant's agents.

    Args:
        pepper: The server's secret under which keys are stored; not in the record store.
    """

    def __init__(
        self,
        *,
        agents: AgentRepository,
        keys: ApiKeyRepository,
        idempotency: IdempotencyRepository,
        clock: Clock,
        pepper: Callable[[], bytes],
    ) -> None:
        self._agents = agents
        self._keys = keys
        self._claims = idempotency
        self._tickets = Tickets("ticket", pepper=pepper, clock=clock, used=idempotency)
        self._clock = clock
        self._pepper = pepper

    def create(
        self,
        user_id: str,
        agent_id: str,
        name: str,
        *,
        scopes: Sequence[Scope] = tuple(Scope),
        expires_at: int | None = None,
        origins: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> tuple[ApiKey, str]:
        """Return a new key and its record; only the same call under its idempotency key returns the key again.

        Raises:
            Conflict: The idempotency key was used with another body.
            InvalidInput: A bad name, no scope, a malformed origin, or an expiry in the past.
            NotFound: No such agent of this tenant.
        """
        self._agents.get(user_id, agent_id)
        now = self._clock.now_ms()
        problems = []
        if not name.strip() or len(name) > MAX_NAME_CHARS:
            problems.append(FieldProblem(("name",), f"must have 1 to {MAX_NAME_CHARS} characters"))
        elif any(ord(char) < 32 for char in name.strip()):
            problems.append(FieldProblem(("name",), "contains control characters; use one plain line"))
        if not scopes:
            problems.append(FieldProblem(("scopes",), "must contain 'invoke', 'voice' or both"))
        problems += [
            FieldProblem(("origins", str(at)), "must be like https://shop.example: no path, in lower case")
            for at, origin in enumerate(origins)
            if not api_keys.is_origin(origin)
        ]
        if expires_at is not None and expires_at <= now:
            problems.append(FieldProblem(("expiresAt",), "is in the past; give a later time in ms since 1970"))
        if problems:
            raise InvalidInput("the key was refused", problems)
        material = secrets.token_bytes(48)
        if idempotency_key:
            asked = digest(name, list(scopes), expires_at, list(origins))
            claim = f"{agent_id}/api-keys {idempotency_key}"
            nonce = self._claims.claim(user_id, claim, asked, secrets.token_hex(32))
            material = api_keys.derived(self._pepper(), nonce)
        key_id, key = api_keys.compose(material)
        record = ApiKey(
            key_id=key_id,
            user_id=user_id,
            agent_id=agent_id,
            name=name.strip(),
            hash=api_keys.digest(key, self._pepper()),
            prefix=api_keys.shown_prefix(key),
            scopes=tuple(dict.fromkeys(scopes)),
            origins=tuple(origins),
            expires_at=expires_at,
            created_at=now,
        )
        try:
            return self._keys.add(record), key
        except Conflict:
            # Only a key of a claim can exist already: this same call created it, earlier or just now.
            made = self._keys.find(key_id)
            assert made is not None
            return made, key

    def list(self, user_id: str, agent_id: str) -> list[ApiKey]:
        self._agents.get(user_id, agent_id)
        return self._keys.of_agent(user_id, agent_id)

    def revoke(self, user_id: str, agent_id: str, key_id: str) -> None:
        """Revoke a key for good; repeating it changes nothing.

        Raises:
            NotFound: No such key of this agent.
        """

        def revoked(record: ApiKey) -> ApiKey | None:
            if record.agent_id != agent_id:
                raise NotFound(f"no key {key_id}")
            if record.revoked_at is not None:
                return None
            return record.model_copy(update={"revoked_at": self._clock.now_ms()})

        self._keys.update(user_id, key_id, revoked)

    def authenticate(self, key: str, agent_id: str, scope: Scope, *, origin: str | None = None) -> ApiKey:
        """Return the record of a key that may do this now.

        Raises:
            NotAuthenticated: Not a key, unknown, revoked or expired.
            NotFound: A valid key, of another agent.
            NotAllowed: A valid key without this scope or origin.
        """
        refused = NotAuthenticated("invalid API key", hint="create one with `oratio keys create`")
        key_id = api_keys.key_id_of(key)
        if key_id is None:
            raise refused
        record = self._keys.find(key_id)
        given = api_keys.digest(key, self._pepper())
        if not secrets.compare_digest(given, record.hash if record else "0" * 64) or record is None:
            raise refused
        now = self._clock.now_ms()
        if not record.is_valid(now):
            raise refused
        if record.agent_id != agent_id:
            raise NotFound(f"no agent {agent_id}")
        if scope not in record.scopes:
            raise NotAllowed(f"the API key lacks the scope '{scope}'", hint="create a key that has it")
        if record.origins and origin not in record.origins:
            raise NotAllowed("the API key is not for this origin", hint="add the origin to a new key")
        self._touch(record, now)
        return record

    def is_valid(self, key_id: str) -> bool:
        """Return True if an admitted key may still be used."""
        record = self._keys.find(key_id)
        return record is not None and record.is_valid(self._clock.now_ms())

    def _touch(self, record: ApiKey, now_ms: int) -> None:
        if record.last_used_at is None or now_ms - record.last_used_at >= _LAST_USE_GRAIN_MS:
            # One attempt: where another use was first, it has written this minute already.
            with suppress(StaleRecord):
                self._keys.save(record.model_copy(update={"last_used_at": now_ms}))

    def ticket(
        self, user_id: str, agent_id: str, *, key: ApiKey | None = None, origin: str | None = None
    ) -> tuple[str, int]:
        """Return a ticket for one voice session of one agent, and its expiry (ms since 1970).

        Args:
            key: The key it is asked with; its revocation ends the ticket too.
            origin: The only page origin that may use it; None for any.

        Raises:
            NotFound: No such agent of this tenant.
            Conflict: The agent is not active.
            NotAllowed: The key is not for that origin.
        """
        agent = self._agents.get(user_id, agent_id)
        if agent.status is not AgentStatus.ACTIVE:
            raise Conflict(f"agent {agent_id} is {agent.status}", hint="wait until it is active")
        if key is not None and key.origins and origin not in key.origins:
            raise NotAllowed("the API key is not for this origin", hint="add the origin to a new key")
        claims = {"u": user_id, "a": agent_id, "k": key.key_id if key else None, "o": origin}
        return self._tickets.issue(claims, TICKET_MS)

    def redeem(self, ticket: str, agent_id: str, *, origin: str | None = None) -> Admitted:
        """Use up a ticket and return its holder.

        Raises:
            NotAuthenticated: Not a ticket, expired, used before, or its key was revoked or has expired.
            NotFound: A valid ticket, of another agent.
            NotAllowed: A valid ticket, of another origin.
        """
        claims = self._tickets.read(ticket)
        if claims["a"] != agent_id:
            raise NotFound(f"no agent {agent_id}")
        if claims["o"] is not None and claims["o"] != origin:
            raise NotAllowed("the ticket is not for this origin", hint="ask for one with this page's origin")
        key = self._keys.find(claims["k"]) if claims["k"] else None
        if claims["k"] and (key is None or not key.is_valid(self._clock.now_ms())):
            raise self._tickets.refused()
        self._tickets.use_up(claims["u"], claims)
        return Admitted(claims["u"], key)
