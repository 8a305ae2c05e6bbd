"""Folders of paths: pure values for the tree editor and for reading and writing descriptions."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from console.wording import size
from oratio.domain.knowledge import descriptions
from oratio.domain.knowledge.descriptions import nest, parse
from oratio.errors import InvalidInput


def folders(paths: Iterable[str]) -> list[str]:
    """Return every folder above the paths, each ending in `/`; the whole folder is `/`."""
    found = {"/"}
    for path in paths:
        parts = path.split("/")
        found.update("/".join(parts[:depth]) + "/" for depth in range(1, len(parts)))
    return sorted(found)


def rows(files: Mapping[str, Path | int]) -> list[tuple[str, str]]:
    """Return folders and files in a tree's order, folders before their files, with their sizes as text."""
    shown = [(path, "") for path in folders(files)]
    for path, held in files.items():
        shown.append((path, size(held if isinstance(held, int) else held.stat().st_size)))
    return sorted(shown, key=lambda row: _order(row[0]))


def _order(path: str) -> list[tuple[int, str]]:
    if path == "/":
        return []
    *above, name = path.rstrip("/").split("/")
    return [*((0, folder.casefold()) for folder in above), (0 if path.endswith("/") else 1, name.casefold())]


def signature(files: Iterable[str]) -> str:
    """Return a value that changes exactly when the set of paths does."""
    return hashlib.sha256("\n".join(sorted(files)).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def matching(texts: Mapping[str, str], files: Iterable[str]) -> dict[str, str]:
    """Return the descriptions whose file or folder exists."""
    paths = set(files)
    known = paths | set(folders(paths))
    return {path: text for path, text in texts.items() if path in known and text.strip()}


def missing(texts: Mapping[str, str], files: Iterable[str]) -> list[str]:
    """Return the files without a description of their own."""
    return [path for path in files if not texts.get(path, "").strip()]


def export_json(texts: Mapping[str, str]) -> str:
    """Return descriptions as the nested JSON of the form."""
    return json.dumps(nest(dict(texts)), indent=2, ensure_ascii=False)


def import_json(text: str, files: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return descriptions from nested JSON.

    Returns:
        The flat texts of existing files, and the paths that match none.

    Raises:
        InvalidInput: The text is not nested JSON of descriptions.
    """
    tree, problems = parse(text)
    if problems:
        raise InvalidInput("; ".join(problem.msg for problem in problems), problems)
    flat = descriptions.flatten(tree)
    found = matching(flat, files)
    return found, sorted(path for path in flat if path not in found and flat[path].strip())


def from_table(text: str, files: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return descriptions from lines of `path <tab or |> text`, as a spreadsheet pastes them.

    Returns:
        The flat texts of existing files, and the lines' paths that match none.
    """
    flat: dict[str, str] = {}
    for line in text.splitlines():
        path, separator, description = line.partition("\t" if "\t" in line else "|")
        if separator and description.strip():
            flat[path.strip().removeprefix("./")] = description.strip()
    found = matching(flat, files)
    return found, sorted(set(flat) - set(found))


def beginning(text: str) -> str:
    """Return the first line of a text that has words, without its marks, at most 150 characters."""
    for line in text.splitlines():
        if words := line.strip().strip("#*=-_`> \t").strip():
            return words if len(words) <= 150 else words[:149].rsplit(" ", 1)[0] + "…"
    return ""
