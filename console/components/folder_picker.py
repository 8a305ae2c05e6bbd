"""Component that uploads a folder into a draft, file by file, without passing through the script."""

from collections.abc import Mapping
from pathlib import Path

from console.backend import settings
from console.components.assets import component
from oratio.domain.knowledge.uploads import READABLE_ENDINGS

_picker = component(
    "folder_picker",
    html="""<div class="drop" data-part="drop">
    <input type="file" data-part="folder" webkitdirectory multiple hidden aria-label="Folder of documents">
    <input type="file" data-part="files" multiple hidden aria-label="Files to add">
    <button type="button" class="primary" data-part="choose"></button>
    <button type="button" data-part="add">Add files</button>
    <progress data-part="bar" hidden aria-label="Upload"></progress>
    <span class="status" data-part="status" role="status" aria-live="polite"></span>
    <button type="button" data-part="again" hidden>Send the rest</button>
    <button type="button" data-part="cancel" hidden>Cancel</button>
    <div class="problems" data-part="problems"></div></div>""",
)


def folder_picker(draft_id: str, files: Mapping[str, Path], *, additive: bool = False) -> None:
    """Show the picker of a draft; the script runs again once an upload has ended.

    Args:
        draft_id: Where the files go.
        files: The files the draft has already.
        additive: True adds a chosen folder to the draft's files; False replaces them.
    """
    data = {
        "url": f"/drafts/{draft_id}/files",
        "held": len(files),
        "bytes": sum(file.stat().st_size for file in files.values()),
        "endings": list(READABLE_ENDINGS),
        "maxBytes": settings().limits.max_file_bytes,
        "additive": additive,
    }
    _picker(key=f"picker_{draft_id}", data=data, on_result_change=lambda: None)
