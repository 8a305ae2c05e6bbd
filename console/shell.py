"""Frame of every page: the sign-in, the navigation, the page."""

import streamlit as st

from console import state
from console.components.session_form import return_to_this_page, sign_in_form, sign_out_form
from console.pages import HOME
from console.state import keep_pages, show_notice, system
from console.views import agent, agents, analytics, health
from console.views.conversations import conversation, conversations, live
from console.views.creation import create
from console.web.identity import by_provider
from console.wording import show_error
from oratio.errors import NotAuthenticated, OratioError

_REASONS = {
    "empty": "Paste a token first.",
    "refused": "Invalid or expired token. Create a new one with `oratio token`.",
    "unreachable": "The Oratio API does not answer. Check `oratio status`, then try again.",
}
# Streamlit's own colours where they are too faint to read: the chosen part of a control, captions, code, quiet text.
_STYLE = """<style>
[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] * { opacity: 1 !important; }
[data-testid=stCaptionContainer] { color: light-dark(#5f636b, #b4b9c4) !important; }
[data-testid=stChatMessage] [data-testid=stCaptionContainer] { color: inherit !important; }
[data-testid=stChatMessageAvatarUser] { background: #a3303b !important; color: #fff !important; }
[data-testid=stChatMessageAvatarAssistant] { background: #9a4a12 !important; color: #fff !important; }
blockquote, blockquote p { opacity: 1 !important; color: light-dark(#4f535b, #b4b9c4) !important; }
code:not(pre code), pre .token:is(.string, .inserted, .comment, .triple-quoted-string)
  { color: light-dark(#0b6440, #7fdcb4) !important; }
pre .token:is(.function, .keyword, .parameter, .builtin, .class-name, .property, .number, .boolean)
  { color: light-dark(#0b57a4, #7ab7ff) !important; }
pre .token:is(.deleted, .title, .important, .decorator, .operator, .variable)
  { color: light-dark(#a3261e, #ff9d94) !important; }
pre .token:is(.punctuation, .coord, .prefix, .unchanged), [data-testid=stExpanderStepIcon] [data-testid=stIconMaterial]
  { color: light-dark(#4f535b, #b4b9c4) !important; }
/* A dialog is outside the app's element, which sets light or dark. */
[role=dialog] :is([data-testid=stCaptionContainer], blockquote, blockquote p, code:not(pre code))
  { color: inherit !important; }
/* Parts that refresh by themselves do not fade during it. */
[class*=st-key-ticking] [data-stale=true], [data-stale=true]:has([class*=st-key-ticking])
  { opacity: 1 !important; transition: none !important; }
[role=radiogroup] [role=radio][aria-checked=true] { color: inherit !important; font-weight: 600; }
</style>"""


def _sign_in(expired: bool) -> None:
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.title("Sign in to Oratio")
        if reason := _REASONS.get(st.query_params.get("signin", "")):
            st.error(reason, icon=":material/error:")
        elif expired:
            st.warning(
                "Your session has expired. Sign in again to return to this page; drafts are kept.",
                icon=":material/lock_clock:",
            )
        if by_provider():
            return_to_this_page()
            st.button("Sign in", key="sign_in_provider", type="primary", icon=":material/login:", on_click=st.login)
            st.caption("Your organisation's sign-in opens, and leads back to this page.")
            return
        st.markdown("Run this on the machine Oratio runs on, and paste what it prints:")
        st.code("oratio token", language="bash")
        sign_in_form()
        st.caption("The token goes into a cookie that scripts cannot read, and is checked with the API on every call.")


def _banners() -> None:
    """Show the warnings that belong on every page."""
    about = system()
    if about.sandbox in ("B", "C"):
        st.warning(
            f"Agents run in sandbox tier {about.sandbox} on this machine: less isolated than tier A. "
            "`oratio doctor` lists what is missing.",
            icon=":material/shield:",
        )
    if about.sandbox == "off":
        st.error("Agents run without any sandbox on this machine.", icon=":material/gpp_bad:")


def _sidebar(pages: dict[str, st.Page]) -> None:
    with st.sidebar:
        st.markdown("### Oratio")
        st.page_link(pages["create"], label="New agent", icon=":material/add_circle:")
        st.page_link(pages["agents"], label="Agents", icon=":material/support_agent:")
        st.page_link(pages["live"], label="Live calls", icon=":material/call:")
        st.page_link(pages["conversations"], label="Conversations", icon=":material/forum:")
        st.page_link(pages["analytics"], label="Analytics", icon=":material/query_stats:")
        st.page_link(pages["system"], label="Health", icon=":material/monitor_heart:")
        about = system()
        st.page_link(about.urls["prefect"].removesuffix("/api"), label="Prefect runs", icon=":material/account_tree:")
        st.space("small")
        if about.model == "builtin":
            st.caption(
                ":material/info: Answers come from `builtin`: quotes from the documents by rule, no language model. "
                "Set `ORATIO_MODEL` for one."
            )
        else:
            st.caption(f":material/neurology: Answers come from `{about.model}`.")
        st.caption(f"Oratio {about.version} · {about.platform}")
        if by_provider():
            st.button("Sign out", key="sign_out", on_click=st.logout)
        else:
            sign_out_form()


def main(start: str = HOME) -> None:
    """Run the page of the address; `start` is the page of an address without a name."""
    st.set_page_config(page_title="Oratio", layout="wide")
    st.html(_STYLE)
    # No icons on the pages themselves: Streamlit would fetch them from a foreign host for the browser's tab.
    shown = {
        HOME: (agents.show, "Agents"),
        "create": (create.show, "New agent"),
        "agent": (agent.show, "Agent"),
        "conversation": (conversation.show, "Conversation"),
        "live": (live.show, "Live calls"),
        "conversations": (conversations.show_all, "Conversations"),
        "analytics": (analytics.show, "Analytics"),
        "system": (health.show, "Health"),
    }
    pages = {
        name: st.Page(show, title=f"{title} · Oratio", url_path=name, default=name == start)
        for name, (show, title) in shown.items()
    }
    keep_pages(pages)
    page = st.navigation(list(pages.values()), position="hidden")
    if not state.token():
        _sign_in(expired=False)
        return
    try:
        _sidebar(pages)
        _banners()
        show_notice()
        page.run()
    except NotAuthenticated:
        _sign_in(expired=True)
    except OratioError as error:
        show_error(error)
        st.button("Try again", key="again", icon=":material/refresh:")
