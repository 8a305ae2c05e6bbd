"""Figures of many conversations: per agent, per day, and both."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

from oratio.domain.conversations.conversation import Channel, Conversation, Turn, Usage
from oratio.domain.conversations.conversation_stats import ConversationStats, ModelUse
from oratio.domain.cost import NO_PRICES, CostEstimate, Prices, StageUse, conversation_cost, total_cost
from oratio.domain.plan.rehearsal import RehearsalReport
from oratio.domain.refs import Value

_MOST_WAITS = 200
_MOST_PATHS = 50
_MOST_REASONS = 20
_SEARCH = "search_knowledge_base"


class Figures(Value):
    """What a group of conversations comes to.

    Attributes:
        calls: Conversations by voice.
        call_ms: How long the calls were, in all.
        wait_p50_ms: Half of the callers waited at most this long: in a call to the first sound, in text to the answer.
            None without a turn.
        failed: Turns that came to nothing because the agent failed.
        cost_estimate: None when that of a conversation is not known.
    """

    conversations: int
    calls: int
    call_ms: int
    turns: int
    handoffs: int
    answered: int
    sourced: int
    unanswered: int
    interrupted: int
    tool_errors: int
    failed: int
    dead_air_ms: int
    voice_wait_p50_ms: int | None
    voice_wait_p95_ms: int | None
    text_wait_p50_ms: int | None
    text_wait_p95_ms: int | None
    usage: Usage
    cost_estimate: CostEstimate | None = None


class AgentFigures(Value):
    """One agent's figures; `last_at`: when it was last talked to."""

    agent_id: str
    last_at: int
    figures: Figures


class DayFigures(Value):
    """One day's figures of one agent, or of all (`agent_id` is None); it begins at `began_at`."""

    day: str
    began_at: int
    agent_id: str | None
    figures: Figures


class ReasonCount(Value):
    reason: str
    count: int


class Report(Value):
    """Figures since a moment; `complete` is false when there were more conversations than are counted."""

    since: int
    until: int
    complete: bool
    total: Figures
    agents: tuple[AgentFigures, ...]
    days: tuple[DayFigures, ...]
    reasons: tuple[ReasonCount, ...]


def tally(turns: Sequence[Turn], *, failed: int = 0) -> ConversationStats:
    """Count one conversation's turns."""
    spoken = [turn for turn in turns if turn.result.answer and turn.role == "assistant"]
    paths = dict.fromkeys(citation.path for turn in turns for citation in turn.result.citations)
    return ConversationStats(
        waits_ms=tuple(turn.latency_ms for turn in spoken if turn.latency_ms)[-_MOST_WAITS:],
        dead_air_ms=sum(turn.dead_air_ms or 0 for turn in turns),
        answered=sum(turn.result.answered for turn in turns),
        sourced=sum(bool(turn.result.citations) for turn in turns),
        unanswered=sum(is_unanswered(turn) for turn in turns),
        interrupted=sum(turn.interrupted for turn in turns),
        tool_errors=sum(call.status == "error" for turn in turns for call in turn.result.tool_calls),
        failed=failed,
        paths=tuple(paths)[:_MOST_PATHS],
        searches=sum(call.name == _SEARCH for turn in turns for call in turn.result.tool_calls),
        busy_ms=sum(turn.latency_ms for turn in turns if turn.role == "assistant"),
        models=models_used((turn.result.model, turn.result.usage) for turn in turns),
    )


def models_used(turns: Iterable[tuple[str, Usage]]) -> tuple[ModelUse, ...]:
    """Tokens by model, of turns that say which model answered and what it took."""
    spent: dict[str, Usage] = {}
    for model, usage in turns:
        if model or usage != Usage():
            spent[model] = _sum([spent.get(model, Usage()), usage])
    return tuple(ModelUse(model=model, **dict(usage)) for model, usage in spent.items())


def rehearsal_use(report: RehearsalReport) -> StageUse:
    return StageUse(
        models=models_used((turn.model, turn.usage) for turn in report.turns),
        searches=sum(call.name == _SEARCH for turn in report.turns for call in turn.tool_calls),
        busy_ms=sum(turn.latency_ms for turn in report.turns),
    )


def is_unanswered(turn: Turn) -> bool:
    """Whether the documents were searched for this turn and did not answer it."""
    result = turn.result
    searched = any(call.name == _SEARCH for call in result.tool_calls)
    return searched and not result.answered and not result.citations and result.handoff is None


def report(
    conversations: Sequence[Conversation],
    *,
    since: int,
    until: int,
    offset_minutes: int,
    complete: bool,
    prices: Prices = NO_PRICES,
) -> Report:
    """Group and count.

    Args:
        conversations: Those that began in the time asked for.
        since: Where that time begins, in ms since 1970.
        until: Where it ends.
        offset_minutes: East of UTC: where a day begins.
        complete: Whether these are all.
        prices: What is paid for them.
    """
    zone = timezone(timedelta(minutes=offset_minutes))
    agents: dict[str, list[Conversation]] = defaultdict(list)
    days: dict[tuple[str, str | None], list[Conversation]] = defaultdict(list)
    reasons: Counter[str] = Counter()
    for conversation in conversations:
        day = datetime.fromtimestamp(conversation.started_at / 1000, tz=zone).date().isoformat()
        agents[conversation.agent_id].append(conversation)
        days[day, conversation.agent_id].append(conversation)
        days[day, None].append(conversation)
        if conversation.handoff:
            reasons[conversation.handoff.reason] += 1
    return Report(
        since=since,
        until=until,
        complete=complete,
        total=figures(conversations, prices),
        agents=tuple(
            AgentFigures(agent_id=name, last_at=max(one.updated_at for one in held), figures=figures(held, prices))
            for name, held in agents.items()
        ),
        days=tuple(
            DayFigures(day=day, began_at=_began(day, zone), agent_id=name, figures=figures(held, prices))
            for (day, name), held in sorted(days.items(), key=lambda entry: (entry[0][0], entry[0][1] or ""))
        ),
        reasons=tuple(ReasonCount(reason=reason, count=count) for reason, count in reasons.most_common(_MOST_REASONS)),
    )


def figures(conversations: Sequence[Conversation], prices: Prices) -> Figures:
    """Count one group."""
    tallies = [conversation.tally for conversation in conversations]
    calls = [one for one in conversations if one.channel is Channel.VOICE]
    voice = sorted(wait for one in calls for wait in one.tally.waits_ms)
    text = sorted(wait for one in conversations if one.channel is Channel.TEXT for wait in one.tally.waits_ms)
    return Figures(
        conversations=len(conversations),
        calls=len(calls),
        call_ms=sum(max(0, one.updated_at - one.started_at) for one in calls),
        turns=sum(one.turns for one in conversations),
        handoffs=sum(one.outcome == "handed_off" for one in conversations),
        answered=sum(one.answered for one in tallies),
        sourced=sum(one.sourced for one in tallies),
        unanswered=sum(one.unanswered for one in tallies),
        interrupted=sum(one.interrupted for one in tallies),
        tool_errors=sum(one.tool_errors for one in tallies),
        failed=sum(one.failed for one in tallies),
        dead_air_ms=sum(one.dead_air_ms for one in tallies),
        voice_wait_p50_ms=percentile(voice, 50),
        voice_wait_p95_ms=percentile(voice, 95),
        text_wait_p50_ms=percentile(text, 50),
        text_wait_p95_ms=percentile(text, 95),
        usage=_sum(one.usage for one in conversations),
        cost_estimate=total_cost(conversation_cost(one, prices) for one in conversations),
    )


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The smallest value that at least `percent` of them do not pass (nearest rank); None of nothing."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


def _began(day: str, zone: timezone) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC).timestamp() * 1000)


def _sum(usages: Iterable[Usage]) -> Usage:
    held = list(usages)
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in held), output_tokens=sum(usage.output_tokens for usage in held)
    )
