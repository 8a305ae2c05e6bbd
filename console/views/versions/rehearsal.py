"""View of a version's rehearsal: its scenarios and their results."""

import streamlit as st

from console.state import loading
from console.views.conversations.turns import behind
from console.wording import Colour, duration, plain
from oratio.domain.agents.agent import Step, StepStatus
from oratio.domain.cost import StageCost
from oratio.domain.plan.rehearsal import RehearsalReport, ScenarioResult
from oratio.protocol.http import AgentDetail, VersionDetail

_EXPECTED = {
    "answer": "an answer from the documents",
    "no_answer": "no answer, because the documents have none",
    "handoff": "a hand-over to a human",
    "reply": "any reply",
}

_PAID = {Step.AUTHOR_AGENT: "writing", Step.REHEARSE_AGENT: "rehearsal"}


def show(agent: AgentDetail) -> None:
    with loading() as api:
        numbers = [version.version for version in api.versions(agent.agent_id).versions]
        number = st.selectbox("Version", numbers, key="rehearsal_version") if len(numbers) > 1 else numbers[0]
        version = api.version(agent.agent_id, number)
    if version.override:
        st.warning(
            f"This version went live without a passed rehearsal. Signed by {plain(version.override.signed_by)}: "
            f"{plain(version.override.reason)}",
            icon=":material/draw:",
        )
    if version.rehearsal is None:
        running = next((entry for entry in agent.progress if entry.step == Step.REHEARSE_AGENT), None)
        if running and running.status == StepStatus.RUNNING:
            st.info(f"The rehearsal is being played: {running.detail}", icon=":material/theater_comedy:")
        else:
            st.info("This version has not been rehearsed yet.", icon=":material/hourglass:")
        return
    _report(version.rehearsal)
    _cost(version)


def _cost(version: VersionDetail) -> None:
    """Show the cost of creating the version, of the paid steps."""
    costs = [f"{_PAID[stage.step]} {_amount(stage)}" for stage in version.creation_cost if not _is_free(stage)]
    if costs:
        st.caption(f"Cost of making this version, estimated: {', '.join(costs)}")


def _is_free(stage: StageCost) -> bool:
    return stage.cost_estimate is not None and not stage.cost_estimate.amount


def _amount(stage: StageCost) -> str:
    cost = stage.cost_estimate
    return "not known (set `ORATIO_MODEL_PRICES`)" if cost is None else f"{cost.amount:,.4f} {cost.currency}"


def _report(report: RehearsalReport) -> None:
    passed = sum(result.passed for result in report.results)
    with st.container(horizontal=True):
        verdict = "passed" if report.passed else "failed"
        colour: Colour = "green" if report.passed else "red"
        st.badge(f"rehearsal {verdict}", icon=":material/theater_comedy:", color=colour)
        st.badge(f"{passed} of {len(report.results)} scenarios", color="gray")
        st.badge(duration(report.ended_at - report.started_at), icon=":material/timer:", color="gray")
        st.badge(f"model {report.model}", color="gray")
    which = ["All", "Failed"]
    chosen = st.segmented_control(
        "Scenarios", which, default="All", required=True, key="rehearsal_filter", disabled=passed == len(report.results)
    )
    for at, result in enumerate(report.results):
        if chosen == "All" or not result.passed:
            _scenario(result, at)


def _scenario(result: ScenarioResult, at: int) -> None:
    icon = (
        ":material/check_circle:" if result.passed else ":material/error:" if result.required else ":material/warning:"
    )
    word = "passed" if result.passed else "failed" if result.required else "worth a look"
    title = f"{plain(result.scenario.title)} · {word}"
    with st.expander(title, icon=icon, key=f"scenario_{at}", on_change="rerun") as box:
        if not box.open:
            return
        st.caption(f"Expected: {_EXPECTED[result.scenario.expect]}" + ("" if result.required else ". Advice only."))
        if result.reason:
            st.warning(plain(result.reason), icon=":material/info:")
        for turn in result.turns:
            with st.chat_message("user"):
                st.markdown(plain(turn.prompt))
            with st.chat_message("assistant"):
                st.markdown(plain(turn.answer or turn.error))
                behind(turn, turn.latency_ms)
