"""Fields of a draft: each saves its text to disk as it changes."""

from typing import Any

import streamlit as st

from console.drafts import Draft
from console.state import drafts, tenant


def save(draft_id: str, **fields: Any) -> Draft:
    return drafts().update(tenant(), draft_id, **fields)


def bound(draft: Draft, field: str, value: Any = None) -> dict[str, Any]:
    """Return the arguments that bind a widget to a field of the draft."""
    key = f"{draft.draft_id}_{field}"
    if key not in st.session_state:
        st.session_state[key] = getattr(draft, field) if value is None else value
    return {"key": key, "on_change": _keep, "args": (draft.draft_id, field, key)}


def _keep(draft_id: str, field: str, key: str) -> None:
    save(draft_id, **{field: st.session_state[key] or ""})


def put(draft: Draft, field: str, value: Any) -> None:
    """Set a field from a callback, and its widget with it."""
    save(draft.draft_id, **{field: value})
    st.session_state[f"{draft.draft_id}_{field}"] = value


def too_long(text: str, most: int, what: str) -> None:
    if len(text) > most:
        st.error(f"{what} is {len(text):,} characters long; at most {most:,} are allowed.", icon=":material/error:")
    else:
        st.caption(f"{len(text):,} of {most:,} characters")
