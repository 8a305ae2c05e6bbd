"""One call as a state machine: frames, speech and answers in, effects out. No socket, no loop, no clock.

The order of a call: `session.start` within 10 s, then anything; it ends by `session.end`, by a limit, by the server,
or 60 s after its socket was lost. `turns.py` has the turns.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from oratio.domain.conversations.conversation import TurnResult
from oratio.domain.conversations.live_call import CallState
from oratio.errors import OratioError
from oratio.ports.dialogue import DialogueEvent
from oratio.ports.speech import SpeechEvent
from oratio.protocol import voice as protocol
from oratio.protocol.operator import OperatorStart
from oratio.protocol.voice import AudioFormat, AudioFormats, BadMessage, CloseCode
from oratio.protocol.voice_events import (
    CallAgent,
    ModelRestarting,
    ModelRestored,
    Pong,
    ServerMessage,
    SessionEnded,
    SessionLimits,
    SessionReady,
    error,
)
from oratio.token_bucket import TokenBucket
from voice_server.operators.handoff import HumanHandoff
from voice_server.operators.takeover import Takeover
from voice_server.session.config import SessionConfig
from voice_server.session.effects import CallChanged, Close, Effect, Hear, Send, StartSpeech, WarmUp
from voice_server.session.timers import Timer, Timers
from voice_server.turns.cascade import CascadeTurns
from voice_server.turns.realtime.turns import RealtimeTurns

_MISSED = 1_000


class Phase(Enum):
    WAITING = auto()
    OPEN = auto()
    AWAY = auto()
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class CallIdentity:
    """What `session.ready` tells of the agent and the call."""

    session_id: str
    resume_token: str
    agent: CallAgent
    # ms since 1970
    started_at: int = 0


class Session:
    """One call.

    Args:
        speaks: Whether this server has a speech model at all.
        dialogue: Whether that model holds the conversation itself, from speech to speech.
        ids: Makes the numbers in response and item ids.
    """

    def __init__(
        self,
        who: CallIdentity,
        config: SessionConfig,
        *,
        speaks: bool,
        now_ms: float,
        dialogue: bool = False,
        ids: Callable[[], str] | None = None,
    ) -> None:
        self._who = who
        self._config = config
        self._speaks = speaks
        self._dialogue = dialogue
        self._effects: list[Effect] = []
        self._missed: list[ServerMessage] = []
        self._timers = Timers()
        numbers = itertools.count(1)
        self._number = ids or (lambda: str(next(numbers)))
        self.turns: CascadeTurns | RealtimeTurns = self._machine(CascadeTurns)
        self.handoff = HumanHandoff(config=config, timers=self._timers, floor=self.turns, out=self._out)
        self.desk = Takeover(
            conversation_id=who.session_id,
            agent=who.agent,
            started_at=who.started_at,
            config=config,
            timers=self._timers,
            floor=self.turns,
            handoff=self.handoff,
            out=self._out,
            new_id=self._new_id,
            end=self.end,
        )
        self.phase = Phase.WAITING
        self.reason = ""
        self._input: AudioFormat | None = None
        self._output: AudioFormat | None = None
        self._muted = False
        self._digits = ""
        self._audio = TokenBucket(config.limits.audio_rate * 1000, config.limits.audio_burst_ms, now_ms)
        self._frames = TokenBucket(config.limits.frames_per_s, config.limits.frames_per_s * 2, now_ms)
        self._timers.set(Timer.START, now_ms + config.limits.start_ms)

    def _machine[Machine: (CascadeTurns, RealtimeTurns)](self, kind: type[Machine]) -> Machine:
        return kind(config=self._config, timers=self._timers, out=self._out, new_id=self._new_id, divert=self._diverted)

    def _use(self, turns: CascadeTurns | RealtimeTurns) -> None:
        self.turns = self.handoff.floor = self.desk.floor = turns

    @property
    def converses(self) -> bool:
        """Whether a speech-to-speech model holds the conversation."""
        return isinstance(self.turns, RealtimeTurns)

    # --- what comes out

    def effects(self) -> list[Effect]:
        """What is to be done, in order; each effect is given once."""
        given, self._effects = self._effects, []
        return given

    def next_ms(self) -> float | None:
        """When `tick` has something to do; None when only an event can change anything."""
        if self.phase is Phase.ENDED:
            return None
        timer, turn = self._timers.next_ms(), self.turns.due_ms()
        return turn if timer is None or (turn is not None and turn < timer) else timer

    def _out(self, effect: Effect) -> None:
        if isinstance(effect, Send):
            self.desk.mirror(effect.message)
            if self.phase is Phase.AWAY:
                self._missed.append(effect.message)
                del self._missed[:-_MISSED]
                return
        self._effects.append(effect)

    def _send(self, message: ServerMessage) -> None:
        self._out(Send(message))

    def _new_id(self, word: str) -> str:
        return f"{word}_{self._number()}"

    # --- the client

    def receive(self, frame: str | bytes, now_ms: float) -> None:
        """One frame of the client; a bad one ends the call with the contract's close code."""
        if self.phase in (Phase.ENDED, Phase.AWAY):
            return
        if not self._frames.take(1, now_ms):
            self._refuse(CloseCode.LIMIT, "rate_limited", "frames come too fast", now_ms)
        elif len(frame) > protocol.MAX_FRAME_BYTES:
            self._refuse(CloseCode.TOO_LARGE, "too_large", "a frame may have 65,536 bytes", now_ms)
        elif isinstance(frame, bytes):
            self._audio_frame(frame, now_ms)
        else:
            try:
                self._message(protocol.parse(frame), now_ms)
            except BadMessage as bad:
                self._refuse(CloseCode.BAD_MESSAGE, "bad_message", str(bad), now_ms)

    def _audio_frame(self, audio: bytes, now_ms: float) -> None:
        if self.phase is Phase.WAITING:
            raised = "the first message must be session.start"
            self._refuse(CloseCode.BAD_MESSAGE, "bad_message", raised, now_ms)
            return
        if self._input is None:
            return
        ms = self._input.ms(len(audio))
        if not self._audio.take(ms, now_ms):
            self._refuse(CloseCode.LIMIT, "rate_limited", "audio comes faster than real time", now_ms)
            return
        if self.turns.hears:
            self._hear(audio, ms, now_ms)

    def _hear(self, audio: bytes, ms: float, now_ms: float) -> None:
        self.turns.audio_came(ms, now_ms)
        if self.turns.listening:
            self._timers.set(Timer.MICROPHONE, now_ms + self._config.turn.microphone_ms)
        self._out(Hear(audio, self._muted))

    def _microphone_still(self, now_ms: float) -> None:
        """The client sends no audio in the middle of a turn: that is silence, and may end the turn."""
        if self.turns.listening and self._input is not None:
            ms = self._config.turn.microphone_ms
            silent = b"\xff" if self._input.encoding == "mulaw" else b"\x00\x00"
            self._hear(silent * (ms * self._input.rate // 1000), ms, now_ms)

    def _message(self, message: protocol.ClientMessage, now_ms: float) -> None:
        if self.phase is Phase.WAITING:
            if not isinstance(message, protocol.SessionStart):
                raise BadMessage("the first message must be session.start")
            self._start(message, now_ms)
            return
        self._active(now_ms)
        match message:
            case protocol.SessionStart():
                raise BadMessage("the session has started already")
            case protocol.InputText(text=text):
                self._typed(text.strip(), now_ms)
            case protocol.InputDtmf(digits=digits):
                self._pressed(digits, now_ms)
            case protocol.InputMute(on=on):
                self._muted = on
            case protocol.ResponseCancel(response_id=response_id):
                self.turns.cancel(response_id, now_ms)
            case protocol.Playback(response_id=response_id, played_ms=played_ms):
                self.turns.played(response_id, played_ms, now_ms)
            case protocol.HandoffRequest():
                if self.desk.operator is None:
                    self.handoff.request(now_ms)
            case protocol.Ping(t=t):
                self._send(Pong(t=t))
            case protocol.SessionEnd():
                self.end("client_ended", CloseCode.ENDED, now_ms)

    def _start(self, message: protocol.SessionStart, now_ms: float) -> None:
        self._input, self._output = message.input, message.output
        self._timers.clear(Timer.START)
        self._timers.set(Timer.CALL, now_ms + self._config.limits.call_ms)
        self.phase = Phase.OPEN
        self._active(now_ms)
        if self._speaks and (self._input or self._output):
            if self._dialogue:
                self._use(self._machine(RealtimeTurns))
            self.turns.hears = self._input is not None
            self.turns.voice = self._output is not None
            self.turns.rate = self._output.rate if self._output else self.turns.rate
            self._out(StartSpeech(self._input, self._output))
        self._ready(resumed=False)
        self._out(WarmUp())
        self._out(CallChanged())

    def _ready(self, *, resumed: bool) -> None:
        limits = self._config.limits
        message = SessionReady(
            session_id=self._who.session_id,
            resume_token=self._who.resume_token,
            agent=self._who.agent,
            audio=AudioFormats(
                input=self._input if self.turns.hears else None, output=self._output if self.turns.voice else None
            ),
            limits=SessionLimits(
                max_frame_bytes=protocol.MAX_FRAME_BYTES,
                max_text_chars=protocol.MAX_TEXT_CHARS,
                max_call_s=limits.call_ms // 1000,
                idle_s=limits.idle_ms // 1000,
                resume_s=limits.resume_ms // 1000,
            ),
            resumed=resumed,
        )
        self._send(message)

    def _typed(self, text: str, now_ms: float) -> None:
        if not text or len(text) > protocol.MAX_TEXT_CHARS:
            what = "text is empty" if not text else f"text is longer than {protocol.MAX_TEXT_CHARS} characters"
            self._send(error("invalid_input", what, fatal=False))
        elif not self.turns.typed(text, now_ms):
            self._send(error("rate_limited", "too many texts are waiting", fatal=False, retry_after_s=1))

    def _pressed(self, digits: str, now_ms: float) -> None:
        """Keys make one prompt: until `#`, or a pause."""
        for digit in digits:
            if digit == "#":
                self._keyed(now_ms)
            else:
                self._digits += digit
        if self._digits:
            self._timers.set(Timer.DTMF, now_ms + self._config.turn.dtmf_ms)

    def _keyed(self, now_ms: float) -> None:
        digits, self._digits = self._digits, ""
        self._timers.clear(Timer.DTMF)
        if digits:
            self._typed(digits, now_ms)

    def _active(self, now_ms: float) -> None:
        self._timers.set(Timer.IDLE, now_ms + self._config.limits.idle_ms)

    def _refuse(self, code: int, name: str, message: str, now_ms: float) -> None:
        self._send(error(name, message, fatal=True))
        self.end(name, code, now_ms)

    # --- the human side

    def _diverted(self, text: str, now_ms: float) -> bool:
        return self.desk.heard(text) or self.handoff.take_message(text, now_ms)

    def join(self, line: int, operator: str, start: OperatorStart, now_ms: float) -> None:
        """An operator's line begins; raises `BadMessage` for a format that is not spoken here."""
        self.desk.join(line, operator, start, now_ms)

    @property
    def state(self) -> CallState:
        if self.desk.operator is not None:
            return "operator"
        return "handoff" if self.handoff.wanted is not None else "agent"

    # --- speech and agent

    def speech(self, event: SpeechEvent, now_ms: float) -> None:
        assert isinstance(self.turns, CascadeTurns)
        if self.phase in (Phase.OPEN, Phase.AWAY):
            if self.turns.caller_speaking:
                self._active(now_ms)
            self.turns.speech(event, now_ms)
            if self.turns.listening and not self._timers.pending(Timer.MICROPHONE):
                self._timers.set(Timer.MICROPHONE, now_ms + self._config.turn.microphone_ms)
            self.turns.play(now_ms)

    def dialogue(self, event: DialogueEvent, now_ms: float) -> None:
        """As `speech`, of a model that holds the conversation itself."""
        assert isinstance(self.turns, RealtimeTurns)
        if self.phase in (Phase.OPEN, Phase.AWAY):
            if self.turns.caller_speaking or self.turns.busy:
                self._active(now_ms)
            self.turns.speech(event, now_ms)
            if self.phase is Phase.OPEN:
                self.turns.play(now_ms)

    def speech_missing(self, message: str, now_ms: float) -> None:
        """There is no speech model for this call: it goes on in writing."""
        if self.phase in (Phase.OPEN, Phase.AWAY):
            self._send(error("speech_unavailable", message, fatal=False))
            if isinstance(self.turns, RealtimeTurns):
                prompts = self.turns.untold
                self.turns = self._machine(CascadeTurns)
                self._use(self.turns)
                for prompt in prompts:
                    self.turns.retell(prompt, now_ms)
            self.turns.hears = False
            self.turns.lose_voice(now_ms)

    def speech_lost(self) -> None:
        self._send(ModelRestarting())

    def speech_restored(self, gap_ms: int) -> None:
        self._send(ModelRestored(gap_ms=gap_ms, turn_lost=self.turns.restart_speech()))

    def model_lost(self, now_ms: float) -> None:
        """The speech model or the agent cannot be had any more; the call ends."""
        if self.phase in (Phase.OPEN, Phase.AWAY):
            self._refuse(CloseCode.MODEL_LOST, "model_lost", "the model of this call is lost; call again", now_ms)

    def agent_text(self, turn: int, text: str, now_ms: float) -> None:
        if self.phase in (Phase.OPEN, Phase.AWAY):
            self.turns.agent_text(turn, text, now_ms)

    def agent_done(self, turn: int, result: TurnResult, now_ms: float) -> None:
        if self.phase not in (Phase.OPEN, Phase.AWAY):
            return
        self._active(now_ms)
        self.turns.agent_done(turn, result, now_ms)
        self.handoff.answered(result.handoff, now_ms)

    def agent_failed(self, turn: int, error: OratioError, now_ms: float) -> None:
        if self.phase not in (Phase.OPEN, Phase.AWAY):
            return
        self.turns.agent_failed(turn, error, now_ms)
        self.handoff.answered(None, now_ms)
        if self.turns.failures >= self._config.turn.failures:
            self.model_lost(now_ms)

    # --- time and the line

    def tick(self, now_ms: float) -> None:
        """Do what time demands."""
        while self.phase is not Phase.ENDED and (timer := self._timers.expired(now_ms)) is not None:
            self._expired(timer, now_ms)
        if self.phase is Phase.OPEN:
            self.turns.play(now_ms)

    def _expired(self, timer: Timer, now_ms: float) -> None:
        match timer:
            case Timer.START:
                self._refuse(CloseCode.IDLE, "no_start", "no session.start came within 10 s", now_ms)
            case Timer.IDLE if self._attended():
                self._active(now_ms)
            case Timer.IDLE:
                self._refuse(CloseCode.IDLE, "idle", "nothing was said for too long", now_ms)
            case Timer.CALL:
                self._refuse(CloseCode.LIMIT, "call_too_long", "the longest time for a call is over", now_ms)
            case Timer.RESUME:
                self.end("not_resumed", CloseCode.ENDED, now_ms)
            case Timer.DRAIN:
                self.end("draining", CloseCode.DRAINING, now_ms)
            case Timer.DTMF:
                self._keyed(now_ms)
            case Timer.MICROPHONE:
                self._microphone_still(now_ms)
            case Timer.HANDOFF:
                self.handoff.nobody_came(now_ms)
            case Timer.OPERATOR:
                self.desk.lost()
            case Timer.OPERATOR_STILL:
                self.desk.still()
            case _:
                self.turns.expired(timer, now_ms)

    def _attended(self) -> bool:
        busy = self.turns.busy or self.turns.caller_speaking
        return busy or self.phase is Phase.AWAY or self.desk.operator is not None

    def lose_line(self, now_ms: float, unsent: Sequence[ServerMessage] = ()) -> None:
        """The socket was closed, with some messages not sent. A call that had started waits for a resume."""
        if self.phase is Phase.OPEN:
            self.phase = Phase.AWAY
            self._missed.extend(unsent)
            self.turns.lose_line(now_ms)
            self.desk.still()
            self._timers.set(Timer.RESUME, now_ms + self._config.limits.resume_ms)
            self._effects.append(CallChanged())
        elif self.phase is Phase.WAITING:
            self.end("client_gone", CloseCode.ENDED, now_ms)

    def resume(self, now_ms: float) -> None:
        """The client is back on a new socket: it gets what it missed."""
        if self.phase is Phase.OPEN:
            self.turns.lose_line(now_ms)
            self.desk.still()
        self.phase = Phase.OPEN
        self._timers.clear(Timer.RESUME)
        self._active(now_ms)
        self._ready(resumed=True)
        missed, self._missed = self._missed, []
        for message in missed:
            self._send(message)
        self.turns.regain_line()
        self._out(CallChanged())

    def drain(self, deadline_ms: float) -> None:
        """End politely at the deadline, unless the call ends before."""
        if self.phase is not Phase.ENDED:
            self._timers.set(Timer.DRAIN, deadline_ms)

    def refuse_resume(self, now_ms: float) -> None:
        self._refuse(CloseCode.BAD_MESSAGE, "resume_failed", protocol.NOT_RESUMED, now_ms)

    def revoke(self, now_ms: float) -> None:
        """What let the caller in is no longer good."""
        if self.phase is not Phase.ENDED:
            self._refuse(
                CloseCode.REVOKED, "not_authenticated", "the API key was revoked, or the agent deleted", now_ms
            )

    def end(self, reason: str, code: int, now_ms: float) -> None:
        """End the call: what is being said is closed, `session.ended` tells why."""
        if self.phase is Phase.ENDED:
            return
        self.turns.end(now_ms)
        self.handoff.end()
        ended = SessionEnded(reason=reason)
        if self.phase is Phase.AWAY:
            self.desk.mirror(ended)
        else:
            self._send(ended)
        self.desk.end(code, reason)
        self.phase = Phase.ENDED
        self.reason = reason
        self._timers.clear_all()
        self._effects.append(Close(code, reason))
