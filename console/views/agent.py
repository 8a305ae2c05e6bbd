"""View of one agent: its head, and the sections below it."""

from collections.abc import Callable, Mapping

import streamlit as st

from console.state import client, loading, page, seen
from console.views import access, knowledge, overview, settings
from console.views.conversations import conversations, talk
from console.views.creation.create import begin_version
from console.views.versions import generated, rehearsal, versions
from console.views.versions.making import is_busy
from console.wording import STATUS_COLOURS, guarded, plain, stale
from oratio.domain.agents.agent import AgentStatus
from oratio.errors import NotFound
from oratio.protocol.http import AgentDetail

_SECTIONS: Mapping[str, Callable[[AgentDetail], None]] = {
    "Overview": overview.show,
    "Talk": talk.show,
    "Knowledge": knowledge.show,
    "Generated files": generated.show,
    "Rehearsal": rehearsal.show,
    "Versions": versions.show,
    "Conversations": conversations.show,
    "Access": access.show,
    "Settings": settings.show,
}


def show() -> None:
    agent_id = st.query_params.get("id", "")
    with guarded("Loading the agent"):
        try:
            agent, age = seen(f"agent {agent_id}", lambda: _ask(agent_id))
        except NotFound:
            _gone()
            return
        stale(age)
        _head(agent)
        section = _section()
        with guarded(f"Loading {section}", key="section"):
            _SECTIONS[section](agent)


def _section() -> str:
    """Return the chosen section, kept in the address by hand: a bound widget would forbid leaving the page."""
    asked = st.query_params.get("section", "")
    chosen = st.segmented_control(
        "Section",
        list(_SECTIONS),
        default=asked if asked in _SECTIONS else "Overview",
        required=True,
        key="section",
        label_visibility="collapsed",
    )
    section = chosen or "Overview"
    if section != (asked or "Overview"):
        st.query_params["section"] = section
    return section


def _ask(agent_id: str) -> AgentDetail:
    if not agent_id:
        raise NotFound("no agent is named in the address")
    with loading() as api:
        return api.agent(agent_id)


def _gone() -> None:
    st.info("There is no such agent: it was deleted, or it is not yours.", icon=":material/search_off:")
    st.page_link(page("agents"), label="All agents", icon=":material/arrow_back:")


def _head(agent: AgentDetail) -> None:
    colour, icon = STATUS_COLOURS[agent.status]
    st.page_link(page("agents"), label="Agents", icon=":material/arrow_back:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(plain(agent.agent_name), width="content")
        st.badge(agent.status, icon=icon, color=colour)
        st.badge(agent.agent_type, icon=":material/call:" if agent.agent_type == "voice" else ":material/chat:")
        st.badge(f"version {agent.current_version}" if agent.current_version else "no version yet", color="gray")
        st.space("stretch")
        may_build = agent.status == AgentStatus.ACTIVE and not is_busy(agent)
        if may_build and st.button("New version", key="new_version", icon=":material/edit:"):
            _begin(agent)


def _begin(agent: AgentDetail) -> None:
    with client() as api:
        version = api.version(agent.agent_id, agent.current_version or agent.latest_version)
    st.switch_page(page("create"), query_params={"draft": begin_version(version, agent.agent_id)})
