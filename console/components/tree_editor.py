"""Component that edits the nested descriptions of a folder, one line a file or folder."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import streamlit as st

from console.backend import settings
from console.components.assets import component
from console.tree import rows, signature

_tree = component(
    "tree_editor",
    html="""<div class="bar">
    <input type="search" data-part="filter" placeholder="Filter by path" aria-label="Filter by path">
    <label><input type="checkbox" data-part="missing">only missing</label>
    <button type="button" data-part="expand">Open all</button>
    <button type="button" data-part="collapse">Close all</button>
    <span class="count" data-part="count" role="status" aria-live="polite"></span></div>
    <div class="grid" data-part="grid" role="treegrid" aria-label="Descriptions of the folder"></div>""",
)


def tree_editor(
    name: str,
    files: Mapping[str, Path | int],
    texts: Mapping[str, str],
    *,
    keep: Callable[[dict[str, str]], None],
    removable: bool = True,
) -> str:
    """Show the editor; return a path that was just removed, or `""`.

    Args:
        name: Of this editor within the session.
        files: The files by path: where they are, or how many bytes they have.
        texts: Their descriptions as they are stored, by flat path.
        keep: Called with the typed texts by path; also when the next click removes the editor from the page.
        removable: True if files can be removed here.
    """
    current = signature(files)
    # Typed text is not sent back: the texts are those from when this set of files was first shown.
    kept: dict[str, tuple[str, dict[str, str]]] = st.session_state.setdefault("trees", {})
    if name not in kept or kept[name][0] != current:
        kept[name] = (current, dict(texts))
    key = f"tree_{name}_{hashlib.sha256(repr(kept[name]).encode()).hexdigest()[:12]}"
    data = {
        "signature": key,
        "rows": rows(files),
        "texts": kept[name][1],
        "maxChars": settings().limits.max_description_chars,
        "removable": removable,
    }

    def edited() -> None:
        keep(known_edits(st.session_state[key]["edits"], files))

    result = _tree(key=key, data=data, on_edits_change=edited, on_removed_change=lambda: None)
    return str(result.removed or "")


def known_edits(edits: object, files: Collection[str]) -> dict[str, str]:
    """Return those of a browser's edits that name existing files and folders."""
    if not isinstance(edits, Mapping):
        return {}
    paths = {path for path, _ in rows(dict.fromkeys(files, 0))}
    most = settings().limits.max_description_chars
    return {path: str(text)[:most] for path, text in edits.items() if path in paths}


def forget_tree(name: str) -> None:
    """Show the stored texts the next time, not the texts shown before."""
    st.session_state.get("trees", {}).pop(name, None)
