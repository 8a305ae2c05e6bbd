"""Step of documents: the folder, when to consult it, and the purpose of each file."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from console import tree
from console.components.folder_picker import folder_picker
from console.components.tree_editor import forget_tree, tree_editor
from console.drafts import Draft
from console.state import drafts, system, tenant
from console.views.form import bound, save, too_long
from console.wording import show_error, size
from oratio.domain.knowledge.descriptions import flatten
from oratio.errors import InvalidInput
from oratio.protocol.http import VersionDetail

_SUGGESTED = (".md", ".markdown", ".txt", ".text", ".rst", ".csv", ".html", ".htm")


def flat(version: VersionDetail) -> dict[str, str]:
    return flatten(version.folder_file_descriptions)


def folder(draft: Draft, before: VersionDetail | None) -> dict[str, Path | int]:
    """Return the agent's future folder: files by path, with their place or size."""
    found: dict[str, Path | int] = (
        {file.path: file.size for file in before.files if file.path not in draft.delete_files} if before else {}
    )
    found.update(drafts().files(tenant(), draft.draft_id))
    return dict(sorted(found.items()))


def knowledge(draft: Draft, before: VersionDetail | None) -> None:
    st.markdown("**Folder of documents**")
    chosen = drafts().files(tenant(), draft.draft_id)
    folder_picker(draft.draft_id, chosen, additive=before is not None)
    if before:
        replaced = sum(file.path in chosen for file in before.files)
        st.caption(
            f"{len(before.files)} files of version {before.version}, {len(chosen) - replaced} new, {replaced} replaced,"
            f" {len(draft.delete_files)} removed."
        )
        if draft.delete_files:
            st.button("Bring the removed files back", key="undelete", on_click=_bring_back, args=(draft,))
    when = st.text_area(
        "When should the agent consult the documents?",
        height=100,
        placeholder="For any question about products, prices and returns.",
        **bound(draft, "knowledge_base_description"),
    )
    too_long(when, system().limits["maxDescriptionChars"], "The text")
    held = folder(draft, before)
    too_much(held)
    if held:
        st.fragment(_descriptions)(draft.draft_id, held, before)
    elif draft.descriptions:
        st.caption(f"{len(draft.descriptions)} descriptions wait for their files.")


def _descriptions(draft_id: str, held: Mapping[str, Path | int], before: VersionDetail | None) -> None:
    draft = drafts().get(tenant(), draft_id)
    st.markdown("**What each file is for** (optional, and worth it: the agent looks there first)")
    removed = tree_editor(draft_id, held, tree.matching(draft.descriptions, held), keep=partial(_describe, draft_id))
    if removed:
        _leave_out(draft, removed, before)
        st.rerun()
    with st.container(horizontal=True):
        with st.popover("Import", icon=":material/download:"):
            _imports(draft, held)
        st.download_button(
            "Export JSON",
            tree.export_json(tree.matching(draft.descriptions, held)),
            "descriptions.json",
            "application/json",
            key="export",
            icon=":material/upload:",
            on_click="ignore",
        )
        st.button(
            "Suggest from the files' beginnings",
            key="suggest",
            icon=":material/lightbulb:",
            help="Fills what is missing with the first line of each text file. Look them over.",
            on_click=_suggest,
            args=(draft, held),
        )


def _describe(draft_id: str, texts: Mapping[str, str]) -> None:
    drafts().describe(tenant(), draft_id, {path: text.strip() for path, text in texts.items()})


def _leave_out(draft: Draft, path: str, before: VersionDetail | None) -> None:
    """Remove a file or a whole folder from the form; mark files of the earlier version as removed."""
    below = path if path.endswith("/") else None
    old = [file.path for file in before.files] if before else []
    gone = [name for name in old if name == path or (below and name.startswith(below))]
    drafts().remove(tenant(), draft.draft_id, [path])
    if gone:
        save(draft.draft_id, delete_files=sorted({*draft.delete_files, *gone}))


def _bring_back(draft: Draft) -> None:
    save(draft.draft_id, delete_files=())


def _imports(draft: Draft, held: Mapping[str, Path | int]) -> None:
    given = st.file_uploader("Nested JSON", type=["json"], key="import_file")
    if given is not None and st.button("Take the JSON", key="import_json"):
        try:
            _merge(draft, *tree.import_json(given.getvalue().decode("utf-8-sig", "replace"), held))
        except InvalidInput as error:
            show_error(error, "Reading the JSON")
    pasted = st.text_area(
        "Or paste a table: path, tab, description", key="import_table", placeholder="prices/list.csv\tAll prices"
    )
    if pasted.strip() and st.button("Take the table", key="import_paste"):
        _merge(draft, *tree.from_table(pasted, held))


def _merge(draft: Draft, found: dict[str, str], unknown: list[str]) -> None:
    drafts().describe(tenant(), draft.draft_id, found)
    forget_tree(draft.draft_id)
    st.session_state["notice"] = f"{len(found)} descriptions taken."
    if unknown:
        names = ", ".join(unknown[:5])
        st.session_state["notice"] += f" {len(unknown)} match no file: {names}"
    st.rerun()


def _suggest(draft: Draft, held: Mapping[str, Path | int]) -> None:
    found = {}
    for path in tree.missing(draft.descriptions, held):
        file = held[path]
        if isinstance(file, Path) and path.casefold().endswith(_SUGGESTED):
            with file.open("rb") as source:
                found[path] = tree.beginning(source.read(4096).decode("utf-8", "replace"))
    drafts().describe(tenant(), draft.draft_id, {path: text for path, text in found.items() if text})
    forget_tree(draft.draft_id)


def too_much(held: Mapping[str, Path | int]) -> bool:
    """Return True if the folder is over a limit, and show an error with the fix."""
    limits = system().limits
    bytes_held = sum(file if isinstance(file, int) else file.stat().st_size for file in held.values())
    if len(held) > limits["maxFiles"]:
        over = f"{len(held):,} files are more than the {limits['maxFiles']:,} an agent can have"
    elif bytes_held > limits["maxTotalBytes"]:
        over = f"{size(bytes_held)} are more than the {size(limits['maxTotalBytes'])} an agent can have"
    else:
        return False
    st.error(
        f"{over}. Leave folders out with the cross next to each, or choose a smaller folder: one agent per subject "
        "answers better than one for all.",
        icon=":material/folder_off:",
    )
    return True


def total(held: Mapping[str, Path | int]) -> str:
    return size(sum(file if isinstance(file, int) else file.stat().st_size for file in held.values()))
