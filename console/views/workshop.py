"""The inner sections of an agent's page: knowledge, files, rehearsal, versions, conversations, keys, deletion."""

from collections.abc import Callable, Mapping

import streamlit as st

from console.state import client, page
from oratio.errors import OratioError
from oratio.wire import AgentDetail, VersionDetail


def _newest(agent: AgentDetail) -> VersionDetail:
    with client() as api:
        return api.version(agent.agent_id, agent.current_version or agent.latest_version)


def _knowledge(agent: AgentDetail) -> None:
    version = _newest(agent)
    problems = {problem.path: problem.reason for problem in agent.knowledge_base.problems}
    st.markdown(f"Knowledge base **{agent.knowledge_base.status}**, {len(version.files)} files")
    rows = [
        {"file": file.path, "bytes": file.size, "state": problems.get(file.path, "searchable")}
        for file in version.files
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    st.markdown(f"Consulted: {agent.knowledge_base_description}")


def _files(agent: AgentDetail) -> None:
    version = _newest(agent)
    st.subheader("agent_file.py")
    st.code(version.code or "not written yet", language="python", line_numbers=True)
    st.subheader("prompt.md")
    st.code(version.prompt or "not written yet", language="markdown")
    if version.plan:
        uncovered = version.plan.get("uncovered", [])
        st.caption(f"SOP lines that nothing uses: {', '.join(f'{a}-{b}' for a, b in uncovered) or 'none'}")


def _rehearsal(agent: AgentDetail) -> None:
    report = _newest(agent).rehearsal
    if report is None:
        st.info("The rehearsal has not been played yet.")
        return
    passed = sum(result.passed for result in report.results)
    st.markdown(f"**{passed} of {len(report.results)} scenarios passed** with `{report.model}`")
    for result in report.results:
        icon = ":material/check_circle:" if result.passed else ":material/error:"
        with st.expander(f"{icon} {result.scenario.title}"):
            if result.reason:
                st.warning(result.reason)
            for turn in result.turns:
                st.markdown(f"**Caller:** {turn.prompt}")
                st.markdown(f"**Agent:** {turn.answer or turn.error}")
                st.caption(f"{turn.latency_ms} ms · {', '.join(sorted({cited.path for cited in turn.citations}))}")


def _versions(agent: AgentDetail) -> None:
    with client() as api:
        history = api.versions(agent.agent_id).versions
    for version in history:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            verdict = (
                ""
                if version.rehearsal is None
                else " · rehearsal passed"
                if version.rehearsal.passed
                else " · rehearsal failed"
            )
            st.markdown(f"**Version {version.version}** · {version.status} · {version.documents} files{verdict}")
            may_activate = version.version != agent.current_version and version.rehearsal is not None
            if may_activate and st.button("Activate", key=f"activate_{version.version}"):
                _activate(agent.agent_id, version.version)


def _activate(agent_id: str, number: int) -> None:
    try:
        with client() as api:
            api.activate(agent_id, number)
    except OratioError as error:
        st.error(f"{error}", icon=":material/error:")
        return
    st.rerun()


def _conversations(agent: AgentDetail) -> None:
    with client() as api:
        found = api.conversations(agent.agent_id, limit=50).conversations
    if not found:
        st.info("Nobody has talked to this agent yet.")
    for conversation in found:
        with st.expander(
            f"{conversation.channel} · {conversation.turns} turns · {conversation.outcome}", on_change="rerun"
        ) as box:
            if box.open:
                with client() as api:
                    for turn in api.conversation(conversation.conversation_id).transcript:
                        st.markdown(f"**Caller:** {turn.prompt}")
                        st.markdown(f"**Agent:** {turn.result.answer}")
                        st.caption(f"{turn.latency_ms} ms")


def _access(agent: AgentDetail) -> None:
    name = st.text_input("Name of a new key", key="key_name")
    if st.button("Create key", key="key_create", disabled=not name.strip()):
        with client() as api:
            made = api.create_key(agent.agent_id, name)
        st.success("Copy the key now; it is not shown again.")
        st.code(made.key, language=None)
    with client() as api:
        keys = api.keys(agent.agent_id).keys
    for key in keys:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            state = "revoked" if key.revoked_at else "in force"
            st.markdown(f"**{key.name}** · `{key.prefix}…` · {', '.join(key.scopes)} · {state}")
            if not key.revoked_at and st.button("Revoke", key=f"revoke_{key.key_id}"):
                with client() as api:
                    api.revoke_key(agent.agent_id, key.key_id)
                st.rerun()


def _delete(agent: AgentDetail) -> None:
    st.warning("Deleting takes down the agent, its documents, code, keys and conversations. It cannot be undone.")
    typed = st.text_input(f"Type the name “{agent.agent_name}” to delete it", key="delete_name")
    if st.button("Delete agent", key="delete", disabled=typed != agent.agent_name, icon=":material/delete:"):
        with client() as api:
            api.delete(agent.agent_id)
        st.switch_page(page("agents"))


SECTIONS: Mapping[str, Callable[[AgentDetail], None]] = {
    "Knowledge": _knowledge,
    "Generated files": _files,
    "Rehearsal": _rehearsal,
    "Versions": _versions,
    "Conversations": _conversations,
    "Access": _access,
    "Delete": _delete,
}
