"""One agent: how it is being made, a chat with it, its files, versions, keys and conversations."""

import streamlit as st

from console.state import client, page
from console.views import talk, workshop
from console.views.agents import STATUS_ICONS
from oratio.domain.agent import StepProgress
from oratio.errors import OratioError
from oratio.wire import AgentDetail

_TABS = [
    "Overview",
    "Talk",
    "Knowledge",
    "Generated files",
    "Rehearsal",
    "Versions",
    "Conversations",
    "Access",
    "Delete",
]


def show() -> None:
    agent_id = st.query_params.get("id", "")
    if not agent_id:
        st.info("Choose an agent from the list.")
        st.page_link(page("agents"), label="Agents")
        return
    with client() as api:
        agent = api.agent(agent_id)
    st.title(agent.agent_name)
    st.markdown(f"{STATUS_ICONS[agent.status]} · {agent.agent_type} · version {agent.current_version or '-'}")
    tab = st.segmented_control("Section", _TABS, default=_TABS[0], key=f"tab_{agent_id}", label_visibility="collapsed")
    if tab == "Overview":
        _overview(agent)
    elif tab == "Talk":
        talk.show(agent)
    elif tab:
        workshop.SECTIONS[tab](agent)


def _overview(agent: AgentDetail) -> None:
    busy = agent.status in ("creating", "deleting") or _is_updating(agent)
    st.fragment(_progress, run_every=1.0 if busy else None)(agent.agent_id, busy)
    if agent.status == "active":
        st.subheader("Endpoints")
        st.code(agent.api_endpoint or "", language=None)
        st.code(agent.websocket_url or "", language=None)
        st.caption("Try it from a shell, with a key from the Access tab:")
        st.code(
            f"curl {agent.api_endpoint} -H 'Authorization: Bearer orat_live_…' \\\n"
            """  -H 'Content-Type: application/json' -d '{"prompt": "Hello"}'""",
            language="bash",
        )


def _is_updating(agent: AgentDetail) -> bool:
    return agent.error is None and any(entry.ended_at is None for entry in agent.progress)


def _progress(agent_id: str, was_busy: bool) -> None:
    with client() as api:
        try:
            agent = api.agent(agent_id)
        except OratioError as error:
            st.info(f"{error}")
            return
    if was_busy and not (agent.status in ("creating", "deleting") or _is_updating(agent)):
        st.rerun()
    done = sum(entry.status == "succeeded" for entry in agent.progress)
    st.progress(done / max(1, len(agent.progress)), text=f"{done} of {len(agent.progress)} steps")
    for entry in agent.progress:
        _step(entry)
    if agent.error:
        st.error(f"**{agent.error.step}**: {agent.error.message}", icon=":material/error:")
        if st.button("Retry from this step", key="retry", type="primary", icon=":material/refresh:"):
            with client() as api:
                api.retry(agent_id)
            st.rerun()


def _step(entry: StepProgress) -> None:
    label = entry.step.replace("_", " ")
    if entry.status == "pending":
        st.markdown(f":gray[:material/circle: {label}]")
        return
    seconds = f" · {(entry.ended_at - entry.started_at) / 1000:.1f} s" if entry.ended_at and entry.started_at else ""
    icons = {
        "running": ":material/progress_activity:",
        "succeeded": ":material/check_circle:",
        "failed": ":material/error:",
    }
    st.markdown(f"{icons[entry.status]} **{label}**{seconds}  {entry.detail}")
