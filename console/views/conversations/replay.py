"""View of a replay before a switch: callers' words, asked of a candidate and of the live version, side by side."""

from collections.abc import Mapping, Sequence

import streamlit as st

from console.state import client
from console.wording import counted, duration, guarded, moment, plain
from oratio.domain.agents.version import VersionStatus
from oratio.domain.conversations.replay import Difference, ReplayedConversation, ReplayedTurn, TurnComparison
from oratio.protocol.http import AgentDetail, ReplayView, VersionSummary

_MOST = 50
_WORDS: Mapping[Difference, str] = {
    "answer": "other words",
    "answered": "answered or not",
    "sources": "other sources",
    "handoff": "handed over or not",
    "failure": "failed or not",
}


def candidates(agent: AgentDetail, history: Sequence[VersionSummary]) -> list[int]:
    """Return the versions that were deployed once and are not the live one."""
    built = (VersionStatus.REHEARSED, VersionStatus.RETIRED, VersionStatus.FAILED)
    return [
        version.version
        for version in history
        if version.version != agent.current_version and version.status in built and version.rehearsal is not None
    ]


def replay(agent: AgentDetail, history: Sequence[VersionSummary]) -> None:
    choices = candidates(agent, history)
    if not choices or agent.current_version is None:
        return
    st.subheader("Replay recorded conversations")
    st.caption(
        f"What callers said is asked again of a candidate and of live version {agent.current_version}. "
        "Nothing is stored, and callers are not affected."
    )
    with st.form("replay", border=True), st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Candidate", choices, key="replay_version", width=200, format_func=lambda one: f"Version {one}"
        )
        count = st.number_input("Newest conversations", 1, _MOST, 5, key="replay_count", width=200)
        sent = st.form_submit_button("Replay", key="replay_send", icon=":material/replay:")
    key = f"replayed_{agent.agent_id}"
    if sent:
        playing = st.spinner("Playing them on both versions…")
        with guarded("Replaying", key="replay"), playing, client() as api:
            st.session_state[key] = api.replay(agent.agent_id, number, conversations=int(count))
    if report := st.session_state.get(key):
        _report(report)


def _report(report: ReplayView) -> None:
    if not report.conversations:
        st.info("No conversations with this agent yet, so there is nothing to replay.", icon=":material/forum:")
        return
    found = report.summary
    with st.container(horizontal=True):
        st.badge(counted(found.turns, "turn"), color="gray")
        for count, what in (
            (found.changed_answers, "with other words"),
            (found.changed_sources, "with other sources"),
            (found.changed_handoffs, "handed over differently"),
        ):
            st.badge(f"{count} {what}", color="orange" if count else "green")
        if found.candidate_failures:
            st.badge(f"{found.candidate_failures} failed on version {report.version}", color="red")
        st.badge(
            f"half within {duration(found.candidate_latency.p50_ms)}, before {duration(found.live_latency.p50_ms)}",
            icon=":material/timer:",
            color="gray",
        )
    if not report.complete:
        st.caption("There were more turns than one replay plays.")
    only = st.toggle("Only what differs", value=True, key="replay_changed")
    shown = [(one, [turn for turn in one.turns if turn.changed or not only]) for one in report.conversations]
    if not any(turns for _, turns in shown):
        st.success("Both versions say the same.", icon=":material/check_circle:")
    for conversation, turns in shown:
        if turns:
            _conversation(report, conversation, turns)


def _conversation(report: ReplayView, conversation: ReplayedConversation, turns: Sequence[TurnComparison]) -> None:
    with st.container(border=True):
        where = f"/conversation?id={conversation.conversation_id}"
        st.markdown(f"[{moment(conversation.started_at)}]({where}) · {conversation.channel}")
        for turn in turns:
            marks = "".join(f" :orange-badge[{_WORDS[kind]}]" for kind in turn.changed)
            st.markdown(f"**{plain(turn.prompt)}**{marks}")
            live, candidate = st.columns(2, gap="medium")
            with live:
                _side(f"Version {report.live_version}, live", turn.live)
            with candidate:
                _side(f"Version {report.version}", turn.candidate)


def _side(name: str, turn: ReplayedTurn) -> None:
    st.caption(f"{name} · {duration(turn.latency_ms)}")
    if turn.error:
        st.error(plain(turn.error), icon=":material/error:")
        return
    st.markdown(plain(turn.answer))
    notes = [f":material/description: {plain(path)}" for path in dict.fromkeys(one.path for one in turn.citations)]
    if turn.handoff:
        notes.append(f":material/support_agent: handed over: {plain(turn.handoff.reason)}")
    if not turn.answered and not turn.handoff:
        notes.append(":material/help: the documents do not answer")
    if notes:
        st.caption("  \n".join(notes))
