"""A session in a test's hands: time is a number, the client's end is played out by the test."""

import json
from typing import Any

from oratio.domain.conversations.conversation import TurnResult
from oratio.ports.dialogue import DialogueEvent
from oratio.ports.speech import CallerSpeechStarted, CallerSpeechStopped, Heard, SpeechEvent, Spoken
from oratio.protocol.operator import OperatorStart
from oratio.protocol.voice_events import CallAgent
from tests.voice_server.fakes import spoken_pcm
from voice_server.session import effects as do
from voice_server.session.config import SessionConfig
from voice_server.session.session import CallIdentity, Session

CONFIG = SessionConfig()


class Machine:
    """A session, and everything it has asked for."""

    def __init__(self, config: SessionConfig = CONFIG, *, speaks: bool = True, dialogue: bool = False) -> None:
        self.now = 1_000.0
        who = CallIdentity("s1", "token", CallAgent(agent_id="a1"))
        self.session = Session(who, config, speaks=speaks, dialogue=dialogue, now_ms=self.now)
        self.done: list[do.Effect] = []
        # What the fake voice still has to say; hushed texts leave it.
        self.to_say: list[do.Say] = []

    def _collect(self) -> None:
        for effect in self.session.effects():
            self.done.append(effect)
            if isinstance(effect, do.Say):
                self.to_say.append(effect)
            elif isinstance(effect, do.CancelSpeech):
                self.to_say.clear()

    def client(self, kind: str, **fields: Any) -> None:
        self.session.receive(json.dumps({"type": kind, **fields}), self.now)
        self._collect()

    def frame(self, frame: str | bytes) -> None:
        self.session.receive(frame, self.now)
        self._collect()

    def start(self, **fields: Any) -> None:
        self.client("session.start", **fields)

    def operator(self, line: int = 1, name: str = "ada", **start: Any) -> dict[str, Any]:
        """An operator's line begins; what it is told first."""
        self.session.join(line, name, OperatorStart(type="operator.start", **start), self.now)
        self._collect()
        return self.told(line)[-1]

    def operates(self, kind: str, line: int = 1, **fields: Any) -> None:
        self.session.desk.receive(line, json.dumps({"type": kind, **fields}), self.now)
        self._collect()

    def operator_audio(self, audio: bytes, line: int = 1) -> None:
        self.session.desk.receive(line, audio, self.now)
        self._collect()

    def hangs_up(self, line: int = 1) -> None:
        self.session.desk.leave(line, self.now)
        self._collect()

    def told(self, line: int = 1) -> list[dict[str, Any]]:
        """What an operator's line was told."""
        tells = [
            effect for effect in self.done if isinstance(effect, do.NotifyOperators) and effect.line in (None, line)
        ]
        return [tell.message.wire() for tell in tells]

    def effects[E](self, kind: type[E]) -> list[E]:
        return [effect for effect in self.done if isinstance(effect, kind)]

    def speech(self, event: SpeechEvent) -> None:
        self.session.speech(event, self.now)
        self._collect()

    def model(self, *events: DialogueEvent) -> None:
        """What a speech-to-speech model gives out."""
        for event in events:
            self.session.dialogue(event, self.now)
        self._collect()

    def caller_says(self, text: str) -> None:
        """A whole spoken turn, heard at once."""
        self.speech(CallerSpeechStarted(0))
        self.speech(CallerSpeechStopped(0))
        self.speech(Heard(text, 0))

    def answer(self, text: str, *, turn: int | None = None, result: TurnResult | None = None) -> None:
        """The agent's whole answer to the newest question."""
        turn = turn or self.asked[-1].turn
        self.session.agent_text(turn, text, self.now)
        self.session.agent_done(turn, result or TurnResult(answer=text, answered=True), self.now)
        self._collect()

    def voice(self) -> None:
        """Synthesise all that was asked for."""
        waiting, self.to_say = self.to_say, []
        for effect in waiting:
            self.speech(Spoken(effect.utterance, spoken_pcm(effect.text), last=True))

    def run(self, ms: float) -> None:
        """Let time pass, ticking whenever the session wants to."""
        end = self.now + ms
        while True:
            due = self.session.next_ms()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.session.tick(self.now)
            self._collect()
        self.now = end
        self.session.tick(self.now)
        self._collect()

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [effect.message.wire() for effect in self.done if isinstance(effect, do.Send)]

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.sent]

    def last(self, kind: str) -> dict[str, Any]:
        return next(message for message in reversed(self.sent) if message["type"] == kind)

    @property
    def asked(self) -> list[do.QueryAgent]:
        return [effect for effect in self.done if isinstance(effect, do.QueryAgent)]

    @property
    def played(self) -> int:
        """Bytes of agent audio given out."""
        return sum(len(effect.pcm) for effect in self.done if isinstance(effect, do.Play))

    @property
    def closed(self) -> do.Close | None:
        return next((effect for effect in self.done if isinstance(effect, do.Close)), None)

    @property
    def records(self) -> list[do.TurnEnded]:
        return [effect for effect in self.done if isinstance(effect, do.TurnEnded)]
