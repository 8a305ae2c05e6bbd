"""The turns of a call held by a speech-to-speech model: it has the floor, this keeps the books.

Pure, as `turns.py`, whose place it takes: the model's events and the time go in, effects come out.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from oratio.domain.conversations.conversation import Role, TurnResult
from oratio.errors import OratioError
from oratio.ports.dialogue import (
    BargedIn,
    DialogueEvent,
    ReplyAudio,
    ReplyEnded,
    ReplyText,
    Restarting,
    Restored,
    ToolAsked,
    UsageSpent,
)
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard, Hypothesis, Spoken
from oratio.protocol.voice_events import (
    AudioDone,
    AudioStart,
    Interrupt,
    ModelRestarting,
    ModelRestored,
    ResponseDone,
    ResponseStart,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    UsageReport,
    transcript,
)
from oratio.protocol.voice_events import error as protocol_error
from voice_server.audio.playout import Playout
from voice_server.session.config import SessionConfig
from voice_server.session.effects import (
    AddGuidance,
    CallerTyped,
    CancelSpeech,
    Effect,
    MuteModel,
    Play,
    ReplyHeard,
    Say,
    Send,
)
from voice_server.session.timers import Timer, Timers
from voice_server.turns.base import TurnController
from voice_server.turns.realtime.agent_tool import AgentTool
from voice_server.turns.realtime.reply import RealtimeReply
from voice_server.turns.realtime.turn import RealtimeTurn

_OWED_MS = 20_000


class RealtimeTurns(TurnController):
    """One call's turns; the members it shares with `CascadeTurns` mean the same."""

    def __init__(
        self,
        *,
        config: SessionConfig,
        timers: Timers,
        out: Callable[[Effect], None],
        new_id: Callable[[str], str],
        divert: Callable[[str, float], bool],
    ) -> None:
        self._divert = divert
        self._config = config
        self._timers = timers
        self._out = out
        self._new_id = new_id
        self.voice = False
        self.hears = False
        self.rate = 24_000
        self.caller_speaking = False
        self.failures = 0
        # What is played, and what waits for its turn behind it.
        self._replies: deque[RealtimeReply] = deque()
        self._turn = RealtimeTurn(0, "", 0.0)
        self._tool = AgentTool(deadline_ms=config.turn.tool_ms, out=out, answered=self._owes)
        self._newest = 0
        self._utterances = 0
        self._caller_item: str | None = None
        self._heard_ms = 0.0
        self._heard_at_ms: float | None = None
        self._owed_ms: float | None = None
        self._cut_text: str | None = None
        self._held = False
        # The next reply is to words that were not for the model: no one hears it.
        self._skip = False
        self._usage: dict[str, int] = {}
        # Typed words that the model has said nothing to yet.
        self.untold: list[str] = []
        self._away = False

    @property
    def busy(self) -> bool:
        return bool(self._replies) or self._tool.waiting or self._owed_ms is not None

    @property
    def listening(self) -> bool:
        """Never: the model is fed silence where the caller sends nothing, and ends turns by itself."""
        return False

    # --- the caller

    def audio_came(self, ms: float, now_ms: float) -> None:
        self._heard_ms += ms
        self._heard_at_ms = now_ms
        if self._owed_ms is not None and now_ms > self._owed_ms + _OWED_MS:
            self._owed_ms = None

    def typed(self, text: str, now_ms: float) -> bool:
        self._out(Send(transcript("user", self._new_id("item"), text, final=True)))
        self._cut("caller_text", now_ms, hush=True)
        if not self._divert(text, now_ms):
            self._begin_turn(text, now_ms, now_ms)
            self.untold.append(text)
            self._out(CallerTyped(text))
        return True

    def request(self, text: str, now_ms: float) -> None:
        """The agent is asked, and its answer said, whatever the model would make of it."""
        self._out(Send(transcript("user", self._new_id("item"), text, final=True)))
        self._tool.put(text, self._turn.number, now_ms)

    def cancel(self, response_id: str | None, now_ms: float) -> None:
        if self._replies and response_id in (None, self._replies[0].response_id):
            self._cut("client_cancel", now_ms, hush=True)

    def played(self, response_id: str, played_ms: float, now_ms: float) -> None:
        if self._replies and self._replies[0].response_id == response_id:
            self._replies[0].playout.report(played_ms, now_ms)

    def _begin_turn(self, prompt: str, ended_ms: float, now_ms: float) -> None:
        self._turn = RealtimeTurn(self._turn.number + 1, prompt, ended_ms)
        self._owed_ms = now_ms
        self._held = False

    def _moment(self, at_ms: int, now_ms: float) -> float:
        """When the caller audio at this position arrived."""
        if self._heard_at_ms is None:
            return now_ms
        return min(now_ms, self._heard_at_ms - max(0.0, self._heard_ms - at_ms))

    # --- the model

    def speech(self, event: DialogueEvent, now_ms: float) -> None:
        self.untold.clear()
        match event:
            case CallerSpeechStarted() | CallerSpeechStopped():
                self.caller_speaking = isinstance(event, CallerSpeechStarted)
                self._out(Send(SpeechStarted() if self.caller_speaking else SpeechStopped()))
            case Hypothesis(text):
                self._out(Send(transcript("user", self._item(), text, final=False)))
            case Heard(text, ended_at_ms):
                self._heard(text, self._moment(ended_at_ms, now_ms), now_ms)
            case ReplyText(number, text, final):
                self._worded(number, text, final)
            case ReplyAudio(number, pcm):
                if (reply := self._reply(number)) is not None and self.voice:
                    reply.voice(pcm)
            case ReplyEnded(number):
                if (reply := self._known(number)) is not None:
                    reply.end()
                    self._settle(now_ms)
            case BargedIn():
                self._cut("caller_speech", now_ms)
            case Spoken(utterance, pcm, last):
                self._line(utterance, pcm, last, now_ms)
            case ToolAsked(call_id, name, arguments):
                self._asked(call_id, name, arguments, now_ms)
            case UsageSpent():
                self._spent(event)
            case Restarting():
                self._out(Send(ModelRestarting()))
            case Restored(gap_ms, turn_lost):
                self._out(Send(ModelRestored(gap_ms=gap_ms, turn_lost=turn_lost)))

    def _item(self) -> str:
        self._caller_item = self._caller_item or self._new_id("item")
        return self._caller_item

    def _heard(self, text: str, ended_ms: float, now_ms: float) -> None:
        item, self._caller_item = self._item(), None
        self._out(Send(transcript("user", item, text, final=True)))
        # A model that has given out its whole reply may not know that it is still being heard. What began after the
        # caller's words is the reply to them: some models tell the words late.
        first = self._replies[0] if self._replies else None
        answered = first is not None and (first.first_out_ms is None or first.first_out_ms >= ended_ms)
        if not answered:
            self._cut("caller_speech", now_ms)
        self._skip = self._divert(text, now_ms)
        if not self._skip:
            self._begin_turn(text, ended_ms, now_ms)
            if first is not None and answered:
                self._owed_ms = None
                first_out_ms = first.first_out_ms
                self._turn.latency_ms = None if first_out_ms is None else round(first_out_ms - ended_ms)

    def _known(self, number: int) -> RealtimeReply | None:
        return next((reply for reply in self._replies if reply.number == number), None)

    def _reply(self, number: int) -> RealtimeReply | None:
        """The reply of this number, started if it is new; None for one that is over."""
        known = self._known(number)
        if known is None and number > self._newest:
            self._newest = number
            if self._skip:
                self._skip = False
                self._out(ReplyHeard(number, ""))
                return None
            known = self._queue(number=number)
        return known

    def _queue(
        self, *, number: int | None = None, utterance: int | None = None, role: Role = "assistant"
    ) -> RealtimeReply:
        self._owed_ms = None
        self._timers.clear(Timer.HOLDING_LINE)
        playout = Playout(lead_ms=self._config.turn.lead_ms)
        playout.held = self._away
        reply = RealtimeReply(self._new_id("resp"), self._new_id("item"), playout, number, utterance, role)
        self._replies.append(reply)
        self._begin()
        return reply

    def _begin(self) -> None:
        """The first in line begins."""
        if self._replies and not self._replies[0].begun:
            reply = self._replies[0]
            reply.begun = True
            speaker = reply.role if reply.role == "operator" else None
            self._out(Send(ResponseStart(response_id=reply.response_id, speaker=speaker)))
            if reply.planned:
                self._out(Send(transcript(reply.role, reply.item_id, reply.planned, final=False)))

    def _worded(self, number: int, text: str, final: bool) -> None:
        reply = self._known(number) if final else self._reply(number)
        if reply is None:
            return
        if final:
            reply.finals.append(text)
            return
        reply.add(text)
        if reply.begun:
            self._out(Send(transcript("assistant", reply.item_id, text, final=False)))

    # --- lines of our own

    def announce(self, text: str, now_ms: float, *, role: Role = "assistant") -> None:
        self._utterances += 1
        if self.voice:
            self._out(Say(self._utterances, text))
        reply = self._queue(utterance=self._utterances, role=role)
        reply.add(text)
        if reply.begun:
            self._out(Send(transcript(role, reply.item_id, text, final=False)))
        if not self.voice:
            reply.end()
            self._settle(now_ms)

    def _line(self, utterance: int, pcm: bytes, last: bool, now_ms: float) -> None:
        reply = next((reply for reply in self._replies if reply.utterance == utterance), None)
        if reply is not None:
            reply.voice(pcm)
            if last:
                reply.end()
                self._settle(now_ms)

    # --- the human side

    def guide(self, text: str) -> None:
        self._out(AddGuidance(text))

    def yield_floor(self, now_ms: float) -> list[str]:
        self._cut("operator", now_ms, hush=True)
        self._timers.clear(Timer.HOLDING_LINE)
        self._owed_ms = None
        self._out(MuteModel(True))
        return []

    def regain_floor(self, said: list[str]) -> None:
        """The model heard the caller all the time, and nothing of what the human said."""
        self._out(AddGuidance("\n".join(("A person of the company has just spoken with the caller, and said:", *said))))
        self._out(MuteModel(False))

    # --- the tool

    def _asked(self, call_id: str, name: str, arguments: Mapping[str, Any], now_ms: float) -> None:
        self._owed_ms = None
        waits = self._tool.called(call_id, name, arguments, self._turn.number, now_ms)
        if waits and self.voice and not self._held:
            self._timers.set(Timer.HOLDING_LINE, now_ms + self._config.turn.holding_ms)

    def _owes(self, now_ms: float) -> None:
        """The model has its answer, and is to speak."""
        self._timers.clear(Timer.HOLDING_LINE)
        self._owed_ms = now_ms

    def agent_text(self, turn: int, text: str, now_ms: float) -> None:
        """The model gets the whole answer at once."""

    def agent_done(self, turn: int, result: TurnResult, now_ms: float) -> None:
        question = self._tool.close(turn, result, now_ms)
        if question is None:
            return
        self.failures = 0
        if not question.calls:
            self.announce(result.answer, now_ms)
            return
        late = question.turn != self._turn.number
        heard, self._cut_text = self._cut_text, None
        self._turn.results.append(result)
        self._tool.answer(question, result, now_ms, late=late, heard=heard if late else None)

    def agent_failed(self, turn: int, error: OratioError, now_ms: float) -> None:
        question = self._tool.close(turn, None, now_ms)
        if question is None:
            return
        self.failures += 1
        self._out(Send(protocol_error(error.code, str(error), fatal=False)))
        if not question.calls:
            self.announce(self._config.lines.apology, now_ms)
        self._tool.fail(question, now_ms)

    # --- time

    def expired(self, timer: Timer, now_ms: float) -> None:
        if timer is not Timer.HOLDING_LINE or not self._tool.waiting:
            return
        if self._replies:
            self._timers.set(Timer.HOLDING_LINE, now_ms + self._config.turn.holding_ms)
        else:
            self._held = True
            self.announce(self._config.lines.holding, now_ms)

    def play(self, now_ms: float) -> None:
        if not self._replies:
            return
        reply = self._replies[0]
        pcm = reply.playout.take(now_ms, whole=reply.ended)
        if pcm:
            if not reply.audio_on:
                reply.audio_on = True
                self._out(Send(AudioStart(response_id=reply.response_id, rate=self.rate)))
            self._first_out(reply, now_ms)
            self._out(Play(pcm))
        self._settle(now_ms)

    def _first_out(self, reply: RealtimeReply, now_ms: float) -> None:
        if reply.first_out_ms is not None:
            return
        reply.first_out_ms = now_ms
        self._turn.audible(now_ms)

    def due_ms(self) -> float | None:
        if not self._replies:
            return None
        reply = self._replies[0]
        due = reply.playout.due_ms(whole=reply.ended)
        if due is None and reply.ended and reply.playout.queued_ms == 0 and not reply.playout.held:
            return reply.playout.ends_ms()
        return due

    def _settle(self, now_ms: float) -> None:
        """End what was heard to its end; the next in line begins."""
        while self._replies:
            reply, playout = self._replies[0], self._replies[0].playout
            if not reply.ended or playout.queued_ms or playout.held or not reply.begun:
                return
            if reply.audio_on and not reply.audio_done:
                self._audio_done(reply)
            if now_ms < playout.ends_ms():
                return
            if not self.voice:
                self._first_out(reply, now_ms)
            self._replies.popleft()
            self._finish(reply, "completed", reply.said, now_ms)
            self._begin()

    # --- interruptions and ends

    def _cut(self, reason: str, now_ms: float, *, hush: bool = False) -> None:
        """Nothing more of what was said or waits is heard."""
        if hush or any(reply.utterance is not None for reply in self._replies):
            self._out(CancelSpeech())
        replies, self._replies = self._replies, deque()
        for reply in replies:
            if not reply.begun:
                self._forget(reply)
                continue
            heard_ms = reply.playout.heard_ms(now_ms)
            if reply.audio_on:
                sent_ms = reply.playout.sent_ms
                self._out(Send(Interrupt(response_id=reply.response_id, reason=reason, sent_ms=sent_ms)))
            text = reply.playout.text_until(heard_ms) if self.voice else reply.said
            self._cut_text = text
            self._turn.interrupted = True
            if reply.audio_on and not reply.audio_done:
                self._audio_done(reply)
            self._finish(reply, "interrupted", text, now_ms)

    def _forget(self, reply: RealtimeReply) -> None:
        """A reply that never began was never said."""
        if reply.number is not None:
            self._out(ReplyHeard(reply.number, ""))

    def _audio_done(self, reply: RealtimeReply) -> None:
        reply.audio_done = True
        self._out(Send(AudioDone(response_id=reply.response_id, ms=reply.playout.sent_ms)))

    def _finish(self, reply: RealtimeReply, status: ResponseStatus, text: str, now_ms: float) -> None:
        if reply.number is not None:
            self._out(ReplyHeard(reply.number, text))
        self._out(Send(transcript(reply.role, reply.item_id, text, final=True)))
        self._out(Send(ResponseDone(response_id=reply.response_id, status=status, spoken_text=text)))
        if self._usage:
            usage, self._usage = self._usage, {}
            self._out(Send(UsageReport(response_id=reply.response_id, **usage)))
        turn = self._turn
        if reply.role == "operator":
            return
        if text:
            turn.spoken.append(text)
        turn.dry_ms += reply.playout.dry_ms
        turn.silent_ms = now_ms if self._tool.waiting else None
        if turn.number or text:
            self._out(turn.record(status))

    def _spent(self, usage: UsageSpent) -> None:
        self._turn.spent(usage)
        for name, tokens in (
            ("input_tokens", usage.input_tokens),
            ("output_tokens", usage.output_tokens),
            ("input_speech_tokens", usage.input_speech_tokens),
            ("output_speech_tokens", usage.output_speech_tokens),
        ):
            self._usage[name] = self._usage.get(name, 0) + tokens

    # --- the line

    def lose_line(self, now_ms: float) -> None:
        self._away = True
        self.caller_speaking = False
        if self._replies:
            playout = self._replies[0].playout
            playout.rewind(playout.heard_ms(now_ms))
        for reply in self._replies:
            reply.playout.held = True

    def regain_line(self) -> None:
        self._away = False
        for reply in self._replies:
            reply.audio_on = reply.audio_done = False
            reply.playout.held = False

    def restart_speech(self) -> bool:
        """The session itself restores what it lost."""
        return False

    def lose_voice(self, now_ms: float) -> None:
        self.voice = False
        for reply in self._replies:
            reply.end()
        self._settle(now_ms)

    def end(self, now_ms: float) -> None:
        self._cut("ended", now_ms)
