"""View of conversations, newest first: of all agents or one, filtered, each opened next to the list."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from console.state import loading, page
from console.views.conversations.conversation import drawer
from console.views.conversations.turns import OUTCOMES, head
from console.wording import guarded, moment, plain, zone
from oratio.protocol.http import AgentDetail, ConversationView

SPANS = {1: "today", 7: "7 days", 30: "30 days", 90: "90 days"}
_PAGE = 25
_ANY = ""
_ANY_DAY, _CHOSEN_DAYS = 0, -1


def show_all() -> None:
    """Show the page of all agents; its filters are in its address."""
    st.title("Conversations")
    with guarded("Loading the conversations"):
        with loading() as api:
            names = {agent.agent_id: agent.agent_name for agent in api.all_agents()}
        asked = st.query_params
        with st.container(horizontal=True, vertical_alignment="bottom"):
            agent_id = st.selectbox(
                "Agent", [_ANY, *names], key="conversations_agent", width=260,
                index=list(names).index(asked.get("agent", "")) + 1 if asked.get("agent") in names else 0,
                format_func=lambda name: names.get(name, "any"),
            )  # fmt: skip
            filters = _filters()
        _list(agent_id, filters, names)


def show(agent: AgentDetail) -> None:
    """Show an agent's own, as a section of its page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        filters = _filters()
    _list(agent.agent_id, filters, {})


def _filters() -> dict[str, str | int]:
    """Return the filters, from the address at first and from the controls after that."""
    asked = st.query_params
    channels, outcomes = [_ANY, "text", "voice"], [_ANY, *OUTCOMES]
    channel = st.selectbox(
        "Channel", channels, key="conversation_channel", width=140, format_func=lambda name: name or "any",
        index=channels.index(asked["channel"]) if asked.get("channel") in channels else 0,
    )  # fmt: skip
    outcome = st.selectbox(
        "Outcome", outcomes, key="conversation_outcome", width=170,
        index=outcomes.index(asked["outcome"]) if asked.get("outcome") in outcomes else 0,
        format_func=lambda name: OUTCOMES[name][0] if name else "any",
    )  # fmt: skip
    found: dict[str, str | int] = {"channel": channel, "outcome": outcome}
    if days := _days():
        found["since"], found["until"] = day_bounds(days[0])[0], day_bounds(days[-1])[1]
    return {name: value for name, value in found.items() if value}


def _days() -> list[date]:
    """Return the first and the last day; none for any. Dates are shown once they are asked for: Streamlit's field of no
    date yet is none that a screen reader can read.
    """
    asked = _days_asked()
    span = st.selectbox(
        "When", [_ANY_DAY, *SPANS, _CHOSEN_DAYS], key="conversation_span", width=150,
        index=len(SPANS) + 1 if asked else 0,
        format_func=lambda days: {_ANY_DAY: "any day", _CHOSEN_DAYS: "chosen days"}.get(days) or SPANS[days],
    )  # fmt: skip
    if span == _ANY_DAY:
        return []
    if span != _CHOSEN_DAYS:
        return [today() - timedelta(days=span - 1), today()]
    first, last = (asked[0], asked[-1]) if asked else (today(), today())
    chosen = st.date_input("Days", value=(first, last), key="conversation_days", width=240)
    return list(chosen) if isinstance(chosen, tuple) else [chosen]


def _days_asked() -> list[date]:
    try:
        since, until = int(st.query_params["since"]), int(st.query_params["until"])
        first, last = (datetime.fromtimestamp(at / 1000, tz=zone()).date() for at in (since, until - 1))
    except (KeyError, ValueError, OverflowError, OSError):
        return []
    return [first, last]


def day_bounds(day: date) -> tuple[int, int]:
    """Return the first and the last ms of a day in the operator's zone, the last excluded."""
    begin = datetime.combine(day, time(), tzinfo=zone())
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone())
    return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)


def today() -> date:
    return datetime.now(tz=zone()).date()


def offset_minutes() -> int:
    """Return the operator's offset east of UTC in minutes."""
    offset = datetime.now(tz=UTC).astimezone(zone()).utcoffset() or timedelta()
    return int(offset.total_seconds() // 60)


def _list(agent_id: str, filters: Mapping[str, str | int], names: Mapping[str, str]) -> None:
    asked = repr((agent_id, sorted(filters.items())))
    held: dict[str, list[str | None]] = st.session_state.setdefault("conversation_pages", {})
    if asked not in held:
        held.clear()
        held[asked] = [None]
    cursors = held[asked]
    with loading() as api:
        found = api.find_conversations(agent_id=agent_id or None, limit=_PAGE, cursor=cursors[-1], **filters)  # type: ignore[arg-type]
    if not found.conversations:
        if filters or agent_id:
            st.info("No conversation matches. Choose other filters, or talk to the agent.", icon=":material/forum:")
        else:
            st.info("No conversations yet. Open an agent and talk to it.", icon=":material/forum:")
    for conversation in found.conversations:
        _row(conversation, names)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        newer = len(cursors) > 1
        if newer:
            st.button("Newer", key="newer", icon=":material/arrow_back:", on_click=_newer, args=(cursors,))
        if newer or found.next_cursor:
            st.caption(f"Page {len(cursors)}")
        if found.next_cursor:
            st.button(
                "Older",
                key="older",
                icon=":material/arrow_forward:",
                on_click=cursors.append,
                args=(found.next_cursor,),
            )


def _newer(cursors: list[str | None]) -> None:
    cursors.pop()


def _row(conversation: ConversationView, names: Mapping[str, str]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{moment(conversation.started_at)}**", width="content")
        if name := names.get(conversation.agent_id):
            st.markdown(plain(name), width="content")
        head(conversation)
        if conversation.handoff:
            st.caption(plain(conversation.handoff.reason))
        st.space("stretch")
        if st.button("Look", key=f"look_{conversation.conversation_id}", icon=":material/dock_to_left:"):
            drawer(conversation.conversation_id)
        st.page_link(
            page("conversation"), label="Open", icon=":material/chevron_right:",
            query_params={"id": conversation.conversation_id},
        )  # fmt: skip
