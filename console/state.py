"""The console's settings, and every key of the session state in one place."""

from functools import cache

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from oratio.client import Client
from oratio.settings import Settings, load

CHATS = "chats"
PAGES = "pages"


@cache
def settings() -> Settings:
    return load()


def api_base() -> str:
    return settings().local_url("api")


def client() -> Client:
    """A client that speaks as whoever is signed in; close it by `with`."""
    return Client(api_base(), token(), timeout_s=30)


def token() -> str:
    """The operator's token of this browser session, or `""`."""
    return str(st.context.cookies.get("oratio_token", ""))


class Chat:
    """A text conversation on an agent's page: what was said, and the session that keeps it."""

    def __init__(self) -> None:
        self.session_id: str | None = None
        self.messages: list[tuple[str, str, str]] = []


def chat(agent_id: str) -> Chat:
    chats: dict[str, Chat] = st.session_state.setdefault(CHATS, {})
    return chats.setdefault(agent_id, Chat())


def keep_pages(pages: dict[str, StreamlitPage]) -> None:
    st.session_state[PAGES] = pages


def page(name: str) -> StreamlitPage:
    """A page of this run's navigation: `agents`, `create` or `agent`."""
    pages: dict[str, StreamlitPage] = st.session_state[PAGES]
    return pages[name]
