"""View of the services behind the console and their health."""

from typing import NamedTuple

import httpx
import streamlit as st

from console import backend
from console.state import system
from console.wording import guarded, size
from oratio.protocol.http import ReadinessView

_NAMES = {"records": "Records", "objects": "Object store", "prefect": "Flow engine", "agent-host": "Agent host"}
_TICK_S = 5.0


class HealthPart(NamedTuple):
    """Service and its health; `detail` says what is wrong."""

    name: str
    ok: bool
    detail: str


def parts() -> list[HealthPart]:
    """Return every service's health. The voice server answers on its own port; the API reports the others."""
    with httpx.Client(transport=backend.transport(), timeout=3) as http:
        try:
            ready = ReadinessView.model_validate_json(http.get(f"{backend.api_base()}/readyz").content)
            found = [HealthPart("HTTP API", True, "")]
            found += [
                HealthPart(_NAMES.get(name, name), check.ok, check.detail) for name, check in ready.checks.items()
            ]
        except (httpx.HTTPError, ValueError):
            found = [HealthPart("HTTP API", False, "does not answer")]
        try:
            answer = http.get(f"{backend.settings().local_url('voice')}/healthz")
            found.append(
                HealthPart("Voice server", answer.is_success, "" if answer.is_success else f"{answer.status_code}")
            )
        except httpx.HTTPError:
            found.append(HealthPart("Voice server", False, "does not answer"))
    return found


def show() -> None:
    st.title("Health")
    st.fragment(_services, run_every=_TICK_S)()
    with guarded("Asking what runs"):
        about = system()
        st.subheader("This installation")
        for label, text in (
            ("Answers come from", about.answers_by),
            ("Speech", about.speech),
            ("Sandbox of the agents", f"tier {about.sandbox}" if about.sandbox else "not known"),
            ("Platform", f"{about.platform}, {about.environment}, Oratio {about.version}"),
            ("An agent may have", f"{about.limits['maxFiles']} files, {size(about.limits['maxTotalBytes'])} in all"),
        ):
            st.markdown(f"**{label}**  \n{text}")
        for name, url in about.urls.items():
            st.markdown(f"`{name}` {url}")


def _services() -> None:
    found = parts()
    if all(part.ok for part in found):
        st.success("Everything answers.", icon=":material/check_circle:")
    else:
        silent = ", ".join(part.name for part in found if not part.ok)
        st.error(f"Not working: {silent}. `oratio status` and the logs say more.", icon=":material/error:")
    for part in found:
        icon = ":green[:material/check_circle:]" if part.ok else ":red[:material/error:]"
        st.markdown(f"{icon} **{part.name}** {'works' if part.ok else part.detail}")
