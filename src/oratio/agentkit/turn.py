"""Recorder of what happens in one turn, and the events that an agent's application sends of it.

The events are `delta` any number of times, then `done` or `error`: the one schema for agents, the agent host, the
runtimes' adapters and the API (`oratio.protocol.turn`).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

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
        """The turn's result, in the wire form of `TurnResult`.

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


# --- the events


class _Part(BaseModel):
    """Frozen, closed, camelCase on the wire."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Citation(_Part):
    """A document behind an answer. `score` is the passage's retrieval score, 0 to 1."""

    path: str
    excerpt: str
    score: float
    page: int | None = None
    heading: str | None = None


class Handoff(_Part):
    """A request that a human takes over: why, and what the human needs to know."""

    reason: str
    summary: str


class SopStep(_Part):
    """A plan step that shaped a reply, with the SOP lines it came from (1-based, inclusive)."""

    step_id: str
    title: str
    line_start: int
    line_end: int


class Usage(_Part):
    """Tokens a turn cost at the model; zero for `builtin`."""

    input_tokens: int = 0
    output_tokens: int = 0


class ToolCall(_Part):
    """One tool the agent used in a turn.

    Attributes:
        started_ms: When it was called, counted from the turn's beginning; None from an agent that does not say.
    """

    name: str
    status: Literal["success", "error"]
    ms: int
    started_ms: int | None = None


class TurnResult(_Part):
    """What the agent answered to one prompt.

    Attributes:
        answered: False when the documents do not answer; then `citations` is empty.
        model: Which model answered: `builtin`, or the provider's name.
    """

    answer: str
    answered: bool
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None
    sop_steps: tuple[SopStep, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    model: str = ""


class _Event(BaseModel):
    """Frozen; fields that a newer agent added are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def wire(self) -> dict[str, Any]:
        """Return the event as the JSON object that is sent."""
        return self.model_dump(mode="json")


class TurnDelta(_Event):
    """A piece of the answer's text, in order."""

    type: Literal["delta"] = "delta"
    text: str


class TurnDone(_Event):
    """The end of a turn that was answered."""

    type: Literal["done"] = "done"
    result: TurnResult


class TurnError(_Event):
    """The end of a turn that was not; the message holds nothing of the caller's words."""

    type: Literal["error"] = "error"
    code: str
    message: str


AgentTurnEvent = TurnDelta | TurnDone | TurnError

TURN_EVENTS: TypeAdapter[AgentTurnEvent] = TypeAdapter(Annotated[AgentTurnEvent, Field(discriminator="type")])
