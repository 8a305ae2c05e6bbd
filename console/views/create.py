"""The form that makes an agent: everything on one page, refused fields named beside what was typed."""

import json
import uuid

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from console.state import client, page
from oratio.client import Brief
from oratio.errors import InvalidInput, OratioError

_SOP_EXAMPLE = """# Returns

1. Ask for the order number.
2. If the order is older than 30 days, say that it cannot be returned.
3. Otherwise explain how to send it back, from the documents.
"""


def show() -> None:
    st.title("New agent")
    st.subheader("1 · Basics")
    name = st.text_input("Name", key="create_name", max_chars=100, persist_state="session")
    kind = st.segmented_control("Type", ["text", "voice"], default="text", key="create_type")
    sop = st.text_area(
        "Standard operating procedure (SOP)", key="create_sop", height=260, placeholder=_SOP_EXAMPLE,
        persist_state="session", help="Markdown or plain text: what the agent does, step by step.",
    )  # fmt: skip
    st.caption(f"{len(sop):,} characters")
    st.subheader("2 · Knowledge")
    files = st.file_uploader("Folder of documents", accept_multiple_files="directory", key="create_files")
    chosen = _relative(files or [])
    when = st.text_area(
        "When should the agent consult the documents?", key="create_when", persist_state="session",
        placeholder="For questions about products, prices and returns.",
    )  # fmt: skip
    described = _descriptions(sorted(chosen))
    st.subheader("3 · Hand-off")
    handoff = st.text_area(
        "When should a human take over?", key="create_handoff", persist_state="session",
        placeholder="When the caller asks for a refund or for a person.",
    )  # fmt: skip
    st.subheader("4 · Create")
    st.write(f"{len(chosen)} files, {sum(map(len, chosen.values())) / 1e6:.1f} MB, {len(described)} described.")
    if st.button("Create agent", type="primary", key="create_submit", icon=":material/rocket_launch:"):
        brief = Brief(
            agent_name=name, agent_type=kind or "", sop=sop, knowledge_base_description=when,
            human_handoff_description=handoff, descriptions=json.dumps(_nested(described)),
        )  # fmt: skip
        _submit(brief, chosen)


def _relative(files: list[UploadedFile]) -> dict[str, bytes]:
    """Bytes by path below the chosen folder; hidden files are left out, and said."""
    paths = {file.name: file for file in files}
    tops = {name.split("/", 1)[0] for name in paths if "/" in name}
    strip = len(tops) == 1 and all("/" in name for name in paths)
    found = {(name.split("/", 1)[1] if strip else name): file.getvalue() for name, file in paths.items()}
    hidden = [name for name in found if any(part.startswith(".") for part in name.split("/"))]
    if hidden:
        st.caption(f"Left out: {len(hidden)} hidden files.")
    return {name: data for name, data in found.items() if name not in hidden}


def _descriptions(paths: list[str]) -> dict[str, str]:
    """What each folder and file is for, by path; folders end in `/`."""
    if not paths:
        return {}
    folders = sorted(
        {"/".join(path.split("/")[:depth]) + "/" for path in paths for depth in range(1, path.count("/") + 1)}
    )
    rows = [{"path": path, "what it is for": ""} for path in sorted([*folders, *paths])]
    edited = st.data_editor(
        rows, key=f"create_descriptions_{hash(tuple(paths))}", disabled=["path"], hide_index=True, width="stretch"
    )
    return {str(row["path"]): str(row["what it is for"]) for row in edited if str(row["what it is for"] or "").strip()}


def _nested(flat: dict[str, str]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for path, text in flat.items():
        *folders, name = path.split("/")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})  # type: ignore[assignment]
        node[name] = text
    return tree


def _submit(brief: Brief, files: dict[str, bytes]) -> None:
    # One key a form: pressing twice, or again after a lost answer, makes one agent.
    key = st.session_state.setdefault("create_key", str(uuid.uuid4()))
    try:
        with client() as api, st.spinner("Uploading"):
            made = api.create_agent(brief, sorted(files.items()), idempotency_key=key)
    except InvalidInput as error:
        st.session_state.pop("create_key")
        for problem in error.problems:
            st.error(f"**{'.'.join(part for part in problem.loc if part)}** {problem.msg}", icon=":material/error:")
        return
    except OratioError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state.pop("create_key")
    st.switch_page(page("agent"), query_params={"id": made.agent_id})
