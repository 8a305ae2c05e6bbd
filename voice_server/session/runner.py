"""The thin skin of one call: a session machine, the tasks that feed it, and the socket that may come and go.

Tasks: the pump (writes, timers, play-out), the speech reader, and one question to the agent at a time (a
speech-to-speech model may ask several); the socket's own handler reads. The agent and the speech model never wait on
the client.
"""

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable

from websockets.exceptions import ConnectionClosed

from oratio.domain.conversations.live_call import LiveCall, LiveHandoff
from oratio.errors import OratioError, Unavailable
from oratio.ports.dialogue import DialogueBrief, Dialogues
from oratio.ports.speech import INPUT_RATE, OUTPUT_RATE, Speech, VoiceSession
from oratio.protocol.voice import CloseCode, dumps
from oratio.protocol.voice_events import CallAgent
from voice_server.audio.codec import ClientDecoder, ClientEncoder
from voice_server.operators.sockets import OperatorSockets
from voice_server.recording.transcript_writer import TranscriptWriter
from voice_server.recording.wav_recorder import WavRecorder
from voice_server.server.auth import CallerGrant
from voice_server.server.live_call_publisher import CallOwner
from voice_server.server.metrics import VoiceMetrics
from voice_server.server.sockets import SEND_TIMEOUT_S, Socket, closed
from voice_server.session import effects as do
from voice_server.session.agent_client import AgentClient, Agents
from voice_server.session.config import SessionConfig
from voice_server.session.session import CallIdentity, Phase, Session
from voice_server.turns.realtime.conversing import RealtimeConversation

logger = logging.getLogger(__name__)

_SPEECH_TRIES = 2
_UNHEARD = 2_000


class _Waiting:
    """What waits for the speech model: lines to say, and what the caller has said."""

    def __init__(self) -> None:
        self.unsaid: list[do.Say] = []
        # Bounded by the session's limit on audio and the time models take to load.
        self.unheard: deque[bytes] = deque(maxlen=_UNHEARD)


class CallRunner:
    """One call, from its first socket to its end; a later socket may take it over.

    Args:
        speech: None when this server has no speech model.
        brief: What a speech-to-speech model begins with; read in a thread.
        started_at: ms since 1970.
        moved: Called when what others see of the call has changed.
    """

    def __init__(
        self,
        *,
        session_id: str,
        grant: CallerGrant,
        config: SessionConfig,
        agents: Agents,
        keeper: TranscriptWriter,
        speech: Speech | Dialogues | None,
        brief: Callable[[], DialogueBrief],
        record: WavRecorder,
        metrics: VoiceMetrics,
        started_at: int = 0,
        moved: Callable[["CallRunner"], None] = lambda call: None,
    ) -> None:
        self.session_id = session_id
        self.grant = grant
        self.token = secrets.token_urlsafe(24)
        self._loop = asyncio.get_running_loop()
        agent = grant.agent
        shown = CallAgent(agent_id=agent.agent_id, name=agent.agent_name, version=agent.current_version)
        who = CallIdentity(session_id, self.token, shown, started_at)
        self.started_at = started_at
        self._moved = moved
        self._conversing = RealtimeConversation(speech, brief) if isinstance(speech, Dialogues) else None
        self._session = Session(
            who, config, speaks=speech is not None, dialogue=self._conversing is not None, now_ms=self._now()
        )
        self._keeper = keeper
        self._speech_model = speech if not isinstance(speech, Dialogues) else None
        self._record = record
        self._metrics = metrics
        self._handoff_at = 0
        self._socket: Socket | None = None
        self._outbox: list[do.Send | do.Play | do.Close] = []
        self._wake = asyncio.Event()
        # Until when the pump sleeps; 0 while it is awake.
        self._sleeps_until_ms = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        # What failed outside of the pump, which ends the call.
        self._broken: Exception | None = None
        self._speech: VoiceSession | None = None
        # None while the speech model is there.
        self._waiting: _Waiting | None = _Waiting()
        self._from_client: ClientDecoder | None = None
        self._to_client: ClientEncoder | None = None
        self._listening: asyncio.Task[None] | None = None
        self._asking = AgentClient(
            session_id=session_id,
            grant=grant,
            session=self._session,
            agents=agents,
            keeper=keeper,
            metrics=metrics,
            act=self._act,
            now_ms=self._now,
        )
        self.operators = OperatorSockets(
            session=self._session, act=self._act, play=self._play, now_ms=self._now, speech=self._speech_model
        )
        # Done when the call is over and kept.
        self.running = asyncio.create_task(self._pump(), name=f"pump {session_id}")

    @property
    def attached(self) -> bool:
        return self._socket is not None

    @property
    def over(self) -> bool:
        return self._session.phase is Phase.ENDED

    def row(self, owner: CallOwner, expires_at: int) -> LiveCall:
        """What the other processes and the operators see of this call."""
        agent, wanted = self.grant.agent, self._session.handoff.wanted
        return LiveCall(
            user_id=self.grant.user_id,
            conversation_id=self.session_id,
            agent_id=agent.agent_id,
            agent_name=agent.agent_name,
            version=agent.current_version,
            holder=self.grant.holder,
            started_at=self.started_at,
            attached=self.attached,
            state=self._session.state,
            handoff=LiveHandoff(reason=wanted.reason, summary=wanted.summary, at=self._handoff_at) if wanted else None,
            operator=self._session.desk.operator,
            owner=owner.process_id,
            address=owner.address,
            expires_at=expires_at,
        )

    def _now(self) -> float:
        return self._loop.time() * 1000

    # --- sockets

    def attach(self, socket: Socket) -> None:
        """The first socket of the call."""
        self._socket = socket

    async def take_over(self, socket: Socket) -> None:
        """A new socket of the same caller; the old one, if it still is, is closed."""
        old = self._socket
        if old is not None:
            self._drop_socket()
        self._socket = socket
        self._session.resume(self._now())
        self._metrics.resumed.inc()
        self._act()
        if old is not None:
            await closed(old, CloseCode.TAKEN_OVER, "taken over by a resume")

    def receive(self, frame: str | bytes) -> None:
        self._session.receive(frame, self._now())
        self._act(moved=isinstance(frame, str))

    def refuse_resume(self) -> None:
        """The socket asked for a call that is not there, or not its own."""
        self._session.refuse_resume(self._now())
        self._act()

    def lost(self, socket: Socket) -> None:
        """The socket's handler has read its end."""
        if self._socket is socket:
            self._drop_socket()

    def _drop_socket(self) -> None:
        self._socket = None
        unsent = [effect.message for effect in self._outbox if isinstance(effect, do.Send)]
        # The end of a call is its end, also when no one is there to be notified.
        ends = [effect for effect in self._outbox if isinstance(effect, do.Close)]
        self._outbox.clear()
        self._outbox.extend(ends)
        self._session.lose_line(self._now(), unsent)
        self._act()

    # --- from outside

    def drain(self, deadline_s: float) -> None:
        self._session.drain(deadline_s * 1000)
        self._wake.set()

    def end(self, reason: str, code: int) -> None:
        self._session.end(reason, code, self._now())
        self._act()

    def revoke(self) -> None:
        """The key this call came in with is no longer good."""
        self._session.revoke(self._now())
        self._act()

    # --- effects

    def _act(self, *, moved: bool = True) -> None:
        """Carry out what needs no waiting; the rest goes to the pump.

        Args:
            moved: Whether a timer may have come nearer even if there is no effect.
        """
        for effect in self._session.effects():
            # Of what a call does, most by far is hearing.
            if isinstance(effect, do.Hear):
                self._hear(effect)
                continue
            moved = True
            match effect:
                case do.Play() | do.Send():
                    if self._outbox or not self._written(effect):
                        self._outbox.append(effect)
                case do.Close():
                    self._outbox.append(effect)
                case do.Say(utterance, text):
                    if self._speech is not None:
                        self._speech.say(utterance, text)
                    elif self._waiting is not None:
                        self._waiting.unsaid.append(effect)
                case do.CancelSpeech():
                    if self._speech is not None:
                        self._speech.hush()
                    elif self._waiting is not None:
                        self._waiting.unsaid.clear()
                case do.QueryAgent():
                    self._asking.ask(effect)
                case do.CancelQuery():
                    self._asking.abandon()
                case do.StartSpeech(given, wanted):
                    self._from_client = ClientDecoder(given, INPUT_RATE) if given else None
                    self._to_client = ClientEncoder(OUTPUT_RATE, wanted) if wanted else None
                    listening = self._listen() if self._conversing is None else self._converse(self._conversing)
                    self._listening = asyncio.create_task(listening, name="listen")
                case do.CallerTyped() | do.ToolResult() | do.ReplyHeard() | do.AddGuidance() | do.MuteModel():
                    assert self._conversing is not None
                    self._conversing.carry_out(effect)
                case do.TurnEnded():
                    self._turn_ended(effect)
                case do.WarmUp():
                    self._asking.warm_up()
                case do.CallChanged():
                    self._moved(self)
                case _:
                    self._human(effect)
        if self._outbox or (moved and self._sleeps_until_ms and self._due() < self._sleeps_until_ms):
            self._wake.set()

    def _due(self) -> float:
        moment = self._session.next_ms()
        return float("inf") if moment is None else moment

    def _written(self, effect: do.Send | do.Play) -> bool:
        """Whether the socket took it at once; most audio needs no more than this."""
        socket = self._socket
        if socket is None or not socket.writable():
            return False
        socket.write(self._encoded(effect))
        return True

    def _hear(self, effect: do.Hear) -> None:
        if self._from_client is None:
            return
        pcm, now_ms = self._from_client.feed(effect.audio), self._now()
        if effect.muted:
            pcm = bytes(len(pcm))
        self._record.caller(pcm, now_ms)
        self.operators.caller(pcm, now_ms)
        if self._speech is not None:
            self._speech.hear(pcm)
        elif self._waiting is not None and self._session.turns.hears:
            self._waiting.unheard.append(pcm)

    def _turn_ended(self, turn: do.TurnEnded) -> None:
        if self._conversing is not None and self._session.converses:
            if self._conversing.begins(turn):
                self._asking.observe(turn)
            self._keeper.held(self._conversing.turn(turn))
            return
        self._asking.observe(turn)
        self._keeper.turn(turn, self._asking.newest)

    def _human(self, effect: do.HumanEffect) -> None:
        """What the human side of the call asks for."""
        match effect:
            case do.HandoffStarted(handoff):
                logger.info("conversation_id=<%s> | hand-off wanted", self.session_id)
                self._handoff_at = int(time.time() * 1000)
                self._keeper.handed_off(handoff)
            case do.HandoffFailed():
                logger.info("conversation_id=<%s> | no hand-off: %s", self.session_id, effect.reason)
                self._keeper.handoff_failed(effect)
            case do.TakenOver(operator):
                logger.info("conversation_id=<%s> | an operator has the call", self.session_id)
                self._keeper.taken_over(operator)
            case do.RecordWords():
                self._keeper.noted(effect)
            case do.NotifyOperators():
                self.operators.tell(effect)
            case do.OperatorAudio():
                self.operators.speak(effect)
            case do.OperatorSpeechStopped(spoken):
                self.operators.still(spoken=spoken)
            case do.HangUp():
                self.operators.hang_up(effect)

    def _play(self, pcm: bytes) -> None:
        """A human's voice to the caller, 24 kHz PCM."""
        effect = do.Play(pcm)
        if self._outbox or not self._written(effect):
            self._outbox.append(effect)
            self._wake.set()

    # --- tasks

    async def _pump(self) -> None:
        """Everything that is written, in order, and everything that time brings."""
        try:
            while True:
                self._wake.clear()
                self._session.tick(self._now())
                self._act()
                self._wake.clear()
                if await self._flush():
                    break
                if self._outbox:
                    continue
                moment = self._session.next_ms()
                if moment is not None and moment <= self._now():
                    await asyncio.sleep(0)
                    continue
                self._sleep_until(moment)
                await self._wake.wait()
                self._sleeps_until_ms = 0.0
                if self._broken is not None:
                    raise self._broken
        except Exception:
            logger.exception("conversation_id=<%s> | call failed", self.session_id)
            if self._socket is not None:
                await closed(self._socket, 1011, "internal error")
        finally:
            try:
                await self._clean_up()
            except Exception:
                logger.exception("conversation_id=<%s> | call not cleaned up", self.session_id)

    def _sleep_until(self, moment: float | None) -> None:
        """An alarm that rings too early is left: moving it for each frame would cost more than waking for nothing."""
        self._sleeps_until_ms = moment if moment is not None else float("inf")
        if moment is None or (self._alarm is not None and self._alarm.when() * 1000 <= moment):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(moment / 1000, self._ring)

    def _ring(self) -> None:
        """What time brings is written at once, not when the pump's turn comes: an interruption must not wait."""
        self._alarm = None
        try:
            self._session.tick(self._now())
            self._act()
        except Exception as error:
            self._broken = error
        self._wake.set()

    async def _flush(self) -> bool:
        """Write what is in the outbox. True when the call is over."""
        while self._outbox:
            effect = self._outbox.pop(0)
            if isinstance(effect, do.Close):
                if self._socket is not None:
                    await closed(self._socket, effect.code, effect.reason)
                return True
            if self._socket is None:
                continue
            socket = self._socket
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.send(self._encoded(effect))
            except (TimeoutError, ConnectionClosed):
                socket.abort()
                if self._socket is socket:
                    if isinstance(effect, do.Send):
                        self._outbox.insert(0, effect)
                    self._drop_socket()
        return False

    def _encoded(self, effect: do.Send | do.Play) -> str | bytes:
        if isinstance(effect, do.Send):
            return dumps(effect.message)
        now_ms = self._now()
        self._record.agent(effect.pcm, now_ms)
        self.operators.agent(effect.pcm, now_ms)
        return self._to_client.feed(effect.pcm) if self._to_client is not None else effect.pcm

    async def _listen(self) -> None:
        """The speech model's events; lost once it is asked for again, lost twice the call ends."""
        assert self._speech_model is not None
        lost_ms: float | None = None
        for _ in range(_SPEECH_TRIES):
            try:
                speech = await self._speech_model.open()
            except Unavailable as error:
                if lost_ms is None:
                    self._session.speech_missing(str(error), self._now())
                    self._act()
                    return
                break
            if lost_ms is not None:
                self._session.speech_restored(round(self._now() - lost_ms))
                self._act()
            self._catch_up(speech)
            try:
                async for event in speech.events():
                    self._session.speech(event, self._now())
                    self._act()
                return
            except Unavailable:
                logger.warning("conversation_id=<%s> | speech model lost", self.session_id)
                lost_ms = self._now()
                self._speech, self._waiting = None, _Waiting()
                self._session.speech_lost()
                self._act()
                await speech.close()
        self._session.model_lost(self._now())
        self._act()

    def _catch_up(self, speech: VoiceSession) -> None:
        """The speech model is there: it gets what waited for it."""
        waiting, self._speech, self._waiting = self._waiting, speech, None
        if waiting is not None:
            for pcm in waiting.unheard:
                speech.hear(pcm)
            for line in waiting.unsaid:
                speech.say(line.utterance, line.text)

    async def _converse(self, conversing: RealtimeConversation) -> None:
        """The events of a speech-to-speech model, which restores its connections itself; lost, the call ends."""
        try:
            dialogue = await conversing.open()
        except OratioError as error:
            logger.warning("conversation_id=<%s> | no speech model: %s", self.session_id, error.message)
            self._session.speech_missing(str(error), self._now())
            self._act()
            return
        self._catch_up(dialogue)
        try:
            async for event in dialogue.events():
                self._session.dialogue(event, self._now())
                self._act()
        except Unavailable as error:
            logger.warning("conversation_id=<%s> | speech model lost: %s", self.session_id, error.message)
            self._session.model_lost(self._now())
            self._act()

    async def _clean_up(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        reason = self._session.reason or "failed"
        self._metrics.ended.labels(reason).inc()
        logger.info("conversation_id=<%s> agent_id=<%s> | call ended: %s", self.session_id, self._agent_id, reason)
        tasks = self._asking.tasks
        if self._listening is not None and not self._listening.done():
            tasks.append(self._listening)
        for task in tasks:
            task.cancel()
        if waiting := [*tasks, *([self._keeper.last] if self._keeper.last else [])]:
            await asyncio.wait(waiting, timeout=SEND_TIMEOUT_S)
        await self.operators.close()
        if self._speech is not None:
            await self._speech.close()
        await self._record.close()
        await self._keeper.close()

    @property
    def _agent_id(self) -> str:
        return self.grant.agent.agent_id
