"""An agent's form as a stream of bytes: files are opened one by one, memory stays at one block."""

import json
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from oratio.domain.knowledge.descriptions import Descriptions
from oratio.errors import FieldProblem, InvalidInput

BLOCK = 1 << 18
type FileSource = Path | bytes
type Files = Path | Iterable[tuple[str, FileSource]]
type Progress = Callable[[int, int], None]
"""Called after each block: bytes sent, bytes in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The form's texts; for an update, None leaves a text as it is.

    Attributes:
        descriptions: `folderFileDescriptions`, nested, or its JSON text as it is in a file.
        upload_id: A complete upload (see `Client.upload`) whose files are the folder's, next to those of the form.
    """

    agent_name: str | None = None
    agent_type: str | None = None
    sop: str | None = None
    knowledge_base_description: str | None = None
    human_handoff_description: str | None = None
    descriptions: Descriptions | str | None = None
    upload_id: str | None = None

    def fields(self) -> dict[str, str]:
        """The fields by their names on the wire."""
        tree = self.descriptions
        texts = {
            "agentName": self.agent_name,
            "agentType": self.agent_type,
            "sop": self.sop,
            "knowledgeBaseDescription": self.knowledge_base_description,
            "humanHandoffDescription": self.human_handoff_description,
            "folderFileDescriptions": tree if tree is None or isinstance(tree, str) else json.dumps(tree),
            "uploadId": self.upload_id,
        }
        return {name: text for name, text in texts.items() if text is not None}


def read_folder(folder: Path) -> list[tuple[str, FileSource]]:
    """Every regular file below a folder with its relative path, sorted.

    Raises:
        InvalidInput: It is no folder, or holds symbolic links or special files; all are listed.
    """
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder", [FieldProblem(("files",), f"{folder} is no folder")])
    found: list[tuple[str, FileSource]] = []
    problems: list[FieldProblem] = []
    for entry in sorted(folder.rglob("*")):
        path, mode = entry.relative_to(folder).as_posix(), entry.lstat().st_mode
        if stat.S_ISREG(mode):
            found.append((path, entry))
        elif not stat.S_ISDIR(mode):
            problems.append(FieldProblem(("files", path), f"{path!r} is a link or no regular file; leave it out"))
    if problems:
        raise InvalidInput("; ".join(problem.msg for problem in problems), problems)
    return found


class Form:
    """A multipart body whose length is known before it is sent; can be read once more for a retry."""

    def __init__(self, fields: Mapping[str, str], files: Files, progress: Progress | None = None) -> None:
        """Prepare the form.

        Args:
            fields: Text fields by their names on the wire.
            files: A folder, or pairs of the path relative to it and where the bytes are.
            progress: Called with how much has been sent.

        Raises:
            InvalidInput: A file is not there.
        """
        self._boundary = f"oratio-{secrets.token_hex(16)}"
        self._fields = [self._head(f'form-data; name="{name}"') + text.encode() for name, text in fields.items()]
        self._files = [(self._file_head(path), source, size_of(path, source)) for path, source in listed_files(files)]
        self._end = f"\r\n--{self._boundary}--\r\n".encode()
        self._progress = progress
        self.length = sum(map(len, self._fields)) + len(self._end)
        self.length += sum(len(head) + size for head, _, size in self._files)

    @property
    def headers(self) -> dict[str, str]:
        kind = f"multipart/form-data; boundary={self._boundary}"
        return {"Content-Type": kind, "Content-Length": str(self.length)}

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        for block in self._blocks():
            yield block
            sent += len(block)
            if self._progress:
                self._progress(sent, self.length)

    def _blocks(self) -> Iterator[bytes]:
        yield from self._fields
        for head, source, size in self._files:
            yield head
            yield from blocks_of(source, size)
        yield self._end

    def _head(self, disposition: str) -> bytes:
        return f"\r\n--{self._boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()

    def _file_head(self, path: str) -> bytes:
        # RFC 5987's form says every name exactly; the plain form cannot hold quotes or line ends.
        name = quote(path.encode("utf-8", "surrogateescape"), safe="")
        return self._head(f"form-data; name=\"files\"; filename*=UTF-8''{name}")


def listed_files(files: Files) -> Sequence[tuple[str, FileSource]]:
    """Pairs of relative path and source, of a folder or as given."""
    return read_folder(files) if isinstance(files, Path) else list(files)


def blocks_of(source: FileSource, size: int) -> Iterator[bytes]:
    """The bytes of a source, at most `BLOCK` at a time from a file."""
    return iter((source,)) if isinstance(source, bytes) else _read(source, size)


def size_of(path: str, source: FileSource) -> int:
    if isinstance(source, bytes):
        return len(source)
    try:
        return source.stat().st_size
    except OSError as error:
        msg = f"{path!r} cannot be read ({error.strerror})"
        raise InvalidInput(msg, [FieldProblem(("files", path), msg)]) from None


def _read(source: Path, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes of a file.

    Raises:
        InvalidInput: The file grew or shrank since it was measured.
    """
    with source.open("rb") as file:
        while block := file.read(min(BLOCK, size)):
            size -= len(block)
            yield block
        if size or file.read(1):
            raise InvalidInput(f"{source.name} changed while it was sent", hint="send it again")


def delete_files(paths: Iterable[str]) -> dict[str, str]:
    """The `deleteFiles` field."""
    listed = list(paths)
    return {"deleteFiles": json.dumps(listed)} if listed else {}


def body_of(**values: Any) -> dict[str, Any]:
    """A JSON body without what is None."""
    return {name: value for name, value in values.items() if value is not None}
