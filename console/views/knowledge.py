"""What the agent can look up: each document, what it is for, and what is wrong with it."""

from collections.abc import Mapping

import streamlit as st

from console import tree
from console.state import client
from console.views.create_knowledge import flat
from console.wording import Colour, counted, plain, size, table
from oratio.wire import AgentDetail

_COLOURS: Mapping[str, Colour] = {"ready": "green", "notready": "orange", "failed": "red"}


def show(agent: AgentDetail) -> None:
    with client() as api:
        version = api.version(agent.agent_id, agent.current_version or agent.latest_version)
    problems = {problem.path: problem.reason for problem in agent.knowledge_base.problems}
    texts = flat(version)
    with st.container(horizontal=True):
        described = len(version.files) - len(tree.missing(texts, (file.path for file in version.files)))
        status = agent.knowledge_base.status
        st.badge(status, icon=":material/database:", color=_COLOURS[status])
        st.badge(
            f"{counted(len(version.files), 'file')}, {size(sum(file.size for file in version.files))}", color="gray"
        )
        st.badge(f"{described} described", color="gray")
        if problems:
            st.badge(f"{len(problems)} with problems", icon=":material/warning:", color="orange")
    st.markdown(f"**Consulted:** {plain(version.knowledge_base_description)}")
    for path, reason in problems.items():
        st.warning(f"`{path}` {plain(reason)}", icon=":material/description:")
    wanted = st.text_input("Filter", key="knowledge_filter", placeholder="Path or description").casefold()
    only = st.checkbox("Only with problems", key="knowledge_problems") if problems else False
    rows = [
        (
            plain(file.path),
            plain(texts.get(file.path, "")) or ":gray[not described]",
            size(file.size),
            ":orange[:material/warning: problem]" if file.path in problems else ":green[:material/check: searchable]",
        )
        for file in version.files
        if wanted in f"{file.path} {texts.get(file.path, '')}".casefold() and (not only or file.path in problems)
    ]
    if rows:
        st.markdown(table(("Document", "What it is for", "Size", "State"), rows[:500]))
    else:
        st.info("No document matches the filter.", icon=":material/search_off:")
    if len(rows) > 500:
        st.caption(f"The first 500 of {len(rows)} are shown; filter to see the others.")
    folders = {path: text for path, text in texts.items() if path.endswith("/") and text}
    if folders:
        st.markdown(table(("Folder", "What it is for"), [(plain(path), plain(text)) for path, text in folders.items()]))
    st.caption("To add, replace or remove documents, make a new version.")
