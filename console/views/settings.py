"""View of an agent's texts, and its deletion."""

import streamlit as st

from console.state import client, notify, page
from console.wording import moment, plain, show_error
from oratio.domain.agents.agent import AgentStatus
from oratio.errors import NotAuthenticated, OratioError
from oratio.protocol.http import AgentDetail


def show(agent: AgentDetail) -> None:
    st.markdown(f"**Consults the documents**  \n{plain(agent.knowledge_base_description)}")
    st.markdown(f"**Hands over**  \n{plain(agent.human_handoff_description)}")
    with st.expander("SOP", icon=":material/list_alt:"):
        st.code(agent.sop, language="markdown", line_numbers=True, wrap_lines=True)
    st.caption(f"Agent `{agent.agent_id}` · made {moment(agent.created_at)} · changed {moment(agent.updated_at)}")
    st.caption("To change anything here, make a new version.")
    st.subheader("Delete")
    if agent.status == AgentStatus.DELETING:
        st.info("It is being deleted.", icon=":material/delete:")
        return
    st.markdown("Its documents, code, versions, keys and conversations go with it. This cannot be undone.")
    typed = st.text_input("Type the agent's name to delete it", key="delete_name")
    if st.button(
        "Delete agent", key="delete", disabled=typed.strip() != agent.agent_name, icon=":material/delete_forever:"
    ):
        _delete(agent)


def _delete(agent: AgentDetail) -> None:
    try:
        with client() as api:
            api.delete(agent.agent_id)
    except NotAuthenticated:
        raise
    except OratioError as error:
        show_error(error, "Deleting")
        return
    notify(f"{agent.agent_name} is being deleted.")
    st.switch_page(page("agents"))
