"""A text conversation with an agent, with the sources and SOP lines behind each answer."""

from collections.abc import Iterator

import streamlit as st

from console.state import Chat, chat, client
from oratio.errors import OratioError
from oratio.wire import AgentDetail, Answer


def show(agent: AgentDetail) -> None:
    if agent.status != "active":
        st.info("The agent can be talked to once it is active.")
        return
    talk = chat(agent.agent_id)
    for role, text, notes in talk.messages:
        with st.chat_message(role):
            st.markdown(text)
            if notes:
                st.caption(notes)
    if prompt := st.chat_input("Ask the agent", key=f"ask_{agent.agent_id}"):
        with st.chat_message("user"):
            st.markdown(prompt)
        with st.chat_message("assistant"):
            _answer(agent.agent_id, talk, prompt)


def _answer(agent_id: str, talk: Chat, prompt: str) -> None:
    final: list[Answer] = []

    def pieces() -> Iterator[str]:
        with client() as api:
            for event in api.ask_stream(agent_id, prompt, session_id=talk.session_id):
                if isinstance(event, str):
                    yield event
                else:
                    final.append(event)

    try:
        st.write_stream(pieces())
    except OratioError as error:
        st.error(f"{error}", icon=":material/error:")
        return
    answer = final[0]
    talk.session_id = answer.session_id
    notes = _notes(answer)
    st.caption(notes)
    talk.messages += [("user", prompt, ""), ("assistant", answer.answer, notes)]


def _notes(answer: Answer) -> str:
    """Where an answer came from, in one line."""
    parts = [f":material/timer: {answer.latency_ms} ms"]
    for citation in answer.citations:
        place = f", page {citation.page}" if citation.page else f", {citation.heading}" if citation.heading else ""
        parts.append(f":material/description: {citation.path}{place}")
    for step in answer.sop_steps:
        parts.append(f":material/list_alt: SOP {step.line_start}-{step.line_end}")
    if answer.handoff:
        parts.append(f":material/support_agent: hand-off: {answer.handoff.reason}")
    return "  \n".join(parts)
