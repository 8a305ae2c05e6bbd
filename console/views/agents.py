"""The list of agents."""

from datetime import UTC, datetime

import streamlit as st

from console.state import client, page
from oratio.wire import AgentSummary

STATUS_ICONS = {
    "active": ":material/check_circle: active",
    "creating": ":material/progress_activity: creating",
    "failed": ":material/error: failed",
    "deleting": ":material/delete: deleting",
}


def show() -> None:
    st.title("Agents")
    with client() as api:
        found = list(api.all_agents())
    if not found:
        st.info("There is no agent yet. Give Oratio a folder of documents and a procedure, and it makes one.")
        st.page_link(page("create"), label="New agent", icon=":material/add_circle:")
        return
    wanted = st.text_input("Search", key="agents_search", placeholder="Name").casefold()
    status = st.segmented_control("Status", ["all", *STATUS_ICONS], default="all", key="agents_status")
    shown = [
        agent for agent in found if wanted in agent.agent_name.casefold() and status in ("all", None, agent.status)
    ]
    for agent in shown:
        _row(agent)
    if not shown:
        st.write("No agent matches. Clear the search or the filter.")


def _row(agent: AgentSummary) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{agent.agent_name}**  \n{agent.agent_type} · made {_day(agent.created_at)}")
        st.markdown(STATUS_ICONS[agent.status])
        if st.button("Open", key=f"open_{agent.agent_id}", icon=":material/open_in_new:"):
            st.switch_page(page("agent"), query_params={"id": agent.agent_id})


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
