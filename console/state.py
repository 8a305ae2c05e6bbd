"""Session state: every key, and the values that the pages of one session share."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from console import backend
from console.drafts import Drafts
from console.web.identity import token_of
from oratio.client import Client
from oratio.domain.agents.journal import AgentEvent
from oratio.domain.plan.rehearsal import RehearsalReport
from oratio.errors import NotFound, RateLimited, Unavailable
from oratio.protocol.http import AgentDetail, Answer, SystemView

_CHATS = "chats"
_PAGES = "pages"
_LAST = "last_seen"
_NOTICE = "notice"
_SYSTEM_S = 30.0
_LATELY_MS = 30 * 86_400_000


@cache
def drafts() -> Drafts:
    return Drafts(backend.settings().data / "console" / "drafts")


def token() -> str:
    """Return the operator's token of this browser session, or `""`."""
    return token_of(st.context.cookies)


def client() -> Client:
    """Return a client with the signed-in operator's token; close it by `with`."""
    return backend.client(token())


@contextmanager
def loading() -> Iterator[Client]:
    """Yield a client for a page's first content; while the API is slow, the page says that it waits."""
    with st.spinner("Waiting for the Oratio API…"), client() as api:
        yield api


def tenant() -> str:
    return backend.tenant_of(token())


class Chat:
    """Text conversation on an agent's page: its messages and its session."""

    def __init__(self) -> None:
        self.session_id: str | None = None
        self.turns: list[tuple[str, Answer]] = []


def chat(agent_id: str) -> Chat:
    chats: dict[str, Chat] = st.session_state.setdefault(_CHATS, {})
    return chats.setdefault(agent_id, Chat())


def forget_chat(agent_id: str) -> None:
    st.session_state.get(_CHATS, {}).pop(agent_id, None)


def keep_pages(pages: dict[str, StreamlitPage]) -> None:
    st.session_state[_PAGES] = pages


def page(name: str) -> StreamlitPage:
    """Return a page of this run's navigation, by its name in `console.pages`."""
    pages: dict[str, StreamlitPage] = st.session_state[_PAGES]
    return pages[name]


def seen[T](name: str, ask: Callable[[], T]) -> tuple[T, float]:
    """Return the result of `ask` and its age in seconds: the last result when the API does not answer.

    Raises:
        Unavailable, RateLimited: The API does not answer, and never did in this session.
    """
    kept: dict[str, tuple[Any, float]] = st.session_state.setdefault(_LAST, {})
    try:
        found = ask()
    except NotFound:
        kept.pop(name, None)
        raise
    except (Unavailable, RateLimited):
        if name not in kept:
            raise
        value, at = kept[name]
        return value, time.time() - at
    kept[name] = (found, time.time())
    return found, 0.0


def happened(agent: AgentDetail) -> list[AgentEvent]:
    """Return all events of an agent; ask for new ones when its record has changed."""
    mark = (agent.updated_at, agent.status, agent.progress)
    kept: dict[str, tuple[object, list[AgentEvent]]] = st.session_state.setdefault("happened", {})
    known, events = kept.get(agent.agent_id, (None, []))
    if known != mark:
        with client() as api:
            events = [*events, *api.log(agent.agent_id, after=events[-1].seq if events else 0).events]
        kept[agent.agent_id] = (mark, events)
    return events


def rehearsal_so_far(agent_id: str, version: int, detail: str) -> RehearsalReport | None:
    """Return the report of a running rehearsal; ask again when its step reports progress."""
    asked = (agent_id, version, detail)
    kept: tuple[object, RehearsalReport | None] = st.session_state.get("rehearsing", ((), None))
    if kept[0] != asked:
        with client() as api:
            kept = (asked, api.version(agent_id, version).rehearsal)
        st.session_state["rehearsing"] = kept
    return kept[1]


def system() -> SystemView:
    """Return the installation behind this console; asked for at most twice a minute."""
    kept: tuple[SystemView, float] | None = st.session_state.get("system")
    if kept is None or time.monotonic() - kept[1] > _SYSTEM_S:
        with loading() as api:
            kept = (api.system(), time.monotonic())
        st.session_state["system"] = kept
    return kept[0]


def last_talks() -> Mapping[str, int]:
    """Return each agent's last conversation in 30 days, in ms; asked for twice a minute, empty when unknown."""
    kept: tuple[Mapping[str, int], float] | None = st.session_state.get("last_talks")
    if kept is None or time.monotonic() - kept[1] > _SYSTEM_S:
        try:
            with client() as api:
                answer = api.analytics(since=int(time.time() * 1000) - _LATELY_MS)
            kept = ({one.agent_id: one.last_at for one in answer.agents}, time.monotonic())
        except (Unavailable, RateLimited):
            kept = ({}, time.monotonic())
        st.session_state["last_talks"] = kept
    return kept[0]


def notify(text: str) -> None:
    """Show a message once the page has been drawn again."""
    st.session_state[_NOTICE] = text


def show_notice() -> None:
    if text := st.session_state.pop(_NOTICE, None):
        st.toast(text, icon=":material/check:")
