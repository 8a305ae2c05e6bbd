"""Steps of plain text fields: basics and hand-off."""

import streamlit as st

from console.drafts import Draft
from console.state import drafts, system, tenant
from console.views.form import bound, put, too_long

SOP_EXAMPLE = """# Returns

1. Greet the caller and ask for the order number.
2. If the order is older than 30 days, say that it cannot be returned.
3. Otherwise explain how to send it back, from the documents.
4. Never promise a date for the refund.

# Complaints

1. Say sorry once, and ask what happened.
2. If the caller asks for a manager, hand over to a human.
"""
_TEXT_ENDINGS = (".md", ".txt", ".markdown", ".text", ".rst")
_MAX_IMPORT = 10_000_000


def basics(draft: Draft) -> None:
    st.text_input("Name", max_chars=100, placeholder="Phone support", **bound(draft, "agent_name"))
    st.segmented_control(
        "How callers reach it",
        ["text", "voice"],
        format_func={"text": "Text chat", "voice": "Voice calls"}.__getitem__,
        required=True,
        **bound(draft, "agent_type"),
    )
    if len(draft.sop) > 2 * system().limits["maxSopChars"]:
        _far_too_long(draft)
        return
    sop = st.text_area(
        "Standard operating procedure (SOP)",
        height=320,
        placeholder=SOP_EXAMPLE,
        help="Markdown or plain text: what the agent does, step by step. Answers show the lines that shaped them.",
        **bound(draft, "sop"),
    )
    too_long(sop, system().limits["maxSopChars"], "The SOP")
    with st.container(horizontal=True):
        if not sop.strip():
            st.button("Use the example", key="sop_example", on_click=put, args=(draft, "sop", SOP_EXAMPLE))
        with st.popover("Import from a file", icon=":material/upload_file:"):
            _import(draft)
    _take_from_folder(draft)


def _far_too_long(draft: Draft) -> None:
    """Show the start of a text too long for a browser's field, with a message; it stays in the draft."""
    too_long(draft.sop, system().limits["maxSopChars"], "The SOP")
    st.caption("This is its start. Import only the procedure, and put the rest into the folder of documents.")
    st.code(draft.sop[:2_000], language=None, wrap_lines=True)
    st.button("Empty the field", key="sop_empty", icon=":material/backspace:", on_click=put, args=(draft, "sop", ""))
    with st.popover("Import from a file", icon=":material/upload_file:"):
        _import(draft)


def _import(draft: Draft) -> None:
    given = st.file_uploader("Markdown or text", key="sop_file", type=[end[1:] for end in _TEXT_ENDINGS])
    if given is not None:
        st.button("Put it in place", key="sop_put", type="primary", on_click=_take, args=(draft, given.getvalue()))


def _take_from_folder(draft: Draft) -> None:
    held = [path for path in drafts().files(tenant(), draft.draft_id) if path.casefold().endswith(_TEXT_ENDINGS)]
    if held:
        chosen = st.selectbox("Or take a file of the folder", held, key="sop_from", index=None, placeholder="none")
        if chosen:
            st.button("Take it as SOP, and leave it out of the knowledge", on_click=_move, args=(draft, chosen))


def _take(draft: Draft, data: bytes) -> None:
    put(draft, "sop", data[:_MAX_IMPORT].decode("utf-8-sig", "replace"))


def _move(draft: Draft, path: str) -> None:
    file = drafts().files(tenant(), draft.draft_id).get(path)
    if file is not None:
        _take(draft, file.read_bytes())
        drafts().remove(tenant(), draft.draft_id, [path])


def handoff(draft: Draft) -> None:
    text = st.text_area(
        "When should a human take over?",
        height=160,
        placeholder="When the caller asks for a person, for a refund, or is upset. Or: never.",
        help="In your own words. The agent's rehearsal checks each of these before it goes live.",
        **bound(draft, "human_handoff_description"),
    )
    too_long(text, system().limits["maxDescriptionChars"], "The text")
    st.button(
        "It never hands over",
        key="never",
        on_click=put,
        args=(draft, "human_handoff_description", "Never hand over to a human."),
    )
