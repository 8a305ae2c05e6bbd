"""View of an agent's versions: the live one, earlier ones, and the roll-back."""

from collections.abc import Mapping

import streamlit as st

from console.state import client, loading, notify
from console.views.conversations.replay import replay
from console.wording import Colour, ago, counted, moment, plain, show_error
from oratio.errors import NotAuthenticated, OratioError
from oratio.protocol.http import AgentDetail, VersionSummary

_COLOURS: Mapping[str, Colour] = {
    "live": "green",
    "rehearsed": "blue",
    "building": "blue",
    "retired": "gray",
    "failed": "red",
}


def show(agent: AgentDetail) -> None:
    with loading() as api:
        history = api.versions(agent.agent_id).versions
    for version in history:
        with st.container(border=True, key=f"version_{version.version}"):
            _version(agent, version)
    if len(history) > 1:
        st.caption("Code and prompt of two versions are compared in Generated files.")
    st.fragment(replay)(agent, history)


def _version(agent: AgentDetail, version: VersionSummary) -> None:
    live = version.version == agent.current_version
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Version {version.version}**", width="content")
        st.badge(version.status, color=_COLOURS[version.status])
        st.badge(counted(version.documents, "file"), color="gray")
        if version.rehearsal:
            word = "passed" if version.rehearsal.passed else "failed"
            colour: Colour = "green" if version.rehearsal.passed else "red"
            failures = len(version.rehearsal.failures)
            share = f"{version.rehearsal.scenarios - failures} of {version.rehearsal.scenarios}"
            st.badge(f"rehearsal {word}, {share}", icon=":material/theater_comedy:", color=colour)
        st.space("stretch")
        if not live and version.rehearsal is not None and version.status in ("rehearsed", "retired", "failed"):
            label = "Roll back to it" if version.version < (agent.current_version or 0) else "Activate"
            if st.button(label, key=f"activate_{version.version}", icon=":material/swap_horiz:"):
                _confirm(agent, version)
    live_since = f" · live since {moment(version.activated_at)}" if version.activated_at and live else ""
    st.caption(f"made {moment(version.created_at)}, {ago(version.created_at)}{live_since}")
    if version.override:
        st.caption(f":material/draw: signed by {plain(version.override.signed_by)}: {plain(version.override.reason)}")


@st.dialog("Switch versions")
def _confirm(agent: AgentDetail, version: VersionSummary) -> None:
    st.write(
        f"Code, prompt and documents of version {version.version} go live as one. "
        "Calls in progress finish on the version they started with."
    )
    failed = version.rehearsal is not None and not version.rehearsal.passed
    reason = ""
    if failed and version.rehearsal:
        st.warning("Its rehearsal failed. To switch all the same, sign for it.", icon=":material/theater_comedy:")
        for failure in version.rehearsal.failures[:5]:
            st.markdown(f"- {plain(failure)}")
        reason = st.text_area("Why it is right all the same", key="override", max_chars=2000)
    if st.button("Switch", key="switch", type="primary", disabled=failed and not reason.strip()):
        try:
            with client() as api:
                api.activate(agent.agent_id, version.version, override_reason=reason.strip() or None)
        except NotAuthenticated:
            raise
        except OratioError as error:
            show_error(error, "Switching")
            return
        notify(f"Version {version.version} is live.")
        st.rerun()
