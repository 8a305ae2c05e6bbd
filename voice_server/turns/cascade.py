"""Who has the floor: prompts, responses, interruptions. Pure: inputs and the time go in, effects come out."""

from collections.abc import Callable

from oratio.domain.conversations.conversation import Role, TurnResult
from oratio.errors import OratioError
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard, Hypothesis, SpeechEvent, Spoken
from oratio.protocol.voice_events import (
    AudioDone,
    AudioStart,
    Interrupt,
    ResponseDone,
    ResponseStart,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    ToolDone,
    ToolStart,
    UsageReport,
    transcript,
)
from oratio.protocol.voice_events import error as protocol_error
from voice_server.audio.playout import Playout
from voice_server.session.config import SessionConfig
from voice_server.session.effects import CancelQuery, CancelSpeech, Effect, Play, QueryAgent, Say, Send, TurnEnded
from voice_server.session.timers import Timer, Timers
from voice_server.turns.base import TurnController
from voice_server.turns.response import Prompt, Response, SpokenLine, is_back_channel

MAX_QUEUED = 8


class CascadeTurns(TurnController):
    """The turns of one call.

    Args:
        out: Takes effects, in order.
        new_id: Makes ids that start with the given word.
        divert: Asked of everything the caller has said; True when it is not for the agent.
    """

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
        # The caller has spoken, and the turn is not over.
        self.listening = False
        self.failures = 0
        self._current: Response | None = None
        self._prompts: list[Prompt] = []
        self._lines: list[SpokenLine] = []
        self._turns = 0
        self._utterances = 0
        self._caller_item: str | None = None
        # Caller audio so far and when its end arrived: maps a position in it to a moment.
        self._heard_ms = 0.0
        self._heard_at_ms: float | None = None
        self._away = False

    @property
    def busy(self) -> bool:
        return self._current is not None or bool(self._prompts or self._lines)

    # --- the caller

    def audio_came(self, ms: float, now_ms: float) -> None:
        self._heard_ms += ms
        self._heard_at_ms = now_ms

    def typed(self, text: str, now_ms: float) -> bool:
        """A prompt in writing; ends what the agent is saying. False when too many are waiting."""
        if len(self._prompts) >= MAX_QUEUED:
            return False
        self._out(Send(transcript("user", self._new_id("item"), text, final=True)))
        if (current := self._interruptible()) is not None and current.audio_on:
            self._interrupt("caller_text", now_ms)
            self._finish("interrupted", now_ms)
        if not self._divert(text, now_ms):
            self._prompts.append(Prompt(text, now_ms))
        self._advance(now_ms)
        return True

    def request(self, text: str, now_ms: float) -> None:
        self.typed(text, now_ms)

    def retell(self, text: str, now_ms: float) -> None:
        """A prompt in writing that the client has seen already."""
        self._prompts.append(Prompt(text, now_ms))
        self._advance(now_ms)

    def _interruptible(self) -> Response | None:
        """The current response, unless it is what a human says: no one is cut off by two people talking."""
        current = self._current
        return current if current is not None and current.role == "assistant" else None

    def cancel(self, response_id: str | None, now_ms: float) -> None:
        """The client wants no more of the response; of another than the current one, nothing happens."""
        current = self._current
        if current is None or response_id not in (None, current.response_id):
            return
        self._interrupt("client_cancel", now_ms)
        self._finish("interrupted", now_ms)
        self._advance(now_ms)

    def played(self, response_id: str, played_ms: float, now_ms: float) -> None:
        current = self._current
        if current is None or current.response_id != response_id:
            return
        current.playout.report(played_ms, now_ms)
        if current.cut_ms is not None:
            current.cut_ms = int(min(played_ms, current.playout.sent_ms))

    # --- the speech model

    def speech(self, event: SpeechEvent, now_ms: float) -> None:
        match event:
            case Spoken():
                self._voiced(event)
            case CallerSpeechStarted():
                self._speech_started(now_ms)
            case CallerSpeechStopped():
                self._speech_stopped()
            case Hypothesis(text):
                if text:
                    self._out(Send(transcript("user", self._item(), text, final=False)))
            case Heard(text, ended_at_ms):
                self._turn_heard(text.strip(), self._moment(ended_at_ms, now_ms), now_ms)

    def _item(self) -> str:
        self._caller_item = self._caller_item or self._new_id("item")
        return self._caller_item

    def _moment(self, at_ms: int, now_ms: float) -> float:
        """When the caller audio at this position arrived."""
        if self._heard_at_ms is None:
            return now_ms
        return min(now_ms, self._heard_at_ms - max(0.0, self._heard_ms - at_ms))

    def _speech_started(self, now_ms: float) -> None:
        self.caller_speaking = self.listening = True
        self._out(Send(SpeechStarted()))
        current = self._interruptible()
        if current is None or current.cut_ms is not None:
            return
        if current.audio_on:
            self._timers.set(Timer.HOLD, now_ms + self._config.barge_in.hold_ms)
            self._timers.set(Timer.BARGE_IN, now_ms + self._config.barge_in.interrupt_ms)
        else:
            # The caller goes on before the answer began: let it wait for the rest of the turn.
            current.playout.held = True

    def _speech_stopped(self) -> None:
        self.caller_speaking = False
        self._out(Send(SpeechStopped()))
        short = self._timers.pending(Timer.BARGE_IN)
        self._timers.clear(Timer.HOLD, Timer.BARGE_IN)
        if short and self._current is not None:
            self._current.playout.held = self._away

    def _turn_heard(self, text: str, ended_ms: float, now_ms: float) -> None:
        self._timers.clear(Timer.HOLD, Timer.BARGE_IN)
        self.caller_speaking = self.listening = False
        current = self._interruptible()
        audible = current is not None and (current.audio_on or current.cut_ms is not None)
        if not text or (audible and is_back_channel(text)):
            self._caller_item = None
            self._go_on()
            return
        item, self._caller_item = self._item(), None
        self._out(Send(transcript("user", item, text, final=True)))
        if current is not None:
            unheard = not audible and not current.complete and current.turn is not None
            if current.cut_ms is None:
                self._interrupt("caller_speech", now_ms)
            self._finish("interrupted", now_ms)
            if unheard:
                text = f"{current.prompt.text} {text}"
        if not self._divert(text, now_ms):
            self._prompts.append(Prompt(text, ended_ms))
        self._advance(now_ms)

    def _go_on(self) -> None:
        """What sounded like an interruption was none."""
        current = self._current
        if current is None:
            return
        if current.cut_ms is not None:
            self._timers.clear(Timer.CUT)
            current.playout.rewind(current.cut_ms)
            current.cut_ms = None
            current.audio_on = False
            for utterance, text in current.waiting.items():
                self._out(Say(utterance, text or self._config.lines.holding))
        current.playout.held = self._away

    # --- time

    def expired(self, timer: Timer, now_ms: float) -> None:
        current = self._current
        if current is None:
            return
        if timer is Timer.HOLD:
            current.playout.held = True
        elif timer is Timer.BARGE_IN:
            self._interrupt("caller_speech", now_ms)
        elif timer is Timer.CUT:
            self._finish("interrupted", now_ms)
            self._advance(now_ms)
        elif timer is Timer.HOLDING_LINE and not current.text and not current.waiting:
            self._say(current, self._config.lines.holding, "")

    def play(self, now_ms: float) -> None:
        """Give out the audio that is due and end what is over."""
        current = self._current
        if current is None or current.cut_ms is not None:
            return
        playout, whole = current.playout, current.all_queued
        pcm = playout.take(now_ms, whole=whole)
        if pcm:
            if not current.audio_on:
                current.audio_on = True
                self._out(Send(AudioStart(response_id=current.response_id, rate=self.rate)))
            if current.first_out_ms is None:
                current.first_out_ms = now_ms
            self._out(Play(pcm))
        if whole and playout.queued_ms == 0 and not playout.held:
            if current.audio_on and not current.audio_done:
                self._audio_done(current)
            if now_ms >= playout.ends_ms():
                self._finish("failed" if current.failed else "completed", now_ms)
                self._advance(now_ms)

    def due_ms(self) -> float | None:
        """When `play` has something to do next."""
        current = self._current
        if current is None or current.cut_ms is not None:
            return None
        due = current.playout.due_ms(whole=current.all_queued)
        if due is None and current.all_queued and current.playout.queued_ms == 0 and not current.playout.held:
            return current.playout.ends_ms()
        return due

    # --- the agent

    def agent_text(self, turn: int, text: str, now_ms: float) -> None:
        current = self._of_turn(turn)
        if current is None or not text:
            return
        self._timers.clear(Timer.HOLDING_LINE)
        self._add_text(current, text, now_ms)

    def agent_done(self, turn: int, result: TurnResult, now_ms: float) -> None:
        current = self._of_turn(turn)
        if current is None:
            return
        self.failures = 0
        self._timers.clear(Timer.HOLDING_LINE)
        if not current.text and result.answer:
            self._add_text(current, result.answer, now_ms)
        current.result = result
        for number, call in enumerate(result.tool_calls):
            call_id = f"{current.response_id}-{number}"
            self._out(Send(ToolStart(call_id=call_id, name=call.name)))
            self._out(Send(ToolDone(call_id=call_id, name=call.name, status=call.status, ms=call.ms)))
        self._complete(current, now_ms)

    def agent_failed(self, turn: int, error: OratioError, now_ms: float) -> None:
        """The answer will not come; the caller is notified in words."""
        current = self._of_turn(turn)
        if current is None:
            return
        self.failures += 1
        self._timers.clear(Timer.HOLDING_LINE)
        self._out(Send(protocol_error(error.code, str(error), fatal=False)))
        current.failed = True
        if not current.text and self.voice:
            self._add_text(current, self._config.lines.apology, now_ms)
        self._complete(current, now_ms)

    def _of_turn(self, turn: int) -> Response | None:
        current = self._current
        return current if current is not None and current.turn == turn and not current.complete else None

    def _add_text(self, current: Response, text: str, now_ms: float) -> None:
        current.text += text
        self._out(Send(transcript(current.role, current.item_id, text, final=False)))
        if self.voice:
            for piece in current.clauses.feed(text):
                self._say(current, piece, piece)
        elif current.first_out_ms is None:
            current.first_out_ms = now_ms

    def _complete(self, current: Response, now_ms: float) -> None:
        if self.voice:
            for piece in current.clauses.finish():
                self._say(current, piece, piece)
        current.complete = True
        if not self.voice:
            self._finish("failed" if current.failed else "completed", now_ms)
            self._advance(now_ms)

    def _say(self, current: Response, spoken: str, text: str) -> None:
        self._utterances += 1
        current.waiting[self._utterances] = text
        if current.cut_ms is None:
            self._out(Say(self._utterances, spoken))

    def _voiced(self, event: Spoken) -> None:
        current, utterance = self._current, event.utterance
        if current is None or utterance not in current.waiting or current.cut_ms is not None:
            return
        if current.open_utterance != utterance:
            current.open_utterance = utterance
            current.playout.segment(current.waiting[utterance])
        current.playout.push(event.pcm)
        if event.last:
            current.playout.close_segment()
            current.open_utterance = None
            del current.waiting[utterance]

    # --- the floor

    def guide(self, text: str) -> None:
        """The agent gets it with its next question."""

    def announce(self, text: str, now_ms: float, *, role: Role = "assistant") -> None:
        self._lines.append(SpokenLine(text, role))
        self._advance(now_ms)

    def yield_floor(self, now_ms: float) -> list[str]:
        prompts = [prompt.text for prompt in self._prompts]
        self._prompts.clear()
        self._lines.clear()
        self._interrupt("operator", now_ms)
        self._finish("interrupted", now_ms)
        return prompts

    def regain_floor(self, said: list[str]) -> None:
        """The agent reads the record of the conversation, which has all of it."""

    def _advance(self, now_ms: float) -> None:
        """Begin the next response when the floor is free."""
        if self._current is not None:
            return
        if self._lines:
            line = self._lines.pop(0)
            current = self._begin(Prompt("", now_ms), None, line.role)
            self._add_text(current, line.text, now_ms)
            self._complete(current, now_ms)
        elif self._prompts:
            prompt = self._prompts.pop(0)
            self._turns += 1
            self._begin(prompt, self._turns)
            if self.voice:
                self._timers.set(Timer.HOLDING_LINE, now_ms + self._config.turn.holding_ms)
            self._out(QueryAgent(self._turns, prompt.text))

    def _begin(self, prompt: Prompt, turn: int | None, role: Role = "assistant") -> Response:
        current = Response(
            response_id=self._new_id("resp"),
            item_id=self._new_id("item"),
            prompt=prompt,
            playout=Playout(lead_ms=self._config.turn.lead_ms),
            turn=turn,
            role=role,
        )
        current.playout.held = self._away or (self.caller_speaking and role == "assistant")
        self._current = current
        speaker = role if role == "operator" else None
        self._out(Send(ResponseStart(response_id=current.response_id, speaker=speaker)))
        return current

    def _interrupt(self, reason: str, now_ms: float) -> None:
        """Stop the response where the caller heard it; `_go_on` or `_finish` decides the rest."""
        current = self._current
        if current is None or current.cut_ms is not None:
            return
        current.cut_ms = current.playout.heard_ms(now_ms)
        current.playout.held = True
        self._timers.clear(Timer.HOLD, Timer.BARGE_IN)
        self._timers.set(Timer.CUT, now_ms + self._config.barge_in.cut_ms)
        if current.audio_on:
            sent_ms = current.playout.sent_ms
            self._out(Send(Interrupt(response_id=current.response_id, reason=reason, sent_ms=sent_ms)))
        if current.waiting:
            current.playout.drop_open_segment()
            current.open_utterance = None
            self._out(CancelSpeech())

    def _audio_done(self, current: Response) -> None:
        current.audio_done = True
        self._out(Send(AudioDone(response_id=current.response_id, ms=current.playout.sent_ms)))

    def _finish(self, status: ResponseStatus, now_ms: float) -> None:
        current = self._current
        if current is None:
            return
        self._current = None
        self._timers.clear(Timer.HOLD, Timer.BARGE_IN, Timer.CUT, Timer.HOLDING_LINE)
        spoken = current.text
        if status == "interrupted":
            if current.turn is not None and not current.complete:
                self._out(CancelQuery(current.turn))
            if self.voice:
                heard = current.playout.heard_ms(now_ms) if current.cut_ms is None else current.cut_ms
                spoken = current.playout.text_until(heard)
        if current.audio_on and not current.audio_done:
            self._audio_done(current)
        self._out(Send(transcript(current.role, current.item_id, spoken, final=True)))
        self._out(Send(ResponseDone(response_id=current.response_id, status=status, spoken_text=spoken)))
        if current.result is not None:
            used = current.result.usage
            report = UsageReport(
                response_id=current.response_id, input_tokens=used.input_tokens, output_tokens=used.output_tokens
            )
            self._out(Send(report))
        if current.turn is not None:
            self._out(self._record(current, spoken, status))

    def _record(self, current: Response, spoken: str, status: str) -> TurnEnded:
        first, asked = current.first_out_ms, current.prompt.ended_ms
        latency_ms = None if first is None else round(first - asked)
        return TurnEnded(
            turn=current.turn or 0,
            prompt=current.prompt.text,
            spoken=spoken,
            status=status,
            latency_ms=latency_ms,
            dead_air_ms=(latency_ms or 0) + round(current.playout.dry_ms),
            result=current.result,
        )

    # --- the line

    def lose_line(self, now_ms: float) -> None:
        """The client has disconnected, and may come back: what it has not heard waits for it."""
        self._away = True
        self.caller_speaking = False
        self._timers.clear(Timer.HOLD, Timer.BARGE_IN)
        if self._current is not None:
            playout = self._current.playout
            playout.rewind(playout.heard_ms(now_ms))
            playout.held = True

    def regain_line(self) -> None:
        self._away = False
        current = self._current
        if current is not None and current.cut_ms is None:
            current.audio_on = current.audio_done = False
            current.playout.held = False

    def restart_speech(self) -> bool:
        """A new speech model took over: ask it again for what the old one owed. True when a caller's turn was lost."""
        lost, self.caller_speaking, self.listening = self.listening, False, False
        self._heard_ms = 0.0
        current = self._current
        if current is not None:
            current.playout.drop_open_segment()
            current.open_utterance = None
            if current.cut_ms is None:
                self._timers.clear(Timer.HOLD, Timer.BARGE_IN)
                current.playout.held = self._away
                for utterance, text in current.waiting.items():
                    self._out(Say(utterance, text or self._config.lines.holding))
        return lost

    def lose_voice(self, now_ms: float) -> None:
        """Speech output has failed for good: what is left is said in writing."""
        self.voice = False
        self._timers.clear(Timer.HOLDING_LINE)
        current = self._current
        if current is not None and current.complete:
            self._finish("failed" if current.failed else "completed", now_ms)
            self._advance(now_ms)

    def end(self, now_ms: float) -> None:
        """The call is over: the current response is closed as it is, nothing else begins."""
        self._prompts.clear()
        self._lines.clear()
        if self._current is not None:
            self._interrupt("ended", now_ms)
            self._finish("interrupted", now_ms)
