"""Who may call: credentials out of a handshake, checked before the upgrade."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from oratio.domain.agents.agent import AgentStatus
from oratio.domain.api_keys import PREFIX, ApiKey, Scope
from oratio.domain.conversations.live_call import LiveCall
from oratio.errors import Conflict, NotAuthenticated
from oratio.ports.identity import Identity, Principal
from oratio.ports.repositories import AgentRepository
from oratio.protocol.operator import SUBPROTOCOL as OPERATOR_SUBPROTOCOL
from oratio.protocol.voice import SUBPROTOCOL
from oratio.services.access.access import Admitted

_BEARER = "bearer."
_JWT_DOTS = 2
MAX_CREDENTIAL_CHARS = 4_096


class Access(Protocol):
    """The part of `AccessService` a handshake needs."""

    def authenticate(self, key: str, agent_id: str, scope: Scope, *, origin: str | None = None) -> ApiKey: ...

    def redeem(self, ticket: str, agent_id: str, *, origin: str | None = None) -> Admitted: ...


class Handshake(NamedTuple):
    """What a client shows: an API key or a ticket, and where its page comes from."""

    agent_id: str
    credential: str
    origin: str | None


class DialledAgent(NamedTuple):
    """What a call keeps of its agent's record, which may hold a procedure of a hundred thousand characters."""

    user_id: str
    agent_id: str
    agent_name: str
    current_version: int


class CallerGrant(NamedTuple):
    """Who was let in to which agent; `key_id` is None for a ticket of the operator's own."""

    agent: DialledAgent
    key_id: str | None

    @property
    def user_id(self) -> str:
        return self.agent.user_id

    @property
    def holder(self) -> str:
        """Whom the limit of calls counts for."""
        return self.key_id or f"user:{self.user_id}"


class OperatorGrant(NamedTuple):
    """An operator who was let in to one call."""

    call: LiveCall
    operator: str


class RelayGrant(NamedTuple):
    """What one process says to another of a socket it has let in; `operator` is None for the caller's own."""

    user_id: str
    agent_id: str
    conversation_id: str
    operator: str | None


class OperatorAccess(Protocol):
    """The part of `LiveCallService` an operator's handshake needs."""

    def get(self, user_id: str, conversation_id: str) -> LiveCall: ...

    def redeem(self, ticket: str, conversation_id: str) -> Principal: ...


def conversation_of(path: str) -> str | None:
    """The conversation id in `/v1/operator/{conversationId}`, None for another path."""
    parts = urlsplit(path).path.split("/")
    return parts[3] if len(parts) == 4 and parts[:3] == ["", "v1", "operator"] and parts[3] else None


def agent_of(path: str) -> str | None:
    """The agent id in `/v1/agents/{agentId}/voice`, None for another path."""
    parts = urlsplit(path).path.split("/")
    return parts[3] if len(parts) == 5 and parts[:3] == ["", "v1", "agents"] and parts[4] == "voice" else None


def credential_of(path: str, headers: Mapping[str, str], protocols: str) -> str | None:
    """The first credential present: bearer token, `X-API-Key`, subprotocol `bearer.<…>`, `?ticket=`."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if key := headers.get("X-API-Key", "").strip():
        return key
    for protocol in protocols.split(","):
        if protocol.strip().startswith(_BEARER):
            return protocol.strip().removeprefix(_BEARER)
    given = parse_qs(urlsplit(path).query).get("ticket")
    return given[0] if given else None


def subprotocol_of(protocols: str) -> str | None:
    """The subprotocol to answer with; a credential is never echoed."""
    offered = [protocol.strip() for protocol in protocols.split(",")]
    return next((known for known in (SUBPROTOCOL, OPERATOR_SUBPROTOCOL) if known in offered), None)


def admit_operator(conversation_id: str, credential: str, access: OperatorAccess, identity: Identity) -> OperatorGrant:
    """Check an operator's handshake: a token of the tenant, or a ticket for this call.

    Raises:
        NotAuthenticated: Neither holds.
        NotFound: No such call of this tenant is in progress.
    """
    if len(credential) > MAX_CREDENTIAL_CHARS:
        raise NotAuthenticated("the credential is not valid")
    if credential.count(".") == _JWT_DOTS:
        principal = identity.verify(credential)
    else:
        principal = access.redeem(credential, conversation_id)
    return OperatorGrant(access.get(principal.user_id, conversation_id), principal.user_id)


def admit(shown: Handshake, access: Access, agents: AgentRepository) -> CallerGrant:
    """Check a handshake against the records.

    Raises:
        NotAuthenticated, NotAllowed, NotFound: As `AccessService.authenticate` and `redeem`.
        Conflict: The agent is not active.
    """
    if len(shown.credential) > MAX_CREDENTIAL_CHARS:
        raise NotAuthenticated("the credential is not valid")
    key: ApiKey | None
    if shown.credential.startswith(PREFIX):
        key = access.authenticate(shown.credential, shown.agent_id, Scope.VOICE, origin=shown.origin)
        user_id = key.user_id
    else:
        user_id, key = access.redeem(shown.credential, shown.agent_id, origin=shown.origin)
    agent = agents.get(user_id, shown.agent_id)
    if agent.status is not AgentStatus.ACTIVE or agent.current_version is None:
        raise Conflict(f"agent {agent.agent_id} is {agent.status}", hint="wait until it is active")
    callee = DialledAgent(user_id, agent.agent_id, agent.agent_name, agent.current_version)
    return CallerGrant(callee, key.key_id if key else None)
