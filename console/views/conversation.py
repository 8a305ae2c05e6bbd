"""One conversation, turn by turn."""

import tempfile
from pathlib import Path

import streamlit as st

from console.state import client, page
from console.views.conversations import head
from console.views.turns import behind, sop_lines
from console.wording import duration, guarded, moment, plain
from oratio.domain.conversation import Channel, Turn
from oratio.errors import NotFound


def show() -> None:
    conversation_id = st.query_params.get("id", "")
    with guarded("Loading the conversation"):
        if not conversation_id:
            raise NotFound("no conversation is named in the address")
        with client() as api:
            told = api.conversation(conversation_id)
        conversation = told.conversation
        back = {"id": conversation.agent_id, "section": "Conversations"}
        st.page_link(page("agent"), label="Conversations", icon=":material/arrow_back:", query_params=back)
        st.title(f"Conversation of {moment(conversation.started_at)}")
        with st.container(horizontal=True):
            head(conversation)
        if conversation.handoff:
            st.warning(
                f"**Handed over:** {plain(conversation.handoff.reason)}  \n{plain(conversation.handoff.summary)}",
                icon=":material/support_agent:",
            )
        if conversation.channel == Channel.VOICE:
            _recording(conversation_id)
        sop = sop_lines(conversation.agent_id, conversation.version)
        for turn in told.transcript:
            _turn(turn, sop)


def _turn(turn: Turn, sop: list[str]) -> None:
    with st.chat_message("user"):
        st.markdown(plain(turn.prompt))
        st.caption(moment(turn.at))
    with st.chat_message("assistant"):
        st.markdown(plain(turn.result.answer) + (" :gray[(interrupted)]" if turn.interrupted else ""))
        with st.expander("Why it said that", icon=":material/quick_reference_all:"):
            silent = f"{duration(turn.dead_air_ms)} of silence" if turn.dead_air_ms else ""
            behind(turn.result, turn.latency_ms, sop=sop, extra=silent)


def _recording(conversation_id: str) -> None:
    """The player, once it is asked for: the caller on the left, the agent on the right."""
    if not st.toggle("Recording", key="recording"):
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "call.wav"
        try:
            with client() as api:
                api.recording(conversation_id, file)
        except NotFound:
            st.caption("This call was not recorded.")
            return
        st.audio(file.read_bytes(), format="audio/wav")
