"""The part of a call that only a speech-to-speech model needs: its brief, its guidance, its turns for the record."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from oratio.domain.conversations.conversation import Turn
from oratio.ports.dialogue import DialogueBrief, Dialogues, DialogueSession, Tool
from voice_server.session import effects as do
from voice_server.turns.realtime.questions import ASK_AGENT

_USE = f"""\

# How to answer on this line

You hold the conversation; the procedures and documents above are those of an agent you ask by the tool `{ASK_AGENT}`.

- Ask it before you state a fact, a price, a rule or a step, and whenever the caller wants something done, or wants a
  human. Put what the caller wants into one self-contained question, in the caller's own language.
- Say in a few words that you are looking it up, then call the tool.
- Tell its answer in your own short spoken sentences. Add nothing to it. When `answered` is false, say that you do not
  know. When there is a `handoff`, say that a person will be asked to take over.
- When the answer holds `callerHeard`, the caller broke in there and heard no more than that.
- Greetings, small talk and asking to repeat need no tool.
- Words in square brackets that say they come from the system are instructions to you; the caller never hears of them.
"""
ASK = Tool(
    ASK_AGENT,
    "Asks the company's agent, which knows the procedures and documents and can hand over to a human.",
    {
        "type": "object",
        "properties": {"question": {"type": "string", "description": "What the caller wants to know or have done."}},
        "required": ["question"],
    },
)


def brief_of(prompt: bytes) -> DialogueBrief:
    """The call's beginning from a version's `prompt.md`."""
    return DialogueBrief(prompt.decode() + _USE, (ASK,))


class RealtimeConversation:
    """Carries out what a `RealtimeTurns` asks for.

    Args:
        brief: Reads the brief; called in a thread.
    """

    def __init__(self, model: Dialogues, brief: Callable[[], DialogueBrief]) -> None:
        self._model = model
        self._brief = brief
        self._session: DialogueSession | None = None
        # What came before the model was there.
        self._waiting: deque[do.DialogueEffect] = deque()
        # The turn that is being held, and since when (ms since 1970).
        self._turn = (0, 0)

    async def open(self) -> DialogueSession:
        """Raises `Unavailable` as `Dialogues.converse`, and `NotFound` when there is no such version."""
        session = await self._model.converse(await asyncio.to_thread(self._brief))
        self._session = session
        while self._waiting:
            self.carry_out(self._waiting.popleft())
        return session

    def carry_out(self, effect: do.DialogueEffect) -> None:
        if self._session is None:
            self._waiting.append(effect)
            return
        match effect:
            case do.CallerTyped(text):
                self._session.tell(text)
            case do.ToolResult(call_id, result, failed):
                self._session.answer(call_id, result, failed=failed)
            case do.ReplyHeard(reply, text):
                self._session.heard(reply, text)
            case do.AddGuidance(note):
                self._session.inform(note)
            case do.MuteModel(on):
                self._session.silence(on)

    def begins(self, turn: do.TurnEnded) -> bool:
        """Return True if this is the first news of a turn."""
        if turn.turn == self._turn[0] and self._turn[1]:
            return False
        self._turn = (turn.turn, time.time_ns() // 1_000_000)
        return True

    def turn(self, turn: do.TurnEnded) -> Turn:
        """A turn for the record; stored again, it has the same `at` and replaces the earlier one."""
        assert turn.result is not None
        return Turn(
            at=self._turn[1],
            prompt=turn.prompt,
            result=turn.result,
            latency_ms=turn.latency_ms or 0,
            interrupted=turn.status == "interrupted",
            dead_air_ms=turn.dead_air_ms,
        )
