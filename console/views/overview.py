"""How an agent is being made, step by step, and how it is reached once it is live."""

import re
import time
from collections.abc import Mapping
from typing import Literal

import streamlit as st

from console.state import client, notify, page
from console.views.create import begin_again
from console.wording import counted, duration, guarded, plain, show_error, step_title
from oratio.domain.agent import AgentStatus, StepProgress, StepStatus
from oratio.errors import NotFound, OratioError
from oratio.wire import AgentDetail

_COUNT = re.compile(r"(\d+) of (\d+)")
_STATES: Mapping[StepStatus, Literal["running", "complete", "error"]] = {
    StepStatus.RUNNING: "running",
    StepStatus.SUCCEEDED: "complete",
    StepStatus.FAILED: "error",
}
_TICK_S = 1.0


def is_busy(agent: AgentDetail) -> bool:
    """Whether something is being done to the agent by itself: made, updated or deleted."""
    updating = agent.error is None and any(entry.ended_at is None for entry in agent.progress)
    return agent.status in (AgentStatus.CREATING, AgentStatus.DELETING) or (
        agent.status == AgentStatus.ACTIVE and updating
    )


def show(agent: AgentDetail) -> None:
    busy = is_busy(agent)
    if agent.status == AgentStatus.ACTIVE and not busy:
        _endpoints(agent)
        with guarded("Looking at the rehearsal", key="rehearsal"):
            _signed(agent)
    st.fragment(_watch, run_every=_TICK_S if busy else None)(agent, busy)


def _signed(agent: AgentDetail) -> None:
    """A live version that did not pass its rehearsal is told about, whether somebody signed for it or not."""
    with client() as api:
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
            f"Version {live.version} {what}, and nobody has signed for it. Look at the Rehearsal section.",
            icon=":material/theater_comedy:",
        )


def _watch(known: AgentDetail, was_busy: bool) -> None:
    agent = known
    if was_busy:
        try:
            with client() as api:
                agent = api.agent(known.agent_id)
        except NotFound:
            st.rerun()
        except OratioError as error:
            show_error(error, "Looking how far it is")
            st.caption("What is shown is from before. It goes on in the meantime.")
    if was_busy and not is_busy(agent):
        st.rerun()
    if agent.status == AgentStatus.DELETING:
        st.info("The agent is being taken down, with everything it owns.", icon=":material/delete:")
        return
    _timeline(agent)
    if agent.error:
        _failure(agent)


def _timeline(agent: AgentDetail) -> None:
    done = sum(entry.status == StepStatus.SUCCEEDED for entry in agent.progress)
    began = min((entry.started_at for entry in agent.progress if entry.started_at), default=None)
    ended = max((entry.ended_at for entry in agent.progress if entry.ended_at), default=None)
    st.subheader(f"Version {agent.latest_version}" + (" is being made" if is_busy(agent) else ""))
    until = time.time() * 1000 if is_busy(agent) else ended
    spent = f" · {duration(until - began)}" if began and until else ""
    st.progress(done / max(1, len(agent.progress)), text=f"{done} of {len(agent.progress)} steps{spent}")
    for entry in agent.progress:
        _step(entry)


def _step(entry: StepProgress) -> None:
    title = step_title(entry.step)
    if entry.status == StepStatus.PENDING:
        st.markdown(f":gray[:material/radio_button_unchecked: {title}]")
        return
    until = entry.ended_at or time.time() * 1000
    spent = f" · {duration(until - entry.started_at)}" if entry.started_at else ""
    label = f"**{title}**{spent}" + (f" · {plain(entry.detail)}" if entry.detail else "")
    state = _STATES[entry.status]
    with st.status(label, type="step", state=state):
        running = entry.status == StepStatus.RUNNING
        if running and (count := _COUNT.search(entry.detail)):
            st.progress(min(1.0, int(count[1]) / max(1, int(count[2]))))


def _failure(agent: AgentDetail) -> None:
    assert agent.error
    st.error(
        f"**{step_title(agent.error.step)}** failed (`{agent.error.code}`).  \n{plain(agent.error.message)}",
        icon=":material/error:",
    )
    for problem in agent.knowledge_base.problems[:20]:
        st.markdown(f"- `{problem.path}` {plain(problem.reason)}")
    with st.container(horizontal=True):
        st.button(
            "Retry from this step",
            key="retry",
            type="primary",
            icon=":material/refresh:",
            on_click=_retry,
            args=(agent.agent_id,),
        )
        if st.button("Start again with changes", key="start_again", icon=":material/edit:"):
            with client() as api:
                draft = begin_again(api.version(agent.agent_id, agent.latest_version))
            notify("The words are here. Choose the folder again, change what was wrong, and create.")
            st.switch_page(page("create"), query_params={"draft": draft})
    if message := st.session_state.pop("retry_refused", None):
        show_error(message, "Retrying")


def _retry(agent_id: str) -> None:
    try:
        with client() as api:
            api.retry(agent_id)
    except OratioError as error:
        st.session_state["retry_refused"] = error


def _endpoints(agent: AgentDetail) -> None:
    st.subheader("Endpoints")
    text, voice = agent.api_endpoint or "", agent.websocket_url or ""
    st.markdown("Text, over HTTP")
    st.code(text, language=None)
    if agent.agent_type == "voice":
        st.markdown("Voice, over a WebSocket")
        st.code(voice, language=None)
    with st.expander("Samples to copy", icon=":material/code:"):
        shell, python, browser = st.tabs(["curl", "Python", "Browser voice"])
        shell.code(
            f"curl {text} \\\n  -H 'Authorization: Bearer orat_live_…' \\\n  -H 'Content-Type: application/json' \\\n"
            """  -d '{"prompt": "Hello"}'""",
            language="bash",
        )
        python.code(
            f"""from oratio.client import Client

with Client("{text.split("/api/", 1)[0]}", "orat_live_…") as oratio:
    print(oratio.ask("{agent.agent_id}", "Hello").answer)""",
            language="python",
        )
        browser.code(
            f"""const socket = new WebSocket("{voice}", ["oratio.v1", "bearer." + ticket])
socket.binaryType = "arraybuffer"
socket.onopen = () => socket.send(JSON.stringify({{type: "session.start"}}))""",
            language="javascript",
        )
        st.caption("Keys are made in the Access section.")
    with guarded("Loading"):
        if agent.knowledge_base.problems:
            st.warning(
                f"{counted(len(agent.knowledge_base.problems), 'document')} with problems; see the Knowledge section.",
                icon=":material/description:",
            )
