"""The operators of one call: who listens, who has taken over, what the agent is asked to do. Pure, as the session is.

A line is one operator's socket, named by a number. Only a line that has taken over is heard by the caller; one at a
time, and it keeps the call for a grace when its socket is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass

from oratio.protocol import operator as protocol
from oratio.protocol.audio_format import AudioFormat, AudioFormats
from oratio.protocol.voice import MAX_FRAME_BYTES, BadMessage, CloseCode, Ping
from oratio.protocol.voice_events import (
    AudioDone,
    AudioStart,
    CallAgent,
    HandoffEnded,
    MirroredMessage,
    Pong,
    ResponseDone,
    ResponseStart,
    ServerMessage,
    Speaker,
    Transcript,
    error,
    transcript,
)
from oratio.token_bucket import TokenBucket
from voice_server.operators.handoff import HumanHandoff
from voice_server.session.config import SessionConfig
from voice_server.session.effects import (
    CallChanged,
    Effect,
    HangUp,
    NotifyOperators,
    OperatorAudio,
    OperatorSpeechStopped,
    RecordWords,
    Send,
    TakenOver,
)
from voice_server.session.timers import Timer, Timers
from voice_server.turns.base import TurnController

_KEPT_LINES = 400
_KEPT_WHISPERS = 20


@dataclass(slots=True)
class _Line:
    operator: str
    input: AudioFormat | None
    frames: TokenBucket
    audio: TokenBucket


class Takeover:
    """Args:
    handoff: The caller's wish for a human, settled by a take-over.
    end: Ends the call: reason, close code, moment.
    """

    def __init__(
        self,
        *,
        conversation_id: str,
        agent: CallAgent,
        started_at: int,
        config: SessionConfig,
        timers: Timers,
        floor: TurnController,
        handoff: HumanHandoff,
        out: Callable[[Effect], None],
        new_id: Callable[[str], str],
        end: Callable[[str, int, float], None],
    ) -> None:
        self._conversation_id = conversation_id
        self._agent = agent
        self._started_at = started_at
        self._config = config
        self._timers = timers
        self.floor = floor
        self._handoff = handoff
        self._out = out
        self._new_id = new_id
        self._end = end
        self._lines: dict[int, _Line] = {}
        # Who has the call; set from take-over to hand-back. `_holder` is that operator's line, None in the grace.
        self.operator: str | None = None
        self._holder: int | None = None
        # The response the operator's voice is to the caller, and how much of it there is.
        self._live: str | None = None
        self._live_ms = 0.0
        self._transcript: list[protocol.SpokenEntry] = []
        self._whispers: tuple[str, ...] = ()

    @property
    def guidance(self) -> tuple[str, ...]:
        """What the agent is to know and the caller is not to hear."""
        return self._whispers

    def mirror(self, message: ServerMessage) -> None:
        """What the caller is sent, operators see too."""
        if isinstance(message, Transcript) and message.type == "transcript.done" and message.text:
            self._write_down(message.role, message.text)
        if self._lines and isinstance(message, MirroredMessage):
            self._out(NotifyOperators(message))

    def _write_down(self, role: Speaker, text: str) -> None:
        self._transcript = [*self._transcript[1 - _KEPT_LINES :], protocol.SpokenEntry(role=role, text=text)]

    def _whisper(self, text: str) -> None:
        self._whispers = (*self._whispers[1 - _KEPT_WHISPERS :], text)

    # --- lines

    def join(self, line: int, operator: str, start: protocol.OperatorStart, now_ms: float) -> None:
        """A line begins; raises `BadMessage` for a format that is not spoken here."""
        given, wanted = start.input, start.output
        config = self._config
        self._lines[line] = _Line(
            operator,
            given,
            TokenBucket(config.limits.frames_per_s, config.limits.frames_per_s * 2, now_ms),
            TokenBucket(config.limits.audio_rate * 1000, config.limits.audio_burst_ms, now_ms),
        )
        if self.operator == operator and self._holder is None:
            self._holder = line
            self._timers.clear(Timer.OPERATOR)
        handoff = self._handoff.wanted
        ready = protocol.OperatorReady(
            conversation_id=self._conversation_id,
            agent=self._agent,
            started_at=self._started_at,
            audio=AudioFormats(input=given, output=wanted),
            mode=self._mode(line),
            operator=self.operator,
            handoff=protocol.HandoffWish(reason=handoff.reason, summary=handoff.summary) if handoff else None,
            transcript=tuple(self._transcript),
        )
        self._out(NotifyOperators(ready, line))

    def leave(self, line: int, now_ms: float) -> None:
        if self._lines.pop(line, None) is not None and self._holder == line:
            self._holder = None
            self.still()
            self._timers.set(Timer.OPERATOR, now_ms + self._config.operator.grace_ms)

    def receive(self, line: int, frame: str | bytes, now_ms: float) -> None:
        """One frame of a line that has joined; a bad one ends the line, never the call."""
        known = self._lines.get(line)
        if known is None:
            return
        if not known.frames.take(1, now_ms):
            self._refuse(line, CloseCode.LIMIT, "rate_limited", "frames come too fast", now_ms)
        elif len(frame) > MAX_FRAME_BYTES:
            self._refuse(line, CloseCode.TOO_LARGE, "too_large", "a frame may have 65,536 bytes", now_ms)
        elif isinstance(frame, bytes):
            self._spoke(line, known, frame, now_ms)
        else:
            try:
                self._message(line, known, protocol.parse(frame), now_ms)
            except BadMessage as bad:
                self._refuse(line, CloseCode.BAD_MESSAGE, "bad_message", str(bad), now_ms)

    def _refuse(self, line: int, code: int, name: str, message: str, now_ms: float) -> None:
        self._out(NotifyOperators(error(name, message, fatal=True), line))
        self._out(HangUp(code, name, line))
        self.leave(line, now_ms)

    def _message(self, line: int, known: _Line, message: protocol.OperatorMessage, now_ms: float) -> None:
        match message:
            case protocol.OperatorStart():
                raise BadMessage("the line has started already")
            case protocol.Whisper(text=text):
                if text.strip():
                    self._whisper(text.strip())
                    self.floor.guide(text.strip())
            case protocol.TakeOver():
                self._take_over(line, known, now_ms)
            case protocol.SayText(text=text):
                if self._has(line) and text.strip():
                    self._say(text.strip(), now_ms)
            case protocol.HandBack(note=note):
                if self._has(line):
                    if note and note.strip():
                        self._whisper(note.strip())
                        self.floor.guide(note.strip())
                    self._hand_back("operator")
            case protocol.CallEnd():
                self._end("operator_ended", CloseCode.ENDED, now_ms)
            case Ping(t=t):
                self._out(NotifyOperators(Pong(t=t), line))

    def _has(self, line: int) -> bool:
        if self._holder == line:
            return True
        self._out(NotifyOperators(error("not_taken_over", "take the call over first", fatal=False), line))
        return False

    def _mode(self, line: int) -> protocol.OperatorState:
        return "takeover" if self._holder == line else "listening"

    def _tell_mode(self) -> None:
        for line in self._lines:
            self._out(NotifyOperators(protocol.OperatorMode(mode=self._mode(line), operator=self.operator), line))

    # --- take-over

    def _take_over(self, line: int, known: _Line, now_ms: float) -> None:
        if self.operator is not None and self._holder != line:
            self._out(NotifyOperators(error("conflict", "another operator has the call", fatal=False), line))
            return
        if self._holder != line:
            self.operator, self._holder = known.operator, line
            for prompt in self.floor.yield_floor(now_ms):
                self._out(RecordWords(prompt, "", "operator"))
            self._out(TakenOver(known.operator))
            self._handoff.connected()
            self._out(CallChanged())
        self._tell_mode()

    def _hand_back(self, by: str) -> None:
        self.still()
        self.operator = self._holder = None
        self._timers.clear(Timer.OPERATOR)
        self.floor.regain_floor([line.text for line in self._transcript if line.role == "operator"])
        self._out(Send(HandoffEnded(by=by)))
        self._out(CallChanged())
        self._tell_mode()

    def lost(self) -> None:
        """The operator who has the call did not come back."""
        if self.operator is not None and self._holder is None:
            self._hand_back("operator_lost")

    def heard(self, text: str) -> bool:
        """Whether these words of the caller are an operator's to answer."""
        if self.operator is None:
            return False
        self._out(RecordWords(text, "", "operator"))
        return True

    def _say(self, text: str, now_ms: float) -> None:
        self.still()
        self._out(RecordWords("", text, "operator"))
        self.floor.announce(text, now_ms, role="operator")

    def transcribed(self, text: str) -> None:
        """What the operator who has the call said aloud."""
        if text:
            message = transcript("operator", self._new_id("item"), text, final=True)
            self._write_down("operator", text)
            self._out(NotifyOperators(message))
            self._out(RecordWords("", text, "operator"))

    # --- the operator's voice

    def _spoke(self, line: int, known: _Line, audio: bytes, now_ms: float) -> None:
        if known.input is None:
            return
        ms = known.input.ms(len(audio))
        if not known.audio.take(ms, now_ms):
            self._refuse(line, CloseCode.LIMIT, "rate_limited", "audio comes faster than real time", now_ms)
            return
        # Words that are being typed out have the caller's ear.
        if self._holder != line or self.floor.busy:
            return
        if self.floor.voice and self._live is None:
            self._live, self._live_ms = self._new_id("resp"), 0.0
            self._out(Send(ResponseStart(response_id=self._live, speaker="operator")))
            self._out(Send(AudioStart(response_id=self._live, rate=self.floor.rate)))
        self._live_ms += ms
        self._timers.set(Timer.OPERATOR_STILL, now_ms + self._config.operator.still_ms)
        self._out(OperatorAudio(line, audio, audible=self.floor.voice))

    def still(self) -> None:
        """The operator has said nothing for a while, or cannot be heard: the response that is that voice ends."""
        live, self._live = self._live, None
        self._timers.clear(Timer.OPERATOR_STILL)
        self._out(OperatorSpeechStopped(spoken=live is not None))
        if live is not None:
            self._out(Send(AudioDone(response_id=live, ms=round(self._live_ms))))
            self._out(Send(ResponseDone(response_id=live, status="completed", spoken_text="")))

    def end(self, code: int, reason: str) -> None:
        """The call is over: every line with it."""
        self.still()
        self._out(HangUp(code, reason))
        self._lines.clear()
