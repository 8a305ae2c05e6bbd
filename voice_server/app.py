"""Puts the voice server together over a platform, and runs it until it is told to stop."""

import asyncio
import logging
import signal
from functools import partial
from pathlib import Path

from oratio.bootstrap import Platform, Services, build_speech
from oratio.domain.storage_layout import PROMPT_FILE
from oratio.domain.values import VersionRef
from oratio.errors import NotFound
from oratio.ports.dialogue import Brief, Dialogues
from oratio.ports.secrets import SecretName
from oratio.ports.speech import Speech
from voice_server.call import Call
from voice_server.conversing import brief_of
from voice_server.gate import Grant
from voice_server.keeper import Keeper
from voice_server.metrics import Metrics
from voice_server.records import CallRecord, keep_recording, recover_recordings
from voice_server.register import Owner, Register
from voice_server.relay import Relay
from voice_server.server import VoiceServer
from voice_server.switchboard import Switchboard
from voice_server.terms import terms_of

logger = logging.getLogger(__name__)

_SPOOL = "staging/voice"


class App:
    """One voice server."""

    def __init__(self, platform: Platform, services: Services, speech: Speech | Dialogues | None) -> None:
        settings = platform.settings
        self._platform = platform
        self._services = services
        self._speech = speech
        self.terms = terms_of(settings)
        self.metrics = Metrics()
        self._owner = Owner()
        self._spool: Path | None = settings.data / _SPOOL if settings.voice_record else None
        self.switchboard = Switchboard(
            make=self._new_call,
            agents=platform.agents,
            keys=platform.api_keys,
            clock=platform.clock,
            metrics=self.metrics,
            max_calls=settings.voice_max_calls,
            calls_per_key=settings.voice_calls_per_key,
            register=Register(platform.live_calls, platform.clock),
            owner=self._owner,
        )
        self.server = VoiceServer(
            access=services.access,
            operators=services.live_calls,
            identity=platform.identity,
            agents=platform.agents,
            live_calls=platform.live_calls,
            switchboard=self.switchboard,
            relay=Relay(
                owner=self._owner,
                live_calls=platform.live_calls,
                clock=platform.clock,
                pepper=partial(platform.secrets.get, SecretName.API_KEYS_PEPPER),
            ),
            owner=self._owner,
            metrics=self.metrics,
        )

    def _new_call(self, session_id: str, grant: Grant) -> Call:
        user_id, agent_id = grant.user_id, grant.agent.agent_id
        record = CallRecord(user_id, agent_id, session_id, self._spool, self._keep_recording)
        keeper = Keeper(user_id, agent_id, session_id, self._services.conversations, self._services.human_side)
        return Call(
            session_id=session_id,
            grant=grant,
            terms=self.terms,
            agents=self._services.conversations,
            keeper=keeper,
            speech=self._speech,
            brief=lambda: self._brief(grant),
            record=record,
            metrics=self.metrics,
            started_at=self._platform.clock.now_ms(),
            moved=self.switchboard.moved,
        )

    def _brief(self, grant: Grant) -> Brief:
        """What the agent's version tells a speech-to-speech model."""
        agent = grant.agent
        ref = VersionRef(user_id=agent.user_id, agent_id=agent.agent_id, version=agent.current_version or 0)
        return brief_of(self._services.authoring.read(ref, PROMPT_FILE))

    def _keep_recording(self, path: Path) -> None:
        keep_recording(path, self._platform.recordings, self._begun)

    def _begun(self, user_id: str, conversation_id: str) -> bool:
        try:
            self._platform.conversations.get(user_id, conversation_id)
        except NotFound:
            return False
        return True

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain; a second signal ends all calls at once."""
        settings = self._platform.settings
        stop, hurry = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: hurry.set() if stop.is_set() else stop.set())
        if self._spool is not None:
            self._spool.mkdir(parents=True, exist_ok=True, mode=0o700)
            await asyncio.to_thread(recover_recordings, self._spool, self._platform.recordings, self._begun)
        listening = self.server.listening(settings.host, settings.port("voice"), max_calls=settings.voice_max_calls)
        async with listening:
            logger.info("| listening on %s:%d", settings.host, settings.port("voice"))
            await stop.wait()
            logger.info("| draining %d calls", len(self.switchboard))
            await self.switchboard.drain(settings.voice_drain_seconds, hurry)
        if self._speech is not None:
            await self._speech.close()


def build_app(platform: Platform, services: Services) -> App:
    return App(platform, services, build_speech(platform.settings))
