"""What has been said and looked up so far, read from Strands messages."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class ToolReply(NamedTuple):
    """One finished tool call of the current turn.

    Attributes:
        name: The tool's name; empty when the call itself is not in the messages.
        input: What it was called with.
        ok: False when the tool failed or timed out.
        result: Its JSON, or `{"text": ...}` for a textual result.
    """

    name: str
    input: dict[str, Any]
    ok: bool
    result: dict[str, Any]


class PastTurn(NamedTuple):
    """One finished turn: what the caller said and what was answered."""

    user: str
    assistant: str


class ChatHistory(NamedTuple):
    """The conversation as the rules see it.

    Attributes:
        past: Finished turns, oldest first.
        prompt: What the caller said last.
        replies: The tool calls already made for it, in order.
    """

    past: tuple[PastTurn, ...]
    prompt: str
    replies: tuple[ToolReply, ...]

    @property
    def last_reply(self) -> str:
        """What the agent said last, or empty."""
        return self.past[-1].assistant if self.past else ""


def read(messages: Sequence[Any]) -> ChatHistory:
    """The transcript of a list of Strands messages; total: what it does not know it skips."""
    past: list[PastTurn] = []
    prompt, said, replies = "", "", list[ToolReply]()
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for message in messages:
        blocks = message.get("content") or []
        text = "\n".join(block["text"] for block in blocks if isinstance(block.get("text"), str))
        if message.get("role") == "assistant":
            said = "\n".join(part for part in (said, text) if part)
            for block in blocks:
                if call := block.get("toolUse"):
                    calls[str(call.get("toolUseId"))] = (str(call.get("name", "")), _dict(call.get("input")))
            continue
        results = [block["toolResult"] for block in blocks if isinstance(block.get("toolResult"), dict)]
        if results:
            replies.extend(_reply(result, calls) for result in results)
            continue
        if prompt or said:
            past.append(PastTurn(prompt, said))
        prompt, said, replies = text, "", []
    if said and not replies:
        past.append(PastTurn(prompt, said))
        prompt = ""
    return ChatHistory(tuple(past), prompt.strip(), tuple(replies))


def _reply(result: dict[str, Any], calls: dict[str, tuple[str, dict[str, Any]]]) -> ToolReply:
    name, arguments = calls.get(str(result.get("toolUseId")), ("", {}))
    content: dict[str, Any] = {}
    for part in result.get("content") or []:
        if isinstance(part.get("json"), dict):
            content.update(part["json"])
        elif isinstance(part.get("text"), str):
            content.setdefault("text", part["text"])
    return ToolReply(name, arguments, result.get("status", "success") == "success", content)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
