"""One turn of a call that a speech-to-speech model holds, as the record gets it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from oratio.domain.conversations.conversation import TurnResult, Usage
from oratio.ports.dialogue import UsageSpent
from voice_server.session.effects import TurnEnded


@dataclass(slots=True)
class RealtimeTurn:
    """From the end of the caller's words to their next."""

    number: int
    prompt: str
    ended_ms: float
    spoken: list[str] = field(default_factory=list)
    interrupted: bool = False
    latency_ms: int | None = None
    dry_ms: float = 0.0
    results: list[TurnResult] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    # When the last reply was over, while an answer is still owed.
    silent_ms: float | None = None

    def audible(self, now_ms: float) -> None:
        """A reply is heard from now on."""
        if self.latency_ms is None and self.number:
            self.latency_ms = round(now_ms - self.ended_ms)
        elif self.silent_ms is not None:
            self.dry_ms += now_ms - self.silent_ms
        self.silent_ms = None

    def spent(self, usage: UsageSpent) -> None:
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens

    def record(self, status: str) -> TurnEnded:
        """The turn as far as it goes; a later reply to the same words replaces it."""
        spoken = " ".join(self.spoken)
        last = self.results[-1] if self.results else TurnResult(answer="", answered=True)
        usage = Usage(
            input_tokens=self.input_tokens + sum(result.usage.input_tokens for result in self.results),
            output_tokens=self.output_tokens + sum(result.usage.output_tokens for result in self.results),
        )
        every = {name: tuple(self._all(name)) for name in ("citations", "sop_steps", "tool_calls")}
        return TurnEnded(
            turn=self.number,
            prompt=self.prompt,
            spoken=spoken,
            status=status,
            latency_ms=self.latency_ms,
            dead_air_ms=(self.latency_ms or 0) + round(self.dry_ms),
            result=last.model_copy(update={"answer": spoken, "usage": usage, **every}),
        )

    def _all(self, name: str) -> Iterator[Any]:
        for result in self.results:
            yield from getattr(result, name)
