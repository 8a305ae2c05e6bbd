"""The rules for uploaded names and types; values in, problems out."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from oratio.domain.storage_layout import SIDECAR_SUFFIX
from oratio.errors import FieldProblem

FIELD = "files"
MAX_NAME_BYTES = 200
MAX_PATH_BYTES = 700
MAX_DEPTH = 16
SNIFF_BYTES = 8192

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
_OFFICE = "application/vnd.openxmlformats-officedocument."
_BINARY_TYPES: Mapping[str, str] = {
    ".pdf": "application/pdf",
    ".docx": _OFFICE + "wordprocessingml.document",
    ".pptx": _OFFICE + "presentationml.presentation",
    ".xlsx": _OFFICE + "spreadsheetml.sheet",
}
_TEXT_TYPES: Mapping[str, str] = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".rst": "text/plain",
    ".log": "text/plain",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".html": "text/html",
    ".htm": "text/html",
    "": "text/plain",
}
READABLE_ENDINGS = tuple(sorted(ending for ending in {**_BINARY_TYPES, **_TEXT_TYPES} if ending))


def normalise(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def path_problem(path: str) -> str | None:
    """What is wrong with one relative path, in words, or None."""
    if not path.strip():
        return "has an empty name; name the file relative to the folder"
    if path.startswith(("/", "\\")) or (len(path) > 1 and path[1] == ":"):
        return "is an absolute path; send the path relative to the folder"
    if any(unicodedata.category(char) in {"Cc", "Cs"} or char in _BIDI for char in path):
        return "holds control characters; rename the file"
    if "\\" in path:
        return "holds a backslash; separate folders with '/'"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "holds an empty, '.' or '..' part; send a plain relative path"
    if any(part != part.strip() for part in parts):
        return "has a name that begins or ends with a space; rename it"
    if len(parts) > MAX_DEPTH:
        return f"is nested deeper than {MAX_DEPTH} folders"
    if any(len(part.encode()) > MAX_NAME_BYTES for part in parts) or len(path.encode()) > MAX_PATH_BYTES:
        return f"is too long (a name: {MAX_NAME_BYTES} bytes, a path: {MAX_PATH_BYTES}); shorten it"
    if path.casefold().endswith(SIDECAR_SUFFIX):
        return f"ends in {SIDECAR_SUFFIX}, which Oratio writes itself; rename or leave it out"
    return None


def name_problems(paths: Sequence[str]) -> list[FieldProblem]:
    """Every bad or clashing path of one upload; clashes are found after NFC and without case."""
    problems: list[FieldProblem] = []
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in map(normalise, paths):
        if reason := path_problem(path):
            problems.append(FieldProblem((FIELD, path), f"{path!r} {reason}"))
        else:
            groups[path.casefold()].append(path)
    for group in groups.values():
        if len(group) > 1:
            names = ", ".join(map(repr, group))
            msg = f"{names} stand for the same file (names differ at most in case); keep one"
            problems.extend(FieldProblem((FIELD, path), msg) for path in dict.fromkeys(group))
    folders = {path.rsplit("/", depth)[0].casefold() for path in groups for depth in range(1, path.count("/") + 1)}
    for key, group in groups.items():
        if key in folders:
            problems.append(FieldProblem((FIELD, group[0]), f"{group[0]!r} is both a file and a folder; rename one"))
    return problems


def ending(path: str) -> str:
    """The file name's ending in lower case with its dot, or `""`."""
    name = path.rsplit("/", 1)[-1]
    dot = name.rfind(".")
    return name[dot:].casefold() if dot > 0 else ""


def sniff(path: str, head: bytes) -> tuple[str, str | None]:
    """The media type of a file, by content first and then by ending.

    Args:
        path: Its relative path.
        head: Its first `SNIFF_BYTES` bytes (all of it when shorter).

    Returns:
        The media type, and None; or `""` and why the knowledge base cannot read it.
    """
    suffix = ending(path)
    if suffix in _BINARY_TYPES:
        return _sniff_binary(path, suffix, head)
    if suffix not in _TEXT_TYPES:
        return "", f"{path!r} is of a type that cannot be read; send one of {', '.join(READABLE_ENDINGS)}"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _TEXT_TYPES[suffix], None
    if b"\0" in head or head.startswith((b"%PDF-", b"PK\x03\x04", b"MZ", b"\x7fELF", b"\x89PNG", b"GIF8", b"\xff\xd8")):
        return "", f"{path!r} is named like text but holds binary data; send the real text file, or rename it"
    return _TEXT_TYPES[suffix], None


def _sniff_binary(path: str, suffix: str, head: bytes) -> tuple[str, str | None]:
    if not head:
        return _BINARY_TYPES[suffix], None
    if suffix == ".pdf":
        good = b"%PDF-" in head[:1024]
    else:
        good = head.startswith(b"PK\x03\x04") or head.startswith(b"\xd0\xcf\x11\xe0")
    if good:
        return _BINARY_TYPES[suffix], None
    return "", f"{path!r} does not hold what its ending says ({suffix[1:]}); send the real file, or rename it"
