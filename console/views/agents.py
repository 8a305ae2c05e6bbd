"""View of the list of agents."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from console.state import drafts, last_talks, loading, page, seen, tenant
from console.wording import STATUS_COLOURS, ago, guarded, moment, plain, stale
from oratio.domain.agents.agent import AgentStatus
from oratio.protocol.http import AgentSummary

_SAMPLE = Path(__file__).parent.parent / "sample"
_BUSY = (AgentStatus.CREATING, AgentStatus.DELETING)
_PAGE = 20


def show() -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title("Agents")
        if st.button("New agent", type="primary", key="new_agent", icon=":material/add:"):
            st.switch_page(page("create"))
    with guarded("Loading the agents"):
        found = _found()
        busy = any(agent.status in _BUSY for agent in found)
        # The list asks again only while something on it can change by itself.
        st.fragment(_list, run_every=5.0 if busy else None)([found])


def _found() -> list[AgentSummary]:
    def ask() -> list[AgentSummary]:
        with loading() as api:
            return list(api.all_agents())

    found, age = seen("agents", ask)
    stale(age)
    return found


def _list(fresh: list[list[AgentSummary]]) -> None:
    """Draw the list from `fresh`, the page's own request; ask again when the list refreshes by itself."""
    with guarded("Loading the agents", key="list"):
        found = fresh.pop() if fresh else _found()
        if not found:
            _empty()
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            wanted = st.text_input("Search", key="search", placeholder="Name", persist_state="session") or ""
            status = st.selectbox("Status", ["any", *AgentStatus], key="status", persist_state="session", width=160)
            kind = st.selectbox("Type", ["any", "text", "voice"], key="type", persist_state="session", width=160)
        shown = [
            agent
            for agent in found
            if wanted.casefold() in agent.agent_name.casefold()
            and status in ("any", agent.status)
            and kind in ("any", agent.agent_type)
        ]
        pages = -(-len(shown) // _PAGE)
        at = st.pagination(pages, key="page") if pages > 1 else 1
        for agent in shown[(at - 1) * _PAGE : at * _PAGE]:
            _row(agent)
        if not shown:
            st.info("No agent matches. Clear the search or the filters.", icon=":material/search_off:")


def _row(agent: AgentSummary) -> None:
    colour, icon = STATUS_COLOURS[agent.status]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"row_{agent.agent_id}"):
        talked = last_talks().get(agent.agent_id)
        st.markdown(
            f"**{plain(agent.agent_name)}**  \n:small[{agent.agent_type} · made {moment(agent.created_at)} · "
            + (f"last talked to {ago(talked)}]" if talked else "no recent conversations]"),
            width="content",
        )
        st.badge(agent.status, icon=icon, color=colour)
        if agent.current_version:
            st.badge(f"version {agent.current_version}", color="gray")
        st.space("stretch")
        st.page_link(page("agent"), label="Open", query_params={"id": agent.agent_id}, icon=":material/chevron_right:")
        if agent.status == AgentStatus.ACTIVE:
            talk: Mapping[str, str] = {"id": agent.agent_id, "section": "Talk"}
            st.page_link(page("agent"), label="Talk", query_params=talk, icon=":material/chat:")


def _empty() -> None:
    with st.container(border=True):
        st.subheader("No agent yet")
        st.write(
            "Give Oratio a folder of documents and a procedure; it writes, rehearses and hosts an agent from them."
        )
        with st.container(horizontal=True):
            if st.button("Make the first one", key="first", type="primary", icon=":material/add:"):
                st.switch_page(page("create"))
            if st.button("Try the sample folder", key="sample", icon=":material/science:"):
                st.switch_page(page("create"), query_params={"draft": _sample_draft()})


def _sample_draft() -> str:
    """Create a draft with the sample of a small shop."""
    draft = drafts().start(
        tenant(),
        agent_name="Lamplight shop",
        sop=(_SAMPLE / "procedure.md").read_text(),
        knowledge_base_description="For any question about opening hours, delivery, returns, lamps and bulbs.",
        human_handoff_description="When the caller asks for a person, or reports a lamp that smokes or sparks.",
        descriptions={"returns.md": "How and when goods can be sent back", "products/": "Everything that is sold"},
        step=3,
    )
    for file in sorted((_SAMPLE / "folder").rglob("*.md")):
        place = drafts().place(tenant(), draft.draft_id, file.relative_to(_SAMPLE / "folder").as_posix())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
    return draft.draft_id
