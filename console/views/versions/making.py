"""View of an agent's creation: its steps as they go, the log next to them, and the ways on after a failure."""

import re
import time
from collections.abc import Mapping
from typing import Literal

import streamlit as st

from console import log
from console.state import client, happened, notify, page, rehearsal_so_far, system
from console.views.creation.create import begin_again
from console.wording import clock, counted, duration, guarded, plain, show_error, step_title
from oratio.domain.agents.agent import AgentStatus, Step, StepProgress, StepStatus
from oratio.domain.plan.rehearsal import RehearsalReport, ScenarioResult
from oratio.errors import NotAuthenticated, NotFound, OratioError
from oratio.protocol.http import AgentDetail

TICK_S = 1.0
_COUNT = re.compile(r"(\d+) of (\d+)")
_STATES: Mapping[StepStatus, Literal["running", "complete", "error"]] = {
    StepStatus.RUNNING: "running",
    StepStatus.SUCCEEDED: "complete",
    StepStatus.FAILED: "error",
}
_LOG_LINES = 200
_LOG_HEIGHT = 420


def is_busy(agent: AgentDetail) -> bool:
    """Return True if the agent is being created, updated or deleted."""
    updating = agent.error is None and any(entry.ended_at is None for entry in agent.progress)
    return agent.status in (AgentStatus.CREATING, AgentStatus.DELETING) or (
        agent.status == AgentStatus.ACTIVE and updating
    )


def watch(known: AgentDetail, was_busy: bool) -> None:
    """Draw the progress; while work goes on, from the API's newest answer instead of `known`."""
    agent = known
    if was_busy:
        try:
            with client() as api:
                agent = api.agent(known.agent_id)
        except NotFound:
            st.rerun()
        except NotAuthenticated:
            raise
        except OratioError as error:
            show_error(error, "Looking how far it is")
            st.caption("This is from before. The work goes on in the meantime.")
    if agent.status == AgentStatus.DELETING:
        st.info("The agent is being deleted, with everything it owns.", icon=":material/delete:")
        return
    with guarded("Reading the log", key="log"), st.container(key="ticking_steps"):
        events = happened(agent)
        entries = log.lines(events, agent.latest_version)
        attempts = log.attempts(events, agent.latest_version)
        steps, side = st.columns([5, 4], gap="large")
        with steps:
            _timeline(agent, attempts)
            if agent.error:
                _failure(agent, attempts)
        with side:
            _log(agent, entries)
    # The last step is shown before the rest of the page, which takes longer, says the same.
    if was_busy and not is_busy(agent):
        st.rerun()


def _timeline(agent: AgentDetail, attempts: Mapping[str, int]) -> None:
    busy = is_busy(agent)
    done = sum(entry.status == StepStatus.SUCCEEDED for entry in agent.progress)
    began = min((entry.started_at for entry in agent.progress if entry.started_at), default=None)
    ended = max((entry.ended_at for entry in agent.progress if entry.ended_at), default=None)
    st.subheader(f"Version {agent.latest_version}" + (" is being made" if busy else ""))
    until = time.time() * 1000 if busy else ended
    spent = f" · {duration(until - began)}" if began and until else ""
    st.progress(done / max(1, len(agent.progress)), text=f"{done} of {len(agent.progress)} steps{spent}")
    for entry in agent.progress:
        _step(agent, entry, attempts.get(entry.step, 1))


def _step(agent: AgentDetail, entry: StepProgress, attempt: int) -> None:
    title = step_title(entry.step)
    if entry.status == StepStatus.PENDING:
        st.markdown(f":gray[:material/radio_button_unchecked: {title}]")
        return
    until = entry.ended_at or time.time() * 1000
    parts = [f"**{title}**"] + ([f"attempt {attempt}"] if attempt > 1 else [])
    parts += [duration(until - entry.started_at)] if entry.started_at else []
    parts += [plain(entry.detail)] if entry.detail and entry.status != StepStatus.FAILED else []
    playing = entry.step == Step.REHEARSE_AGENT and entry.status != StepStatus.SUCCEEDED
    # Not as a context: leaving one would say that the step is complete.
    box = st.status(" · ".join(parts), type="step", state=_STATES[entry.status], expanded=playing)
    if entry.status == StepStatus.RUNNING and (count := _COUNT.search(entry.detail)):
        box.progress(min(1.0, int(count[1]) / max(1, int(count[2]))))
    if playing and (report := rehearsal_so_far(agent.agent_id, agent.latest_version, entry.detail)):
        box.markdown("  \n".join(_scenarios(report)))


def _scenarios(report: RehearsalReport) -> list[str]:
    played = [f"{_mark(result)} {plain(result.scenario.title)}{_why(result)}" for result in report.results]
    return played + [f":gray[:material/radio_button_unchecked: {plain(title)}]" for title in report.planned]


def _mark(result: ScenarioResult) -> str:
    if result.passed:
        return ":green[:material/check_circle:]"
    return ":red[:material/error:]" if result.required else ":orange[:material/warning:]"


def _why(result: ScenarioResult) -> str:
    return "" if result.passed else f" · {plain(result.reason)}" + ("" if result.required else " (advice only)")


def _log(agent: AgentDetail, entries: list[log.LogLine]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Log**", width="content")
        st.space("stretch")
        if agent.flow_run_id and (prefect := system().urls.get("prefect")):
            run = f"{prefect.removesuffix('/api')}/runs/flow-run/{agent.flow_run_id}"
            st.page_link(run, label="Run in Prefect", icon=":material/account_tree:")
    text = "\n".join(
        f"{clock(line.at)}  {step_title(line.step)}: {line.text}" if line.step else f"{clock(line.at)}  {line.text}"
        for line in entries
    )
    shown = text.splitlines()[-_LOG_LINES:]
    with st.container(height=_LOG_HEIGHT, autoscroll=True, border=False, key="log_lines"):
        st.code("\n".join(shown) or "Nothing has happened yet.", language=None, wrap_lines=True)
    if len(shown) < len(entries):
        st.caption(f"The last {_LOG_LINES} of {len(entries):,} lines.")
    st.download_button(
        "Download the log",
        text,
        f"{agent.agent_id}-version-{agent.latest_version}.log",
        "text/plain",
        key="log_download",
        icon=":material/download:",
        on_click="ignore",
        disabled=is_busy(agent),
    )


def _failure(agent: AgentDetail, attempts: Mapping[str, int]) -> None:
    assert agent.error
    st.error(
        f"**{step_title(agent.error.step)}** failed (`{agent.error.code}`).  \n{plain(agent.error.message)}",
        icon=":material/error:",
    )
    entry = next((entry for entry in agent.progress if entry.step == agent.error.step), None)
    if entry and entry.started_at and entry.ended_at:
        tried = counted(attempts.get(entry.step, 1), "attempt")
        st.caption(f"What was tried: {tried}, the last one for {duration(entry.ended_at - entry.started_at)}.")
    for problem in agent.knowledge_base.problems[:20]:
        st.markdown(f"- `{problem.path}` {plain(problem.reason)}")
    with st.container(horizontal=True):
        if st.button("Retry from this step", key="retry", type="primary", icon=":material/refresh:"):
            _retry(agent.agent_id)
            st.rerun()  # the whole page: what is drawn here was not being watched
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
