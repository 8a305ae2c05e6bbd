"""The wish for a human inside a call: asked for, waited on, and a message when no one comes. Pure."""

import re
from collections.abc import Callable

from oratio.domain.conversations.conversation import Handoff
from oratio.protocol.voice_events import HandoffMessage, HandoffProgress
from voice_server.session.config import SessionConfig
from voice_server.session.effects import CallChanged, Effect, HandoffFailed, HandoffStarted, RecordWords, Send
from voice_server.session.timers import Timer, Timers
from voice_server.turns.base import TurnController

_PROMPT = "I want to speak to a human agent."
_WANTED = Handoff(reason="The caller asked for a human.", summary="")
_DECLINED = re.compile(
    r"(?:(?:no|nope|nothing|never ?mind|no,? thank(?:s| you)|thank(?:s| you)|that'?s (?:all|fine|okay)|goodbye|bye)"
    r"[\s.,!]*)+",
    re.IGNORECASE,
)


class HumanHandoff:
    """At most one wish at a time.

    Order: `handoff.started`, then an operator comes (`connected`), or no one does: `handoff.failed`, and the next thing
    the caller says is the message to pass on.
    """

    def __init__(
        self, *, config: SessionConfig, timers: Timers, floor: TurnController, out: Callable[[Effect], None]
    ) -> None:
        self._config = config
        self._timers = timers
        self.floor = floor
        self._out = out
        # The agent has been asked to hand over and has not answered.
        self._asked = False
        # Set while a human is waited for.
        self.wanted: Handoff | None = None
        # Set while a message is waited for.
        self._unmet: Handoff | None = None

    def request(self, now_ms: float) -> None:
        """The caller wants one; the agent is asked, so that reason and summary follow the SOP."""
        if self.wanted is None and not self._asked:
            self._asked = True
            self.floor.request(_PROMPT, now_ms)

    def answered(self, handoff: Handoff | None, now_ms: float) -> None:
        """A turn of the agent ended, perhaps with a hand-off."""
        if handoff is None and not self._asked:
            return
        self._asked = False
        if self.wanted is not None:
            return
        self.wanted = handoff or _WANTED
        self._unmet = None
        self._out(Send(HandoffProgress(type="handoff.started", reason=self.wanted.reason, summary=self.wanted.summary)))
        self._out(HandoffStarted(self.wanted))
        self._timers.set(Timer.HANDOFF, now_ms + self._config.operator.handoff_ms)
        self._out(CallChanged())

    def connected(self) -> None:
        """An operator has the call."""
        handoff = self.wanted or Handoff(reason="An operator joined the call.", summary="")
        self._settled()
        self._out(Send(HandoffProgress(type="handoff.connected", reason=handoff.reason, summary=handoff.summary)))

    def nobody_came(self, now_ms: float) -> None:
        handoff = self.wanted
        if handoff is None:
            return
        self._settled()
        self._unmet = handoff
        self._out(Send(HandoffProgress(type="handoff.failed", reason="no_operator", summary=handoff.summary)))
        self._out(CallChanged())
        self.floor.announce(self._config.lines.no_operator, now_ms)

    def take_message(self, text: str, now_ms: float) -> bool:
        """Whether these words of the caller are the message to pass on, or that there is none."""
        handoff, self._unmet = self._unmet, None
        if handoff is None:
            return False
        message = None if _DECLINED.fullmatch(text.strip()) else text
        if message is not None:
            self._out(Send(HandoffMessage(text=message)))
        self._out(HandoffFailed(handoff, "no_operator", message))
        line = self._config.lines.no_message if message is None else self._config.lines.message_taken
        self._out(RecordWords(text, line, "assistant"))
        self.floor.announce(line, now_ms)
        return True

    def end(self) -> None:
        """The call ended; a waiting hand-off ends without a human."""
        if self._unmet is not None:
            self._out(HandoffFailed(self._unmet, "no_operator", None))
        elif self.wanted is not None:
            self._out(HandoffFailed(self.wanted, "call_ended", None))
        self._settled()

    def _settled(self) -> None:
        self._asked, self.wanted, self._unmet = False, None, None
        self._timers.clear(Timer.HANDOFF)
