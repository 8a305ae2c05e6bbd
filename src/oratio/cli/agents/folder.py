"""Reader of a folder of documents on disk, for an upload."""

import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from oratio.errors import FieldProblem, InvalidInput

SOP_TEXT_ENDINGS = (".md", ".markdown", ".txt", ".text", ".rst", "")
_DOCX = ".docx"
_DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class FolderFile(NamedTuple):
    """File of a folder: `path` relative to the folder, with `/`; `size` in bytes."""

    path: str
    location: Path
    size: int


class Folder(NamedTuple):
    """Files to upload, sorted by path, and those left out: hidden names, and matches of `exclude`."""

    files: tuple[FolderFile, ...]
    hidden: tuple[str, ...]
    excluded: tuple[str, ...]


def read_folder(folder: Path, exclude: Sequence[str] = ()) -> Folder:
    """Walk a folder.

    Args:
        folder: Its path; may itself be a symbolic link.
        exclude: Patterns (`*.bak`, `drafts/*`) matched against the relative path and against the name alone.

    Raises:
        InvalidInput: It is not a folder, has nothing to upload, or has links or special files (all are listed).
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InvalidInput(f"{folder} {what}", hint="name the folder that holds the documents")
    files: list[FolderFile] = []
    hidden: list[str] = []
    excluded: list[str] = []
    problems: list[FieldProblem] = []
    for location in _walk(folder, hidden):
        path = location.relative_to(folder).as_posix()
        if any(fnmatchcase(path, pattern) or fnmatchcase(location.name, pattern) for pattern in exclude):
            excluded.append(path)
            continue
        status = location.lstat()
        if stat.S_ISLNK(status.st_mode):
            problems.append(FieldProblem(("files", path), f"{path!r} is a symbolic link; put the file itself there"))
        elif not stat.S_ISREG(status.st_mode):
            problems.append(FieldProblem(("files", path), f"{path!r} is not a regular file; remove it"))
        else:
            files.append(FolderFile(path, location, status.st_size))
    if problems:
        raise InvalidInput("; ".join(problem.msg for problem in problems), problems)
    if not files:
        raise InvalidInput(f"{folder} holds no documents", hint="put at least one file into it")
    return Folder(tuple(sorted(files)), tuple(sorted(hidden)), tuple(sorted(excluded)))


def _walk(folder: Path, hidden: list[str], root: Path | None = None) -> Iterator[Path]:
    """Yield every file and link below; do not follow links to folders. Hidden names are added to `hidden`."""
    root = root or folder
    for entry in sorted(folder.iterdir()):
        # `~$name.docx` is the lock file Word leaves next to an open document.
        if entry.name.startswith((".", "~$")):
            hidden.append(entry.relative_to(root).as_posix())
        elif entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry, hidden, root)
        else:
            yield entry


def read_sop(path: Path) -> str:
    """Return the text of an SOP file: text in UTF-8, or a Word document.

    Raises:
        InvalidInput: It is missing, of another type, or cannot be read.
    """
    if not path.is_file():
        raise InvalidInput(f"the SOP {path} is not a file", hint="name a .md, .txt or .docx file with --sop")
    ending = path.suffix.casefold()
    if ending == _DOCX:
        return _docx_text(path)
    if ending not in SOP_TEXT_ENDINGS:
        raise InvalidInput(f"the SOP {path} has an unsupported type", hint="send .md, .txt or .docx")
    return read_text(path, "the SOP")


def read_text(path: Path, what: str) -> str:
    """Return the text of a UTF-8 file.

    Raises:
        InvalidInput: It cannot be read, or is in another encoding.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{what} {path} is not UTF-8 text", hint="save it as UTF-8") from None
    except OSError as error:
        raise InvalidInput(f"{what} {path} cannot be read ({error.strerror})") from None


def _docx_text(path: Path) -> str:
    import kreuzberg

    config = kreuzberg.ExtractionConfig(use_cache=False, output_format="markdown")
    try:
        return str(kreuzberg.extract_bytes_sync(path.read_bytes(), _DOCX_TYPE, config).content)
    except (kreuzberg.KreuzbergError, OSError) as error:
        raise InvalidInput(
            f"the SOP {path} cannot be read ({type(error).__name__})", hint="save it again as .docx, or as .md"
        ) from None
