"""What was said in a call, as the next connection receives it: replies cut to what the caller heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from strands.types.content import Message as StrandsMessage
from strands.types.content import Messages

from oratio.domain.conversations.conversation import Message

_KEPT = 80


@dataclass(slots=True)
class _Entry:
    role: Literal["user", "assistant"]
    text: str
    # The reply it came from; None for words of the caller, or a line said by order.
    reply: int | None = None


class History:
    def __init__(self, before: Sequence[Message] = ()) -> None:
        self._entries = [_Entry(message.role, message.text) for message in before]

    def user(self, text: str) -> None:
        self._add(_Entry("user", text))

    def line(self, text: str) -> None:
        """Something the model said by order."""
        self._add(_Entry("assistant", text))

    def reply(self, reply: int, text: str) -> None:
        """What a reply is about to say; pieces are joined."""
        last = next((entry for entry in reversed(self._entries) if entry.reply == reply), None)
        if last is None:
            self._add(_Entry("assistant", text, reply))
        else:
            last.text += text

    def heard(self, reply: int, text: str) -> None:
        """What the caller heard of a reply; one of which nothing was heard was never said."""
        kept = []
        for entry in self._entries:
            if entry.reply == reply:
                entry.text = text
            if entry.text:
                kept.append(entry)
        self._entries = kept

    def _add(self, entry: _Entry) -> None:
        self._entries.append(entry)
        del self._entries[:-_KEPT]

    @property
    def unanswered(self) -> str:
        """The caller's last words when nothing was said after them, else empty."""
        return self._entries[-1].text if self._entries and self._entries[-1].role == "user" else ""

    def messages(self, *, without_unanswered: bool = False) -> Messages:
        """As Strands wants it: from a user's message on, roles by turns."""
        entries = self._entries[:-1] if without_unanswered and self.unanswered else self._entries
        messages: Messages = []
        for entry in entries:
            text = entry.text.strip()
            if not text or (not messages and entry.role == "assistant"):
                continue
            if messages and messages[-1]["role"] == entry.role:
                messages[-1]["content"][0]["text"] += f"\n{text}"
            else:
                messages.append(StrandsMessage(role=entry.role, content=[{"text": text}]))
        return messages
