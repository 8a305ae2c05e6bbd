"""What happens in one turn, and the result that is made of it."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from oratio.agentkit.attribution import attribute

trace: ContextVar[str] = ContextVar("oratio_trace", default="")
"""The span of the turn that this task works on, if the host traces; calls to the gateway name it."""

type Status = Literal["success", "error"]


@dataclass(slots=True)
class Provenance:
    """What a model says its answer rests on."""

    answered: bool
    passage_ids: tuple[str, ...]
    step_ids: tuple[str, ...]


@dataclass(slots=True)
class TurnRecorder:
    """One per session; `begin` empties it for the next turn. Tools of one turn may write from several threads.

    Attributes:
        passages: Passages found in this turn, by id.
        steps: Ids of the plan steps used in this turn, in order, without repeats.
        searches: How many searches were tried in this turn, failed ones included.
    """

    monotonic: Callable[[], float] = time.monotonic
    prompt: str = ""
    begun: float = 0.0
    deadline: float = 0.0
    passages: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: dict[str, None] = field(default_factory=dict)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    handoff: dict[str, str] | None = None
    searches: int = 0
    provenance: Provenance | None = None

    def begin(self, prompt: str, seconds: float) -> None:
        """Forget the turn before; this one has `seconds` from now."""
        self.prompt = prompt
        self.begun = self.monotonic()
        self.deadline = self.begun + seconds
        self.passages, self.steps, self.tool_calls = {}, {}, []
        self.handoff, self.searches, self.provenance = None, 0, None

    def remaining_s(self) -> float:
        return max(0.0, self.deadline - self.monotonic())

    def note_steps(self, step_ids: Iterable[str]) -> None:
        self.steps.update(dict.fromkeys(step_ids))

    def note_tool_call(self, name: str, status: Status, ms: int) -> None:
        """Note a call that has just ended."""
        ended_ms = round((self.monotonic() - self.begun) * 1000)
        self.tool_calls.append({"name": name, "status": status, "ms": ms, "startedMs": max(0, ended_ms - ms)})

    def note_provenance(self, value: object) -> None:
        """Keep what a model's `oratioProvenance` event says; one that is malformed counts as none."""
        if not isinstance(value, dict):
            return
        passages, steps = value.get("passageIds"), value.get("stepIds")
        if isinstance(passages, list) and isinstance(steps, list):
            self.provenance = Provenance(
                answered=bool(value.get("answered")),
                passage_ids=tuple(map(str, passages)),
                step_ids=tuple(map(str, steps)),
            )

    def result(self, answer: str, steps: Mapping[str, Any], usage: Mapping[str, int], model: str) -> dict[str, Any]:
        """The turn's result, in the wire form of `domain.conversation.TurnResult`.

        With provenance the citations are exactly its passages. Without, they are those the answer's sentences
        rest on, and the turn counts as answered when there is one, or when nothing was searched for.
        """
        if self.provenance is not None:
            answered = self.provenance.answered
            cited = self.provenance.passage_ids
            used = dict.fromkeys((*self.provenance.step_ids, *self.steps))
        else:
            cited = tuple(attribute(answer, self.prompt, self.passages.values()))
            answered = bool(cited) or self.searches == 0
            used = dict.fromkeys(self.steps)
        return {
            "answer": answer,
            "answered": answered,
            "citations": [_citation(self.passages[key]) for key in cited if key in self.passages] if answered else [],
            "handoff": self.handoff,
            "sopSteps": [_sop_step(steps[key]) for key in used if key in steps],
            "toolCalls": list(self.tool_calls),
            "usage": {"inputTokens": usage.get("inputTokens", 0), "outputTokens": usage.get("outputTokens", 0)},
            "model": model,
        }


def _citation(passage: Mapping[str, Any]) -> dict[str, Any]:
    return {key: passage[key] for key in ("path", "excerpt", "score", "page", "heading")}


def _sop_step(step: Any) -> dict[str, Any]:
    return {"stepId": step.step_id, "title": step.title, "lineStart": step.line_start, "lineEnd": step.line_end}
