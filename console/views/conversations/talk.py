"""View for talking with an agent on its page: in writing, and for a voice agent also in a live call."""

from collections.abc import Iterator

import streamlit as st

from console.components.voice_call import HeardWords, voice_call
from console.state import Chat, chat, client, forget_chat
from console.views.conversations.turns import behind, sop_lines
from console.wording import guarded, plain, show_error
from oratio.domain.agents.agent import AgentStatus
from oratio.errors import NotAuthenticated, NotFound, OratioError
from oratio.protocol.http import AgentDetail, Answer


def show(agent: AgentDetail) -> None:
    if agent.status != AgentStatus.ACTIVE:
        st.info("The agent can be talked to once it is active.", icon=":material/hourglass:")
        return
    if agent.agent_type != "voice":
        _writing(agent)
        return
    written, spoken = st.columns(2, gap="large")
    with spoken:
        st.subheader("Call")
        st.fragment(_calling)(agent)
    with written:
        st.subheader("Write")
        st.fragment(_writing)(agent)


def _calling(agent: AgentDetail) -> None:
    heard = voice_call(agent.agent_id)
    if heard.conversation_id:
        with guarded("Loading what was said", key="heard"):
            _behind_the_call(agent, heard)


def _behind_the_call(agent: AgentDetail, heard: HeardWords) -> None:
    """Show the stored turns of the call, the newest first."""
    try:
        with client() as api:
            detail = api.conversation(heard.conversation_id)
    except NotFound:
        return
    sop = sop_lines(agent.agent_id, detail.conversation.version)
    answered = [turn for turn in detail.transcript if turn.result.answer]
    for at, turn in enumerate(reversed(answered)):
        title = plain(turn.prompt or turn.result.answer)[:80]
        with st.expander(f"Why it said that: {title}", expanded=at == 0, icon=":material/quick_reference_all:"):
            st.markdown(plain(turn.result.answer))
            behind(turn.result, turn.latency_ms, sop=sop, extra=f"version {detail.conversation.version}")


def _writing(agent: AgentDetail) -> None:
    talk = chat(agent.agent_id)
    if not talk.turns:
        st.caption("Ask what a caller would ask. Each answer shows the documents and the SOP lines it came from.")
    for prompt, answer in talk.turns:
        with st.chat_message("user"):
            st.markdown(plain(prompt))
        with st.chat_message("assistant"):
            st.markdown(plain(answer.answer))
            _behind(agent, answer)
    if talk.turns:
        st.button(
            "New conversation",
            key="new_conversation",
            icon=":material/restart_alt:",
            on_click=forget_chat,
            args=(agent.agent_id,),
        )
    if asked := st.chat_input("Ask the agent", key=f"ask_{agent.agent_id}"):
        with st.chat_message("user"):
            st.markdown(plain(asked))
        with st.chat_message("assistant"):
            _answer(agent, talk, asked)


def _answer(agent: AgentDetail, talk: Chat, prompt: str) -> None:
    final: list[Answer] = []

    def pieces() -> Iterator[str]:
        with client() as api:
            for event in api.ask_stream(agent.agent_id, prompt, session_id=talk.session_id):
                if isinstance(event, str):
                    yield plain(event)
                else:
                    final.append(event)

    try:
        st.write_stream(pieces())
    except NotAuthenticated:
        raise
    except OratioError as error:
        show_error(error, "Asking the agent")
        st.caption("What you asked:")
        st.code(prompt, language=None, wrap_lines=True)
        return
    if not final:
        st.error("The answer broke off. Ask again.", icon=":material/error:")
        return
    talk.session_id = final[0].session_id
    talk.turns.append((prompt, final[0]))
    _behind(agent, final[0])


def _behind(agent: AgentDetail, answer: Answer) -> None:
    with st.expander("Why it says that", expanded=True, icon=":material/quick_reference_all:"):
        sop = sop_lines(agent.agent_id, answer.version) if answer.sop_steps else []
        behind(answer, answer.latency_ms, sop=sop, extra=f"version {answer.version} · {answer.model}")
