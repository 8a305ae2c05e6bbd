"""View of analytics: conversations, waits and outcomes; each figure links to its conversations."""

import time
from datetime import timedelta

import streamlit as st

from console.state import loading, page
from console.views.conversations.conversations import SPANS, day_bounds, offset_minutes, today
from console.wording import counted, duration, guarded, moment, plain, table
from oratio.domain.conversations.analytics import DayFigures, Figures
from oratio.protocol.http import AnalyticsView

_FEW = 10
_COLOURS = ("#2a78c2", "#c2702a")


def show() -> None:
    st.title("Analytics")
    with guarded("Loading the figures"):
        with loading() as api:
            names = {agent.agent_id: agent.agent_name for agent in api.all_agents()}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            asked = st.query_params.get("agent", "")
            agent_id = st.selectbox(
                "Agent", ["", *names], key="figures_agent", width=280, format_func=lambda name: names.get(name, "all"),
                index=list(names).index(asked) + 1 if asked in names else 0,
            )  # fmt: skip
            days = st.selectbox(
                "Time", list(SPANS), key="figures_days", index=1, width=180, format_func=SPANS.__getitem__
            )
        since, until = day_bounds(today() - timedelta(days=days - 1))[0], int(time.time() * 1000) + 1
        with loading() as api:
            report = api.analytics(since=since, until=until, agent_id=agent_id or None, offset_minutes=offset_minutes())
        if not report.total.conversations:
            st.info(
                "No conversations in this time. Talk to an agent, or choose a longer time.",
                icon=":material/query_stats:",
            )
            return
        if not report.complete:
            st.warning(
                "There were more conversations than are counted here: choose a shorter time.", icon=":material/info:"
            )
        _cards(report.total, agent_id, since, until)
        _charts(report)
        _days(report, agent_id)
        if not agent_id:
            _agents(report, names, since, until)
        _reasons(report, agent_id, since, until)


def _link(label: str, icon: str, **query: object) -> None:
    known = {name: str(value) for name, value in query.items() if value}
    st.page_link(page("conversations"), label=label, icon=icon, query_params=known)


def _cards(total: Figures, agent_id: str, since: int, until: int) -> None:
    where = {"agent": agent_id, "since": since, "until": until}
    with st.container(horizontal=True):
        for label, value, note in _labelled(total):
            with st.container(border=True, width=190):
                st.metric(label, value, help=note or None)
    with st.container(horizontal=True):
        _link(counted(total.conversations, "conversation"), ":material/forum:", **where)
        _link(counted(total.calls, "call"), ":material/call:", channel="voice", **where)
        _link(f"{total.handoffs} handed over", ":material/support_agent:", outcome="handed_off", **where)


def _labelled(total: Figures) -> list[tuple[str, str, str]]:
    """Return name, value and meaning of each figure."""
    return [
        ("Conversations", f"{total.conversations:,}", f"{counted(total.turns, 'turn')}"),
        ("Calls", f"{total.calls:,}", f"{duration(total.call_ms)} in all"),
        ("Minutes of calls", f"{total.call_ms / 60_000:.1f}", ""),
        ("First sound, p50", _ms(total.voice_wait_p50_ms), "From the end of the caller's speech"),
        ("First sound, p95", _ms(total.voice_wait_p95_ms), ""),
        ("Answer in text, p50", _ms(total.text_wait_p50_ms), "From the question to the whole answer"),
        ("Answer in text, p95", _ms(total.text_wait_p95_ms), ""),
        ("Dead air", duration(total.dead_air_ms), "How long the agent owed speech and nothing played, in all"),
        ("Handed over", _share(total.handoffs, total.conversations), "Of all conversations"),
        ("Answers with a source", _share(total.sourced, total.turns), "Of all turns"),
        ("Not in the documents", _share(total.unanswered, total.turns), "Searched for, and not answered"),
        ("Errors", f"{total.failed + total.tool_errors:,}", _errors(total)),
        ("Tokens", f"{total.usage.input_tokens + total.usage.output_tokens:,}",
         _tokens(total)),
        ("Cost, estimated", _cost(total), _cost_parts(total)),
    ]  # fmt: skip


def _errors(total: Figures) -> str:
    return f"{counted(total.failed, 'failed turn')}, {counted(total.tool_errors, 'failed tool')}"


def _tokens(total: Figures) -> str:
    usage = total.usage
    return f"{usage.input_tokens:,} in, {usage.output_tokens:,} out: what a provider charges for; `builtin` uses none"


def _cost(total: Figures) -> str:
    cost = total.cost_estimate
    return "-" if cost is None else f"{cost.amount:,.2f} {cost.currency}"


def _cost_parts(total: Figures) -> str:
    cost = total.cost_estimate
    if cost is None:
        return "A price is not known: set `ORATIO_MODEL_PRICES`, or see docs/observability.md"
    return "; ".join(f"{part.name}: {part.amount:,.2f}" for part in cost.parts) or "Nothing used here costs anything"


def _ms(value: int | None) -> str:
    return "-" if value is None else duration(value)


def _share(part: int, whole: int) -> str:
    """Return a share in percent; of few, the counts."""
    return f"{part} of {whole}" if whole < _FEW else f"{part / whole:.0%}"


def _charts(report: AnalyticsView) -> None:
    days = [day for day in report.days if day.agent_id is None]
    columns: dict[str, list[object]] = {
        "Day": [day.day for day in days],
        "Text": [day.figures.conversations - day.figures.calls for day in days],
        "Voice": [day.figures.calls for day in days],
        "Handed over": [day.figures.handoffs for day in days],
        "p50": [_wait(day, 50) for day in days],
        "p95": [_wait(day, 95) for day in days],
        "With a source": [day.figures.sourced for day in days],
        "Without": [day.figures.unanswered for day in days],
    }
    first, second, third = st.columns(3)
    for column, title, parts, unit in (
        (first, "Conversations", ["Text", "Voice"], ""),
        (second, "Wait", ["p50", "p95"], "seconds"),
        (third, "Answers", ["With a source", "Without"], "turns"),
    ):
        with column:
            st.markdown(f"**{title}** per day" + (f", in {unit}" if unit else ""))
            stacked = title != "Wait"
            st.bar_chart(
                columns, x="Day", y=parts, x_label="", y_label="", height=280, color=list(_COLOURS), stack=stacked
            )


def _wait(day: DayFigures, percent: int) -> float | None:
    """Return the seconds a caller waited that day: by voice if there were calls, else in text."""
    figures = day.figures
    voice, text = (
        (figures.voice_wait_p50_ms, figures.text_wait_p50_ms)
        if percent == 50
        else (figures.voice_wait_p95_ms, figures.text_wait_p95_ms)
    )
    value = text if voice is None else voice
    return None if value is None else value / 1000


_HEAD = (
    "Conversations",
    "Calls",
    "Minutes",
    "First sound p50",
    "p95",
    "Dead air",
    "Handed over",
    "With a source",
    "Errors",
)


def _row(figures: Figures) -> tuple[str, ...]:
    return (
        f"{figures.conversations}",
        f"{figures.calls}",
        f"{figures.call_ms / 60_000:.1f}",
        _ms(figures.voice_wait_p50_ms),
        _ms(figures.voice_wait_p95_ms),
        duration(figures.dead_air_ms),
        _share(figures.handoffs, figures.conversations),
        _share(figures.sourced, figures.turns),
        f"{figures.failed + figures.tool_errors}",
    )


def _days(report: AnalyticsView, agent_id: str) -> None:
    st.subheader("Per day")
    rows = []
    for day in reversed([day for day in report.days if day.agent_id is None]):
        until = day.began_at + 86_400_000
        link = f"/conversations?since={day.began_at}&until={until}" + (f"&agent={agent_id}" if agent_id else "")
        rows.append((f"[{day.day}]({link})", *_row(day.figures)))
    st.markdown(table(("Day", *_HEAD), rows))


def _agents(report: AnalyticsView, names: dict[str, str], since: int, until: int) -> None:
    st.subheader("Per agent")
    rows = [
        (
            f"[{plain(names.get(one.agent_id, one.agent_id))}]"
            f"(/conversations?agent={one.agent_id}&since={since}&until={until})",
            *_row(one.figures),
            moment(one.last_at),
        )
        for one in sorted(report.agents, key=lambda one: -one.figures.conversations)
    ]
    st.markdown(table(("Agent", *_HEAD, "Last"), rows))


def _reasons(report: AnalyticsView, agent_id: str, since: int, until: int) -> None:
    if not report.reasons:
        return
    st.subheader("Why calls were handed over")
    st.markdown(table(("Reason", "Times"), [(plain(one.reason), f"{one.count}") for one in report.reasons]))
    _link("These conversations", ":material/forum:", agent=agent_id, since=since, until=until, outcome="handed_off")
