"""View of an agent's endpoints, warnings and creation."""

import streamlit as st

from console import samples
from console.state import loading
from console.views.versions.making import TICK_S, is_busy, watch
from console.wording import counted, guarded, plain
from oratio.domain.agents.agent import AgentStatus
from oratio.protocol.http import AgentDetail


def show(agent: AgentDetail) -> None:
    busy = is_busy(agent)
    if agent.status == AgentStatus.ACTIVE and not busy:
        _endpoints(agent)
        with guarded("Looking at the rehearsal", key="rehearsal"):
            _signed(agent)
    st.fragment(watch, run_every=TICK_S if busy else None)(agent, busy)


def _signed(agent: AgentDetail) -> None:
    """Warn of a live version that did not pass its rehearsal, signed for or not."""
    with loading() as api:
        history = api.versions(agent.agent_id).versions
    live = next((version for version in history if version.version == agent.current_version), None)
    if live is None or (live.rehearsal is not None and live.rehearsal.passed):
        return
    what = "failed its rehearsal" if live.rehearsal else "was not rehearsed"
    if live.override:
        who, why = plain(live.override.signed_by), plain(live.override.reason)
        st.warning(f"Version {live.version} {what}. {who} signed for it: {why}", icon=":material/draw:")
    else:
        st.error(
            f"Version {live.version} {what}, and no one has signed for it. See the Rehearsal section.",
            icon=":material/theater_comedy:",
        )


def _endpoints(agent: AgentDetail) -> None:
    st.subheader("Endpoints")
    text, voice = agent.api_endpoint or "", agent.websocket_url or ""
    spoken = agent.agent_type == "voice"
    columns = st.columns(2, gap="large")
    with columns[0]:
        st.markdown("Text, over HTTP")
        st.code(text, language=None)
    if spoken:
        with columns[1]:
            st.markdown("Voice, over a WebSocket")
            st.code(voice, language=None)
    with st.expander("Samples to copy", icon=":material/code:"):
        shell, python, *calls = st.tabs(["curl", "Python", *(["Browser voice", "Phone"] if spoken else [])])
        shell.code(samples.curl(text), language="bash")
        python.code(samples.python(text, agent.agent_id), language="python")
        if calls:
            browser, phone = calls
            browser.code(samples.browser(voice), language="javascript")
            phone.markdown(
                "Oratio takes no phone calls itself. This bridge lets Twilio's Media Streams through to the agent: "
                "both sides speak 8 kHz mu-law, so no sound is converted. It was tried against a stand-in for Twilio, "
                "not against Twilio. A SIP trunk needs a gateway that speaks WebSockets in the same way."
            )
            phone.code(samples.phone(voice), language="python", height=420)
        st.caption("Keys are made in the Access section.")
    if agent.knowledge_base.problems:
        st.warning(
            f"{counted(len(agent.knowledge_base.problems), 'document')} with problems; see the Knowledge section.",
            icon=":material/description:",
        )
