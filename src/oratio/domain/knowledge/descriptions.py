"""Nested folder and file descriptions: parse, flatten, look up, edit, match against uploaded paths.

The stored form is the nested JSON of the contract: folders are objects, files are strings, and a folder's
own text is under the empty key:

    {"products": {"": "Everything we sell", "catalog.pdf": "Product catalog"}, "faq.txt": "Common questions"}

The flat form is `{path: text}`, where a folder's path ends in `/`.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping

from oratio.errors import FieldProblem

type Descriptions = dict[str, str | Descriptions]

FIELD = "folderFileDescriptions"
MAX_DEPTH = 16


def parse(text: str) -> tuple[Descriptions, list[FieldProblem]]:
    """Read the JSON of the form.

    Args:
        text: The field's text; empty means no descriptions.

    Returns:
        The tree with every name in NFC, and what is wrong with it (then the tree is empty).
    """
    if not text.strip():
        return {}, []
    problems: list[FieldProblem] = []

    def object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        seen: dict[str, object] = {}
        for name, value in pairs:
            if (key := unicodedata.normalize("NFC", name)) in seen:
                problems.append(FieldProblem((FIELD,), f"the name {name!r} occurs twice in one folder; keep one"))
            seen[key] = value
        return seen

    try:
        tree = json.loads(text, object_pairs_hook=object_of)
    except ValueError as error:
        return {}, [FieldProblem((FIELD,), f"is not JSON ({error}); send an object that nests folders")]
    except RecursionError:
        return {}, [FieldProblem((FIELD,), "is nested too deeply; mirror the folder you upload")]
    if not isinstance(tree, dict):
        return {}, [FieldProblem((FIELD,), "must be a JSON object that nests folders, with a string for each file")]
    problems.extend(_shape_problems(tree, "", 1))
    return ({}, problems) if problems else (tree, [])


def _shape_problems(tree: Mapping[str, object], folder: str, depth: int) -> Iterable[FieldProblem]:
    if depth > MAX_DEPTH:
        yield FieldProblem((FIELD, folder), f"is nested deeper than {MAX_DEPTH} folders")
        return
    for name, value in tree.items():
        path = folder + name
        if not _is_text(name) or (isinstance(value, str) and not _is_text(value)):
            yield FieldProblem((FIELD, path), "holds half of a surrogate pair; send plain Unicode text")
        elif "/" in name:
            yield FieldProblem((FIELD, path), "a name holds '/': nest an object for each folder instead")
        elif isinstance(value, Mapping):
            if name == "":
                yield FieldProblem((FIELD, path), "the empty key holds the folder's own text, a string")
            else:
                yield from _shape_problems(value, path + "/", depth + 1)
        elif not isinstance(value, str):
            yield FieldProblem((FIELD, path), "must be a string (a file) or an object (a folder)")


def _is_text(text: str) -> bool:
    """Whether UTF-8 can carry it: JSON's escapes can say lone surrogates, which no store takes."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def flatten(tree: Descriptions) -> dict[str, str]:
    """The flat form: file paths, and folder paths ending in `/`, each with its text (the root folder is `/`)."""
    flat: dict[str, str] = {}

    def walk(node: Descriptions, folder: str) -> None:
        for name, value in node.items():
            if isinstance(value, str):
                flat[(folder or "/") if name == "" else folder + name] = value
            else:
                walk(value, f"{folder}{name}/")

    walk(tree, "")
    return flat


def nest(flat: Mapping[str, str]) -> Descriptions:
    """The nested form of a flat one; the inverse of `flatten`."""
    tree: Descriptions = {}
    for path, text in flat.items():
        tree = edit(tree, path, text)
    return tree


def edit(tree: Descriptions, path: str, text: str | None) -> Descriptions:
    """A copy of the tree with one description set, or removed when `text` is None.

    Args:
        path: A file's path, or a folder's path ending in `/` (the root folder is `/`).
    """
    *folders, name = [""] if path == "/" else path.split("/")
    return _edit(tree, folders, name, text)


def _edit(tree: Descriptions, folders: list[str], name: str, text: str | None) -> Descriptions:
    copy = dict(tree)
    if not folders:
        if text is None:
            copy.pop(name, None)
        else:
            copy[name] = text
        return copy
    child = copy.get(folders[0])
    inner = _edit(child if isinstance(child, dict) else {}, folders[1:], name, text)
    if inner:
        copy[folders[0]] = inner
    else:
        copy.pop(folders[0], None)
    return copy


def chain(tree: Descriptions, path: str) -> list[str]:
    """The texts that speak of one file: its own first, then its folders', nearest first."""
    flat = flatten(tree)
    parts = path.split("/")
    keys = [path] + ["/".join(parts[:depth]) + "/" for depth in range(len(parts) - 1, 0, -1)] + ["/"]
    return [flat[key] for key in keys if flat.get(key)]


def unmatched(tree: Descriptions, paths: Iterable[str]) -> list[FieldProblem]:
    """One problem for each description whose path matches no uploaded file or folder."""
    known = {unicodedata.normalize("NFC", path) for path in paths}
    folders = {"/"}
    for path in known:
        parts = path.split("/")
        folders.update("/".join(parts[:depth]) + "/" for depth in range(1, len(parts)))
    return [
        FieldProblem((FIELD, path), f"describes {path!r}, which is not among the files; remove it or add the file")
        for path in flatten(tree)
        if path not in (folders if path.endswith("/") else known)
    ]
