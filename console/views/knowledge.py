"""View of the agent's documents: description, problems and use of each."""

from collections.abc import Callable, Mapping

import streamlit as st

from console import tree
from console.state import loading, page
from console.views.creation.create import begin_version
from console.views.creation.create_knowledge import flat
from console.wording import Colour, counted, guarded, moment, plain, size, table
from oratio.domain.agents.agent import AgentStatus
from oratio.protocol.http import AgentDetail, KnowledgeUseView, PassageView, VersionDetail

_COLOURS: Mapping[str, Colour] = {"ready": "green", "notready": "orange", "failed": "red"}
_SHOWN = 500
_KNOWLEDGE_STEP = 1
_ALL, _PROBLEMS, _UNUSED, _BARE = "All", "With problems", "Never used", "Not described"


def show(agent: AgentDetail) -> None:
    with loading() as api:
        version = api.version(agent.agent_id, agent.current_version or agent.latest_version)
        use = api.knowledge_use(agent.agent_id)
    _head(agent, version)
    if agent.status == AgentStatus.ACTIVE:
        with guarded("Searching", key="knowledge_search"):
            _search(agent)
    _documents(agent, version, use)
    _folders(version)
    _unanswered(use)


def _head(agent: AgentDetail, version: VersionDetail) -> None:
    problems = agent.knowledge_base.problems
    described = len(version.files) - len(tree.missing(flat(version), (file.path for file in version.files)))
    with st.container(horizontal=True, vertical_alignment="center"):
        status = agent.knowledge_base.status
        st.badge(status, icon=":material/database:", color=_COLOURS[status])
        total = size(sum(file.size for file in version.files))
        st.badge(f"{counted(len(version.files), 'file')}, {total}", color="gray")
        st.badge(f"{described} described", color="gray")
        if problems:
            st.badge(f"{len(problems)} with problems", icon=":material/warning:", color="orange")
        st.space("stretch")
        if agent.status == AgentStatus.ACTIVE and st.button(
            "Add, replace or remove documents", key="change_documents", icon=":material/drive_folder_upload:"
        ):
            draft = begin_version(version, agent.agent_id, step=_KNOWLEDGE_STEP)
            st.switch_page(page("create"), query_params={"draft": draft})
    st.markdown(f"**Consulted:** {plain(version.knowledge_base_description)}")


def _search(agent: AgentDetail) -> None:
    """Search the documents alone for a question: the passages found, and why."""
    with st.form("knowledge_try", border=True):
        asked = st.text_input(
            "Try a search", key="knowledge_query", max_chars=2_000, placeholder="What a caller might ask"
        )
        sent = st.form_submit_button("Search", key="knowledge_send", icon=":material/search:")
    if not sent or not asked.strip():
        return
    with loading() as api:
        found = api.search(agent.agent_id, asked.strip()).passages
    if not found:
        st.info("Nothing in the documents matches. Say it in the documents' words, or add one.", icon=":material/help:")
    elif (known := found[0].known) is not None and known < 0.5:
        st.warning(f"Only {known:.0%} of the question's words are anywhere in the documents.", icon=":material/help:")
    for number, passage in enumerate(found, 1):
        with st.container(border=True):
            st.markdown(f"**{number} · {plain(passage.path)}**{_place(passage)}")
            st.markdown("> " + plain(passage.excerpt).replace("\n", "  \n> "))
            st.caption(_why(passage))


def _place(passage: PassageView) -> str:
    parts = ([f"page {passage.page}"] if passage.page else []) + ([plain(passage.heading)] if passage.heading else [])
    return "".join(f" · {part}" for part in parts)


def _why(passage: PassageView) -> str:
    reasons = [f"score {passage.score:.2f}"]
    if passage.coverage is not None:
        reasons.append(f"holds {passage.coverage:.0%} of the question's words, by weight")
    if passage.similarity is not None:
        reasons.append(f"{passage.similarity:.0%} alike in meaning")
    return "Why: " + " · ".join(reasons)


def _documents(agent: AgentDetail, version: VersionDetail, use: KnowledgeUseView) -> None:
    problems = {problem.path: problem.reason for problem in agent.knowledge_base.problems}
    texts, used = flat(version), {one.path: one.conversations for one in use.documents}
    for path in sorted(set(problems) - {file.path for file in version.files}):
        st.warning(f"`{path}` {plain(problems[path])}", icon=":material/description:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input("Filter", key="knowledge_filter", placeholder="Path or description").casefold()
        only = st.selectbox("Show", [_ALL, _PROBLEMS, _UNUSED, _BARE], key="knowledge_only", width=180)
    tests: Mapping[str, Callable[[str], bool]] = {
        _ALL: lambda _: True,
        _PROBLEMS: problems.__contains__,
        _UNUSED: lambda path: not used.get(path),
        _BARE: lambda path: not texts.get(path, "").strip(),
    }
    rows = [
        (
            plain(file.path),
            plain(texts.get(file.path, "")) or ":gray[not described]",
            size(file.size),
            f":orange[:material/warning: {plain(problems[file.path])}]"
            if file.path in problems
            else ":green[:material/check: searchable]",
            f"{used[file.path]} of {use.conversations}" if used.get(file.path) else ":gray[never]",
        )
        for file in version.files
        if wanted in f"{file.path} {texts.get(file.path, '')}".casefold() and tests[only](file.path)
    ]
    if rows:
        st.markdown(table(("Document", "What it is for", "Size", "State", "Used in conversations"), rows[:_SHOWN]))
    else:
        st.info("No document matches the filter.", icon=":material/search_off:")
    if len(rows) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(rows):,} are shown; filter to see the others.")


def _folders(version: VersionDetail) -> None:
    folders = {path: text for path, text in flat(version).items() if path.endswith("/") and text}
    if folders:
        st.markdown(table(("Folder", "What it is for"), [(plain(path), plain(text)) for path, text in folders.items()]))


def _unanswered(use: KnowledgeUseView) -> None:
    st.subheader("Questions no document answered")
    if not use.unanswered:
        st.caption("None so far.")
        return
    rows = [
        (f"[{moment(one.at)}](/conversation?id={one.conversation_id})", plain(one.prompt)) for one in use.unanswered
    ]
    st.markdown(table(("When", "Asked"), rows))
