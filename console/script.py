"""What runs for every page: the gate, the navigation, the page."""

import streamlit as st

from console.components.session_form import sign_in_form, sign_out_form
from console.state import client, keep_pages, settings, token
from console.views import agent, agents, create
from oratio.errors import NotAuthenticated, OratioError

_REASONS = {
    "empty": "Paste a token first.",
    "refused": "That token is not valid or has expired. Make a new one with `oratio token`.",
    "unreachable": "The Oratio API does not answer. Look at `oratio status`, then try again.",
}


def _sign_in() -> None:
    st.title("Sign in to Oratio")
    if reason := _REASONS.get(st.query_params.get("signin", "")):
        st.error(reason, icon=":material/error:")
    st.write("Run `oratio token` on this machine and paste what it prints.")
    sign_in_form()


def _banners() -> None:
    """What an operator must know on every page."""
    with client() as api:
        system = api.system()
    if system.model == "builtin":
        st.caption(
            ":material/info: Answers come from `builtin`: quotes from the documents by rule, no language model. "
            "Set `ORATIO_MODEL` for one."
        )
    if system.sandbox in ("B", "C"):
        st.warning(f"Agents run in sandbox tier {system.sandbox} on this machine.", icon=":material/shield:")


def main() -> None:
    st.set_page_config(page_title="Oratio", layout="wide")
    pages = {
        "agents": st.Page(
            agents.show, title="Agents", icon=":material/support_agent:", url_path="agents", default=True
        ),
        "create": st.Page(create.show, title="New agent", icon=":material/add_circle:", url_path="create"),
        "agent": st.Page(agent.show, title="Agent", url_path="agent", visibility="hidden"),
    }
    keep_pages(pages)
    if not token():
        st.navigation(list(pages.values()), position="hidden")
        _sign_in()
        return
    page = st.navigation(list(pages.values()))
    with st.sidebar:
        st.link_button("Prefect runs", settings().local_url("prefect"), icon=":material/account_tree:")
        sign_out_form()
    try:
        _banners()
        page.run()
    except NotAuthenticated:
        st.warning("Your session has expired. Sign in again.", icon=":material/lock_clock:")
        sign_in_form()
    except OratioError as error:
        st.error(f"{error}", icon=":material/error:")
        st.button("Try again", icon=":material/refresh:")


main()
