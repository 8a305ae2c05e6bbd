"""Staged uploads: files held under generated names until the whole form is accepted, or gone."""

import hashlib
import shutil
import unicodedata
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from oratio.domain import uploads as rules
from oratio.domain.knowledge_base import Document
from oratio.errors import FieldProblem, TooLarge, Unavailable

ABANDONED_MS = 24 * 3600 * 1000


class Limits(NamedTuple):
    """How much one agent's folder may hold."""

    files: int
    total_bytes: int
    file_bytes: int


class StagedFile(NamedTuple):
    """One received file: what it is, and where its bytes wait."""

    path: str
    size: int
    sha256: str
    head: bytes
    location: Path


class FileWriter:
    """Receives one file's bytes; limits act while they arrive."""

    def __init__(self, upload: "Upload", path: str, location: Path) -> None:
        self._upload = upload
        self._path = path
        self._location = location
        self._digest = hashlib.sha256()
        self._size = 0
        self._head = b""
        self._file: BinaryIO = location.open("wb")

    def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            TooLarge: The file or the upload is over its limit.
            Unavailable: The disk is full.
        """
        self._size += len(data)
        self._upload.count(self._path, self._size, len(data))
        if len(self._head) < rules.SNIFF_BYTES:
            self._head += data[: rules.SNIFF_BYTES - len(self._head)]
        self._digest.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            raise Unavailable(f"an upload could not be held ({error.strerror})", hint="free disk space") from error

    def close(self) -> None:
        self._file.close()
        self._upload.files.append(
            StagedFile(
                unicodedata.normalize("NFC", self._path),
                self._size,
                self._digest.hexdigest(),
                self._head,
                self._location,
            )
        )


class Upload:
    """One form's files. Use as a context manager: leaving it discards what was staged."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._total = 0
        self._opened = 0
        self.files: list[StagedFile] = []

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *exc: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, path: str) -> FileWriter:
        """Begin a file; close the writer before the next.

        Raises:
            TooLarge: There are more files than an agent may have.
        """
        self._opened += 1
        if self._opened > self._limits.files:
            problem = FieldProblem((rules.FIELD,), f"holds more than {self._limits.files} files; send fewer")
            raise TooLarge(f"more than {self._limits.files} files", [problem])
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileWriter(self, path, self._folder / f"{self._opened:06d}")

    def count(self, path: str, size: int, added: int) -> None:
        """Hold the running sizes against the limits."""
        self._total += added
        if size > self._limits.file_bytes:
            msg = f"{path!r} is larger than {self._limits.file_bytes} bytes; split it or leave it out"
            raise TooLarge(f"{path!r} is too large", [FieldProblem((rules.FIELD, path), msg)])
        if self._total > self._limits.total_bytes:
            msg = f"hold more than {self._limits.total_bytes} bytes in all; send fewer or smaller files"
            raise TooLarge("the folder is too large", [FieldProblem((rules.FIELD,), msg)])


class UploadService:
    """Opens uploads below one staging folder."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits

    def open(self) -> Upload:
        return Upload(self._root / uuid.uuid4().hex, self._limits)

    def sweep(self, now_ms: int) -> int:
        """Remove uploads that were abandoned a day ago or more; returns how many."""
        swept = 0
        for folder in self._root.glob("*") if self._root.is_dir() else ():
            if folder.stat().st_mtime * 1000 < now_ms - ABANDONED_MS:
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
        return swept


def check_files(files: Sequence[StagedFile]) -> tuple[list[Document], list[FieldProblem]]:
    """The documents of an upload, and every rule a name or type breaks."""
    problems = rules.name_problems([file.path for file in files])
    documents: list[Document] = []
    for file in files:
        media_type, reason = rules.sniff(file.path, file.head)
        if reason:
            problems.append(FieldProblem((rules.FIELD, file.path), reason))
        documents.append(Document(path=file.path, size=file.size, sha256=file.sha256, media_type=media_type))
    return sorted(documents, key=lambda document: document.path), problems
