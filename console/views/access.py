"""View of an agent's API keys: created once, shown once, revoked for good."""

import time

import streamlit as st

from console.state import client, loading, notify
from console.wording import Colour, ago, moment, plain, show_error
from oratio.domain.api_keys import Scope
from oratio.errors import NotAuthenticated, OratioError
from oratio.protocol.http import AgentDetail, KeyView

_DAY_MS = 86_400_000
_LIVES = {"30 days": 30, "90 days": 90, "one year": 365, "no end": None}


def show(agent: AgentDetail) -> None:
    with st.form("new_key", border=True):
        st.markdown("**New key**")
        name = st.text_input("Name", key="key_name", max_chars=100, placeholder="Web shop")
        first, second = st.columns(2)
        scopes = first.multiselect("May", list(Scope), default=list(Scope), key="key_scopes")
        life = second.selectbox("Good for", list(_LIVES), index=1, key="key_life")
        origins = st.text_input(
            "Only from these pages", key="key_origins", placeholder="https://shop.example (empty: from anywhere)"
        )
        if st.form_submit_button("Create key", key="key_create", icon=":material/key:"):
            _create(agent.agent_id, name, scopes, _LIVES[life], origins.replace(",", " ").split())
    with loading() as api:
        keys = api.keys(agent.agent_id).keys
    if not keys:
        st.caption("There is no key yet. A program needs one to talk to the agent.")
    for key in keys:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            _key(agent.agent_id, key)


def _create(agent_id: str, name: str, scopes: list[Scope], days: int | None, origins: list[str]) -> None:
    ends = None if days is None else int(time.time() * 1000) + days * _DAY_MS
    try:
        with client() as api:
            made = api.create_key(agent_id, name, scopes=scopes, expires_at=ends, origins=origins or None)
    except NotAuthenticated:
        raise
    except OratioError as error:
        show_error(error, "Creating the key")
        return
    st.success("**Copy the key now.** It is shown only now.", icon=":material/key:")
    st.code(made.key, language=None)


def _key(agent_id: str, key: KeyView) -> None:
    over = key.expires_at is not None and key.expires_at < time.time() * 1000
    state = "revoked" if key.revoked_at else "expired" if over else "in force"
    colour: Colour = "green" if state == "in force" else "gray"
    used = f"last used {ago(key.last_used_at)}" if key.last_used_at else "never used"
    ends = f"until {moment(key.expires_at)}" if key.expires_at else "no end"
    st.markdown(
        f"**{plain(key.name)}** `{key.prefix}…`  \n:small[{', '.join(key.scopes)} · {ends} · {used}"
        + (f" · only from {plain(', '.join(key.origins))}" if key.origins else "")
        + "]"
    )
    st.badge(state, color=colour)
    if not key.revoked_at and st.button("Revoke", key=f"revoke_{key.key_id}", icon=":material/block:"):
        _revoke(agent_id, key)


@st.dialog("Revoke this key?")
def _revoke(agent_id: str, key: KeyView) -> None:
    st.write(f"Programs that use “{key.name}” are refused from now on. This cannot be undone.")
    if st.button("Revoke", key="revoke_sure", type="primary"):
        try:
            with client() as api:
                api.revoke_key(agent_id, key.key_id)
        except NotAuthenticated:
            raise
        except OratioError as error:
            show_error(error, "Revoking the key")
            return
        notify("The key is revoked.")
        st.rerun()
