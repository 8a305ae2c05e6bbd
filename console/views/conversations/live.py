"""View of calls in progress, and an operator's controls in one of them."""

import time

import streamlit as st

from console.components.take_over import take_over
from console.state import client, page, seen
from console.wording import Colour, duration, guarded, plain, stale
from oratio.protocol.http import CallView

_TICK_S = 2.0
_STATES: dict[str, tuple[str, Colour, str]] = {
    "agent": ("with the agent", "blue", ":material/support_agent:"),
    "handoff": ("asks for a human", "orange", ":material/front_hand:"),
    "operator": ("with a human", "green", ":material/person:"),
}


def show() -> None:
    st.title("Live calls")
    with guarded("Loading the calls"):
        chosen = st.query_params.get("call", "")
        left, right = st.columns([2, 3], gap="large")
        with left:
            st.fragment(_list, run_every=_TICK_S)(chosen)
        with right:
            if not chosen:
                st.info(
                    "Choose a call to listen to it, whisper to the agent, or take it over.", icon=":material/hearing:"
                )
            elif take_over(chosen):
                st.caption("The line is closed. The conversation has what was said.")
                st.page_link(page("conversation"), label="Conversation", query_params={"id": chosen})


def _list(chosen: str) -> None:
    with guarded("Loading the calls", key="calls"), st.container(key="ticking_calls"):
        with client() as api:
            calls, age = seen("calls", lambda: api.live_calls().calls)
        stale(age)
        waiting = sum(call.state == "handoff" for call in calls)
        st.caption(f"{len(calls)} going on" + (f", {waiting} asking for a human" if waiting else ""))
        if not calls:
            st.info("No calls in progress. A new call appears here by itself.", icon=":material/call:")
        for call in sorted(calls, key=lambda call: (call.state != "handoff", -call.started_at)):
            _row(call, call.conversation_id == chosen)


def _row(call: CallView, chosen: bool) -> None:
    word, colour, icon = _STATES[call.state]
    with st.container(border=True, key=f"live_{call.conversation_id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(call.agent_name)}**", width="content")
            st.badge(word, icon=icon, color=colour)
            st.badge(duration(max(0.0, time.time() * 1000 - call.started_at)), icon=":material/timer:", color="gray")
            st.space("stretch")
            if st.button("Open", key=f"open_{call.conversation_id}", type="primary" if chosen else "secondary"):
                st.query_params["call"] = call.conversation_id
                st.rerun()
        if call.handoff:
            st.caption(f"{plain(call.handoff.reason)} {plain(call.handoff.summary)}")
        if call.operator:
            st.caption(f"Taken over by {plain(call.operator)}")
