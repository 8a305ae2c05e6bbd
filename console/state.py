"""Every key of the session state, and what the pages of one session share."""

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
    """The operator's token of this browser session, or `""`."""
    return token_of(st.context.cookies)


def client() -> Client:
    """A client that speaks as whoever is signed in; close it by `with`."""
    return backend.client(token())


@contextmanager
def loading() -> Iterator[Client]:
    """A client for what a page shows first; when the API takes its time, the page says so meanwhile."""
    with st.spinner("Waiting for the Oratio API…"), client() as api:
        yield api


def tenant() -> str:
    return backend.tenant_of(token())


class Chat:
    """A text conversation on an agent's page: what was said, and the session that keeps it."""

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
    """A page of this run's navigation, by its name in `console.pages`."""
    pages: dict[str, StreamlitPage] = st.session_state[_PAGES]
    return pages[name]


def seen[T](name: str, ask: Callable[[], T]) -> tuple[T, float]:
    """What `ask` gives, and its age in seconds: when the API does not answer, what it gave last.

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
    """All that has happened to an agent; asks for what is new when its record has changed since."""
    mark = (agent.updated_at, agent.status, agent.progress)
    kept: dict[str, tuple[object, list[AgentEvent]]] = st.session_state.setdefault("happened", {})
    known, events = kept.get(agent.agent_id, (None, []))
    if known != mark:
        with client() as api:
            events = [*events, *api.log(agent.agent_id, after=events[-1].seq if events else 0).events]
        kept[agent.agent_id] = (mark, events)
    return events


def rehearsal_so_far(agent_id: str, version: int, detail: str) -> RehearsalReport | None:
    """The report of a version that is being rehearsed; asks again when its step tells something new."""
    asked = (agent_id, version, detail)
    kept: tuple[object, RehearsalReport | None] = st.session_state.get("rehearsing", ((), None))
    if kept[0] != asked:
        with client() as api:
            kept = (asked, api.version(agent_id, version).rehearsal)
        st.session_state["rehearsing"] = kept
    return kept[1]


def system() -> SystemView:
    """What runs behind this console; asked for at most twice a minute."""
    kept: tuple[SystemView, float] | None = st.session_state.get("system")
    if kept is None or time.monotonic() - kept[1] > _SYSTEM_S:
        with loading() as api:
            kept = (api.system(), time.monotonic())
        st.session_state["system"] = kept
    return kept[0]


def last_talks() -> Mapping[str, int]:
    """When each agent was last talked to in 30 days, in ms; asked for at most twice a minute, empty when not known."""
    kept: tuple[Mapping[str, int], float] | None = st.session_state.get("last_talks")
    if kept is None or time.monotonic() - kept[1] > _SYSTEM_S:
        try:
            with client() as api:
                told = api.analytics(since=int(time.time() * 1000) - _LATELY_MS)
            kept = ({one.agent_id: one.last_at for one in told.agents}, time.monotonic())
        except (Unavailable, RateLimited):
            kept = ({}, time.monotonic())
        st.session_state["last_talks"] = kept
    return kept[0]


def notify(text: str) -> None:
    """Say something once the page has been drawn anew."""
    st.session_state[_NOTICE] = text


def show_notice() -> None:
    if text := st.session_state.pop(_NOTICE, None):
        st.toast(text, icon=":material/check:")
