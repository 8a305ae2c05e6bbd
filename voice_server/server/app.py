"""Puts the voice server together over a platform, and runs it until it is asked to stop."""

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from oratio.bootstrap import Platform, Services, build_speech
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import PROMPT_FILE
from oratio.errors import NotFound, OratioError
from oratio.ports.dialogue import DialogueBrief, Dialogues
from oratio.ports.secrets import SecretName
from oratio.ports.speech import Speech
from voice_server.recording.recovery import recover
from voice_server.recording.spool import Spool
from voice_server.recording.transcript_writer import TranscriptWriter
from voice_server.recording.turn_journal import TurnJournal
from voice_server.recording.wav_recorder import WavRecorder, keep_recording
from voice_server.server.auth import CallerGrant
from voice_server.server.call_registry import CallRegistry
from voice_server.server.live_call_publisher import CallOwner, LiveCallPublisher
from voice_server.server.metrics import VoiceMetrics
from voice_server.server.relay import Relay
from voice_server.server.websocket import VoiceServer
from voice_server.session.config import config_of
from voice_server.session.runner import CallRunner
from voice_server.turns.realtime.conversing import brief_of

logger = logging.getLogger(__name__)

_SPOOL = "staging/voice"


class App:
    """One voice server."""

    def __init__(
        self,
        platform: Platform,
        services: Services,
        speech: Speech | Dialogues | None,
        *,
        shared_metrics: Path | None = None,
    ) -> None:
        settings = platform.settings
        self._platform = platform
        self._services = services
        self._speech = speech
        self._warmth: object = None
        self.config = config_of(settings)
        self.metrics = VoiceMetrics(shared_metrics)
        self._owner = CallOwner()
        self.spool = Spool(settings.data / _SPOOL, self._owner.process_id)
        self.switchboard = CallRegistry(
            make=self._new_call,
            agents=platform.agents,
            keys=platform.api_keys,
            clock=platform.clock,
            metrics=self.metrics,
            max_calls=settings.voice.voice_max_calls,
            calls_per_key=settings.voice.voice_calls_per_key,
            register=LiveCallPublisher(platform.live_calls, platform.clock),
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
            use_fast_path=settings.voice.voice_fast_path,
        )

    def _new_call(self, session_id: str, grant: CallerGrant) -> CallRunner:
        user_id, agent_id = grant.user_id, grant.agent.agent_id
        folder = self.spool.folder
        recorded = folder if self._platform.settings.voice.voice_record else None
        keeper = TranscriptWriter(
            user_id,
            agent_id,
            session_id,
            conversations=self._services.conversations,
            human=self._services.human_side,
            journal=TurnJournal(user_id, session_id, folder),
        )
        return CallRunner(
            session_id=session_id,
            grant=grant,
            config=self.config,
            agents=self._services.conversations,
            keeper=keeper,
            speech=self._speech,
            brief=lambda: self._brief(grant),
            record=WavRecorder(user_id, agent_id, session_id, recorded, self._keep_recording),
            metrics=self.metrics,
            started_at=self._platform.clock.now_ms(),
            moved=self.switchboard.moved,
        )

    def _brief(self, grant: CallerGrant) -> DialogueBrief:
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

    @asynccontextmanager
    async def serving(self, host: str, port: int, *, reuse_port: bool = False) -> AsyncIterator[None]:
        """Take calls; what a process that died has left is kept first. The calls are over when this ends."""
        settings = self._platform.settings
        await asyncio.to_thread(self.spool.open)
        await recover(self.spool, self._services.conversations, self._platform.recordings, self._begun)
        listening = self.server.listening(
            host,
            port,
            max_calls=settings.voice.voice_max_calls,
            internal_host=internal_address(settings.voice.voice_internal_host),
            reuse_port=reuse_port,
        )
        async with listening:
            yield
        if self._speech is not None:
            await self._speech.close()
        await asyncio.to_thread(self.spool.close)

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event, *, reuse_port: bool = False) -> None:
        """Serve until `stop` is set, then drain; `hurry` ends all calls at once."""
        settings = self._platform.settings
        async with self.serving(settings.server.host, settings.port("voice"), reuse_port=reuse_port):
            logger.info("| listening on %s:%d", settings.server.host, settings.port("voice"))
            keep_startup()
            warming = asyncio.create_task(self._warm(), name="warm") if settings.speech_models.speech_warm else None
            await stop.wait()
            logger.info("| draining %d calls", len(self.switchboard))
            await self.switchboard.drain(settings.voice.voice_drain_seconds, hurry)
            if warming is not None:
                await asyncio.wait([warming])

    async def _warm(self) -> None:
        """Have the local models loaded before the first call; the session that stays open keeps them."""
        if self._speech is None or isinstance(self._speech, Dialogues):
            return
        try:
            self._warmth = await self._speech.open()
        except OratioError as error:
            logger.warning("| speech models not loaded: %s", error)
        else:
            logger.info("| speech models are warm")


def keep_startup() -> None:
    """Take what the start made out of every later collection of garbage.

    A collection then looks at calls alone: it comes soon after a call has ended, and stops no other for long.
    """
    gc.collect()
    gc.freeze()


def internal_address(wanted: str) -> str:
    """The address the other voice processes reach this one at; `auto` is this host's own in its network."""
    return socket.gethostbyname(socket.gethostname()) if wanted == "auto" else wanted


def build_app(platform: Platform, services: Services, *, shared_metrics: Path | None = None) -> App:
    return App(platform, services, build_speech(platform.settings), shared_metrics=shared_metrics)
