"""All calls of this process: how many there may be, which key they hang on, who takes one up again."""

import asyncio
import hmac
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence

from oratio.domain.agents.agent import AgentStatus
from oratio.errors import NotFound, OratioError, RateLimited, Unavailable
from oratio.ports.clock import Clock
from oratio.ports.repositories import AgentRepository, ApiKeyRepository
from oratio.protocol.voice import CloseCode, ResumeRequest
from voice_server.server.auth import CallerGrant
from voice_server.server.live_call_publisher import CallOwner, LiveCallPublisher
from voice_server.server.metrics import VoiceMetrics
from voice_server.session.runner import CallRunner

logger = logging.getLogger(__name__)

_CHECK_S = 3.0
_BUSY_S = 5.0


class CallRegistry:
    """Admission by count, resume by token, revocation by looking at the records every few seconds.

    Args:
        make: Builds a call for a grant under a new session id.
    """

    def __init__(
        self,
        *,
        make: Callable[[str, CallerGrant], CallRunner],
        agents: AgentRepository,
        keys: ApiKeyRepository,
        clock: Clock,
        metrics: VoiceMetrics,
        max_calls: int,
        calls_per_key: int,
        register: LiveCallPublisher,
        owner: CallOwner,
    ) -> None:
        self._register = register
        self._owner = owner
        self._make = make
        self._agents = agents
        self._keys = keys
        self._clock = clock
        self._metrics = metrics
        self._max_calls = max_calls
        self._calls_per_key = calls_per_key
        self._calls: dict[str, CallRunner] = {}
        self._places: Counter[str] = Counter()
        self._watching: asyncio.Task[None] | None = None
        self.draining = False

    def __len__(self) -> int:
        return len(self._calls)

    def check_room(self) -> None:
        """Raise `Unavailable` when no new call is taken."""
        if self.draining:
            raise Unavailable("the voice server is stopping", hint="try again in a moment")
        if self._places.total() >= self._max_calls:
            raise Unavailable("all lines are busy", hint="try again in a moment")

    def reserve(self, grant: CallerGrant, elsewhere: int) -> None:
        """Take a place for a socket; `release` gives it back.

        Args:
            elsewhere: Calls of the same holder that other processes have.

        Raises:
            Unavailable: The server is full or stopping.
            RateLimited: The key has all the calls it may have.
        """
        self.check_room()
        if self._places[grant.holder] + elsewhere >= self._calls_per_key:
            raise RateLimited("this key has all the calls it may have", retry_after_s=_BUSY_S, hint="end one first")
        self._places[grant.holder] += 1

    def release(self, grant: CallerGrant) -> None:
        self._places[grant.holder] -= 1
        if self._places[grant.holder] <= 0:
            del self._places[grant.holder]

    def open(self, grant: CallerGrant) -> CallRunner:
        session_id = str(uuid.uuid4())
        call = self._make(session_id, grant)
        self._calls[session_id] = call
        self._metrics.calls.set(len(self._calls))
        call.running.add_done_callback(lambda _: self._forget(call))
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="revocations")
        logger.info("conversation_id=<%s> agent_id=<%s> | call began", session_id, grant.agent.agent_id)
        return call

    def _forget(self, call: CallRunner) -> None:
        self._calls.pop(call.session_id, None)
        self._register.remove(call.grant.user_id, call.session_id)
        self._metrics.calls.set(len(self._calls))

    def find(self, wanted: ResumeRequest, user_id: str, agent_id: str) -> CallRunner | None:
        """The call to take up again, if the token, the agent and the tenant are its own."""
        call = self.live(user_id, wanted.session_id)
        if call is None or not hmac.compare_digest(call.token.encode(), wanted.token.encode()):
            return None
        return call if call.grant.agent.agent_id == agent_id else None

    def live(self, user_id: str, conversation_id: str) -> CallRunner | None:
        """A call of this process that is going on."""
        call = self._calls.get(conversation_id)
        return None if call is None or call.over or call.grant.user_id != user_id else call

    def moved(self, call: CallRunner) -> None:
        """What others see of a call has changed."""
        if not call.over:
            self._register.put(call.session_id, lambda until: call.row(self._owner, until))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_S)
            calls = list(self._calls.values())
            if not calls:
                continue
            try:
                gone = await asyncio.to_thread(self._revoked, [call.grant for call in calls])
            except OratioError as error:
                logger.warning("| revocations not checked: %s", error.code)
                continue
            for call in calls:
                if _identity(call.grant) in gone:
                    call.revoke()

    def _revoked(self, grants: Sequence[CallerGrant]) -> set[tuple[str | None, str, str]]:
        now = self._clock.now_ms()
        gone = set()
        for grant in {_identity(grant): grant for grant in grants}.values():
            key = self._keys.find(grant.key_id) if grant.key_id else None
            ended = key is not None and (
                key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)
            )
            if (grant.key_id and key is None) or ended or not self._stands(grant):
                gone.add(_identity(grant))
        return gone

    def _stands(self, grant: CallerGrant) -> bool:
        try:
            return self._agents.get(grant.user_id, grant.agent.agent_id).status is AgentStatus.ACTIVE
        except NotFound:
            return False

    async def drain(self, seconds: float, hurry: asyncio.Event) -> None:
        """Take no more calls; end the ones there are when `seconds` are over, or at once when `hurry` is set."""
        self.draining = True
        deadline = asyncio.get_running_loop().time() + seconds
        calls = list(self._calls.values())
        for call in calls:
            if call.attached:
                call.drain(deadline)
            else:
                call.end("draining", CloseCode.DRAINING)
        if calls:
            hurried = asyncio.create_task(hurry.wait())
            ends = asyncio.create_task(asyncio.wait([call.running for call in calls]))
            await asyncio.wait([hurried, ends], return_when=asyncio.FIRST_COMPLETED)
            for call in calls:
                call.end("draining", CloseCode.DRAINING)
            await ends
            hurried.cancel()
        if self._watching is not None:
            self._watching.cancel()
        await self._register.close()


def _identity(grant: CallerGrant) -> tuple[str | None, str, str]:
    return grant.key_id, grant.user_id, grant.agent.agent_id
