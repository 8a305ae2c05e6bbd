"""An agent's conversations, newest first."""

from collections.abc import Mapping

import streamlit as st

from console.state import client, page
from console.wording import Colour, counted, duration, moment, plain
from oratio.wire import AgentDetail, ConversationView

_OUTCOMES: Mapping[str, tuple[str, Colour, str]] = {
    "open": ("open", "blue", ":material/more_horiz:"),
    "ended": ("ended", "gray", ":material/check:"),
    "handed_off": ("handed over", "orange", ":material/support_agent:"),
}
_PAGE = 50


def show(agent: AgentDetail) -> None:
    key = f"conversations_{agent.agent_id}"
    cursors: list[str | None] = st.session_state.setdefault(key, [None])
    found: list[ConversationView] = []
    following: str | None = None
    with client() as api:
        for cursor in cursors:
            got = api.conversations(agent.agent_id, limit=_PAGE, cursor=cursor)
            found += got.conversations
            following = got.next_cursor
    if not found:
        st.info("Nobody has talked to this agent yet. Talk to it in the Talk section.", icon=":material/forum:")
        return
    handed = sum(conversation.outcome == "handed_off" for conversation in found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        channel = st.selectbox("Channel", ["any", "text", "voice"], key="conversation_channel", width=160)
        outcome = st.selectbox(
            "Outcome", ["any", *_OUTCOMES], key="conversation_outcome", width=200,
            format_func=lambda name: _OUTCOMES[name][0] if name in _OUTCOMES else name,
        )  # fmt: skip
        st.caption(f"{len(found)} shown, {handed} handed over")
    for conversation in found:
        if channel in ("any", conversation.channel) and outcome in ("any", conversation.outcome):
            _row(conversation)
    if following:
        st.button("Older ones", key="older", on_click=cursors.append, args=(following,))


def head(conversation: ConversationView) -> None:
    """The badges of one conversation."""
    word, colour, icon = _OUTCOMES[conversation.outcome]
    st.badge(word, icon=icon, color=colour)
    st.badge(conversation.channel, color="gray")
    st.badge(counted(conversation.turns, "turn"), color="gray")
    st.badge(duration(conversation.updated_at - conversation.started_at), icon=":material/timer:", color="gray")
    st.badge(f"version {conversation.version}", color="gray")


def _row(conversation: ConversationView) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{moment(conversation.started_at)}**", width="content")
        head(conversation)
        if conversation.handoff:
            st.caption(plain(conversation.handoff.reason))
        st.page_link(
            page("conversation"), label="Open", icon=":material/chevron_right:",
            query_params={"id": conversation.conversation_id},
        )  # fmt: skip
