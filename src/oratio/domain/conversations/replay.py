"""Recorded conversations asked again of two versions, side by side."""

from collections.abc import Iterable, Sequence
from typing import Literal

from oratio.domain.conversations.conversation import Channel, Citation, Handoff, TurnResult
from oratio.domain.refs import Value

type Difference = Literal["answer", "answered", "sources", "handoff", "failure"]


class ReplayedTurn(Value):
    """What one version said to one prompt; `error` is set instead of an answer when it failed."""

    answer: str = ""
    answered: bool = False
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None
    latency_ms: int = 0
    error: str = ""


class TurnComparison(Value):
    """One recorded prompt, and what both versions say to it now; `changed` names where they differ."""

    prompt: str
    live: ReplayedTurn
    candidate: ReplayedTurn
    changed: tuple[Difference, ...]


class ReplayedConversation(Value):
    conversation_id: str
    channel: Channel
    started_at: int
    turns: tuple[TurnComparison, ...]


class Latency(Value):
    """Of one version over all turns, ms."""

    p50_ms: int = 0
    p95_ms: int = 0


class ReplaySummary(Value):
    turns: int
    changed_answers: int
    changed_sources: int
    changed_handoffs: int
    live_failures: int
    candidate_failures: int
    live_latency: Latency
    candidate_latency: Latency


class ReplayReport(Value):
    """The whole replay; `complete` is False when there were more turns than one replay plays."""

    agent_id: str
    version: int
    live_version: int
    complete: bool
    summary: ReplaySummary
    conversations: tuple[ReplayedConversation, ...]


def replayed(result: TurnResult, latency_ms: int) -> ReplayedTurn:
    return ReplayedTurn(
        answer=result.answer,
        answered=result.answered,
        citations=result.citations,
        handoff=result.handoff,
        latency_ms=latency_ms,
    )


def compare(prompt: str, live: ReplayedTurn, candidate: ReplayedTurn) -> TurnComparison:
    """Both turns with what differs: words (not spacing), files cited, whether a human was called, failures."""
    changed: list[Difference] = []
    if bool(live.error) != bool(candidate.error):
        changed.append("failure")
    if live.answer.split() != candidate.answer.split():
        changed.append("answer")
    if live.answered != candidate.answered:
        changed.append("answered")
    if {each.path for each in live.citations} != {each.path for each in candidate.citations}:
        changed.append("sources")
    if (live.handoff is None) != (candidate.handoff is None):
        changed.append("handoff")
    return TurnComparison(prompt=prompt, live=live, candidate=candidate, changed=tuple(changed))


def summarise(turns: Sequence[TurnComparison]) -> ReplaySummary:
    return ReplaySummary(
        turns=len(turns),
        changed_answers=sum("answer" in turn.changed for turn in turns),
        changed_sources=sum("sources" in turn.changed for turn in turns),
        changed_handoffs=sum("handoff" in turn.changed for turn in turns),
        live_failures=sum(bool(turn.live.error) for turn in turns),
        candidate_failures=sum(bool(turn.candidate.error) for turn in turns),
        live_latency=_latency(turn.live for turn in turns),
        candidate_latency=_latency(turn.candidate for turn in turns),
    )


def _latency(turns: Iterable[ReplayedTurn]) -> Latency:
    found = sorted(turn.latency_ms for turn in turns if not turn.error)
    if not found:
        return Latency()
    return Latency(p50_ms=found[len(found) // 2], p95_ms=found[min(len(found) - 1, len(found) * 95 // 100)])
