"""A text conversation with an agent, with the sources and SOP lines behind each answer."""

from collections.abc import Iterator

import streamlit as st

from console.state import Chat, chat, client, forget_chat
from console.views.turns import behind, sop_lines
from console.wording import plain, show_error
from oratio.domain.agent import AgentStatus
from oratio.errors import NotAuthenticated, OratioError
from oratio.wire import AgentDetail, Answer


def show(agent: AgentDetail) -> None:
    if agent.status != AgentStatus.ACTIVE:
        st.info("The agent can be talked to once it is active.", icon=":material/hourglass:")
        return
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
