"""View of one conversation, turn by turn: as a page, and next to a list."""

import streamlit as st

from console.components.recording import RecordedLine, recording
from console.state import loading, page
from console.views.conversations.turns import behind, head, sop_lines
from console.wording import duration, guarded, moment, plain
from oratio.domain.conversations.conversation import Channel, Turn
from oratio.errors import NotFound
from oratio.protocol.http import ConversationDetail

_SAID_BEFORE_S = 4.0


def show() -> None:
    conversation_id = st.query_params.get("id", "")
    with guarded("Loading the conversation"):
        if not conversation_id:
            raise NotFound("no conversation is named in the address")
        with loading() as api:
            detail = api.conversation(conversation_id)
        back = {"id": detail.conversation.agent_id, "section": "Conversations"}
        st.page_link(page("agent"), label="Conversations", icon=":material/arrow_back:", query_params=back)
        st.title(f"Conversation of {moment(detail.conversation.started_at)}")
        _show(detail)


@st.dialog("Conversation", width="medium", position="right")
def drawer(conversation_id: str) -> None:
    with guarded("Loading the conversation", key="drawer"):
        with loading() as api:
            detail = api.conversation(conversation_id)
        st.markdown(f"**{moment(detail.conversation.started_at)}**")
        _show(detail)


def _show(detail: ConversationDetail) -> None:
    conversation = detail.conversation
    with st.container(horizontal=True):
        head(conversation)
    if conversation.handoff:
        st.warning(
            f"**Handed over:** {plain(conversation.handoff.reason)}  \n{plain(conversation.handoff.summary)}",
            icon=":material/support_agent:",
        )
    if conversation.handoff_failure:
        left = conversation.handoff_failure.message
        st.error(
            f"**No human came:** {plain(conversation.handoff_failure.reason)}"
            + (f"  \nThe caller left a message: {plain(left)}" if left else ""),
            icon=":material/phone_missed:",
        )
    if conversation.channel == Channel.VOICE:
        recording(conversation.conversation_id, _lines(detail))
    sop = sop_lines(conversation.agent_id, conversation.version)
    for turn in detail.transcript:
        _turn(turn, sop)
    if not detail.transcript:
        st.caption("Nothing was said.")


def _lines(detail: ConversationDetail) -> list[RecordedLine]:
    """Return the lines with their place in the recording: a turn is stored when its answer starts to play."""
    found: list[RecordedLine] = []
    for turn in detail.transcript:
        at = max(0.0, (turn.at - detail.conversation.started_at) / 1000)
        if turn.prompt:
            begin = max(found[-1]["at"] if found else 0.0, at - _SAID_BEFORE_S)
            found.append(RecordedLine(at=begin, role="user", who="Caller", text=turn.prompt))
        if turn.result.answer:
            found.append(RecordedLine(at=at, role=turn.role, who=_who(turn), text=turn.result.answer))
    return found


def _who(turn: Turn) -> str:
    return "Operator" if turn.role == "operator" else "Agent"


def _turn(turn: Turn, sop: list[str]) -> None:
    if turn.prompt:
        with st.chat_message("user"):
            st.markdown(plain(turn.prompt))
            st.caption(moment(turn.at))
    for whisper in turn.guidance:
        st.caption(f":material/hearing: An operator whispered to the agent: {plain(whisper)}")
    if turn.role == "operator":
        if turn.result.answer:
            with st.chat_message("Operator", avatar=":material/person:"):
                st.markdown(plain(turn.result.answer))
                st.caption("A human said this.")
        return
    if not turn.result.answer:
        return
    with st.chat_message("assistant"):
        st.markdown(plain(turn.result.answer) + (" :gray[(interrupted)]" if turn.interrupted else ""))
        with st.expander("Why it said that", icon=":material/quick_reference_all:"):
            silent = f"{duration(turn.dead_air_ms)} of silence" if turn.dead_air_ms else ""
            behind(turn.result, turn.latency_ms, sop=sop, extra=silent)
