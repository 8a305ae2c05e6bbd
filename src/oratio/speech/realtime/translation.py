"""Strands' bidirectional events as the port's; the only file that knows their names."""

import base64
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from oratio.audio import Resampler, to_pcm
from oratio.ports.dialogue import (
    BargedIn,
    DialogueEvent,
    ReplyAudio,
    ReplyEnded,
    ReplyText,
    ToolAsked,
    UsageSpent,
)
from oratio.ports.speech import OUTPUT_RATE, Heard, Hypothesis, Spoken

PIECE = "oratio_piece"
"""An event of our own: a piece of the reply begins that `FINAL_TEXT` will come for."""

FINAL_TEXT = "oratio_final_text"
"""An event of our own: `text`, the words that were really spoken of the oldest open piece."""


class Translation:
    """The events of one connection.

    Replies are numbered through the whole call, so a new connection goes on counting from `reply`. A reply begins
    with its first word or sound: some models open a response for the caller's own words.

    Args:
        rate: Hz of the audio the model gives out.
    """

    def __init__(self, rate: int, *, reply: int = 0) -> None:
        self.reply = reply
        # The reply that is being given, None between replies.
        self.open: int | None = None
        # The line that was asked for by `say` and that the next words are; None: words are a reply.
        self.line: int | None = None
        self._caller = ""
        # Replies by the pieces whose final words are still to come; None for a line.
        self._unspoken: deque[int | None] = deque()
        self._resampler = Resampler(rate, OUTPUT_RATE) if rate != OUTPUT_RATE else None

    def events(self, event: Mapping[str, Any], ended_at_ms: int) -> list[DialogueEvent]:
        """What an event of the model means; `ended_at_ms`: where the caller's newest speech ended."""
        match event.get("type"):
            case "bidi_transcript_start" if event["role"] == "user":
                self._caller = ""
            case "bidi_transcript_delta" if event["role"] == "user":
                self._caller += event["delta"]
                return [Hypothesis(self._caller.strip())]
            case "bidi_transcript_delta":
                return self._words(event["delta"])
            case "bidi_transcript_stop" if event["role"] == "user":
                text, self._caller = self._caller.strip(), ""
                return [Heard(text, ended_at_ms)] if text else []
            case "bidi_audio_delta":
                return self._sound(base64.b64decode(event["audio"]))
            case "bidi_response_stop":
                return self.end()
            case "bidi_barge_in":
                self._unspoken.clear()
                return [*self.end(), BargedIn()]
            case "bidi_tool_use_blocks":
                return [ToolAsked(use["toolUseId"], use["name"], use["input"]) for use in event["tool_uses"]]
            case "bidi_usage":
                return [_usage(event)]
            case kind if kind == PIECE:
                self._unspoken.append(self._begin() if self.line is None else None)
            case kind if kind == FINAL_TEXT:
                reply = self._unspoken.popleft() if self._unspoken else None
                return [] if reply is None else [ReplyText(reply, event["text"], final=True)]
        return []

    def _begin(self) -> int:
        if self.open is None:
            self.reply += 1
            self.open = self.reply
        return self.open

    def _words(self, text: str) -> list[DialogueEvent]:
        return [ReplyText(self._begin(), text, final=False)] if text and self.line is None else []

    def _sound(self, pcm: bytes) -> list[DialogueEvent]:
        if self._resampler is not None:
            pcm = to_pcm(self._resampler.feed(np.frombuffer(pcm, "<i2").astype(np.float32)))
        if self.line is not None:
            return [Spoken(self.line, pcm, last=False)]
        return [ReplyAudio(self._begin(), pcm)]

    def end(self) -> list[DialogueEvent]:
        """The reply, or the line, is over."""
        if self.line is not None:
            line, self.line = self.line, None
            return [Spoken(line, b"", last=True)]
        reply, self.open = self.open, None
        return [] if reply is None else [ReplyEnded(reply)]


def _usage(event: Mapping[str, Any]) -> UsageSpent:
    given, taken = event.get("input_token_details") or {}, event.get("output_token_details") or {}
    return UsageSpent(event["input_tokens"], event["output_tokens"], given.get("audio", 0), taken.get("audio", 0))
