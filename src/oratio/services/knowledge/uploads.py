"""Staged uploads: files under generated names until the whole form is accepted, else deleted."""

import hashlib
import os
import shutil
import threading
import unicodedata
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

from oratio.domain.knowledge import uploads as rules
from oratio.domain.knowledge.knowledge_base import Document
from oratio.errors import FieldProblem, TooLarge, Unavailable

ABANDONED_MS = 24 * 3600 * 1000
_SYNCED_AT_ONCE = 4
_WAITING_FOR_SYNC = 32


class Limits(NamedTuple):
    """Limits of one agent's folder."""

    files: int
    total_bytes: int
    file_bytes: int


class StagedFile(NamedTuple):
    """Received file and the place of its bytes."""

    path: str
    size: int
    sha256: str
    head: bytes
    location: Path


class Syncer:
    """Syncer of received files to the disk while the next ones arrive; with too many waiting, the sender waits."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_SYNCED_AT_ONCE, thread_name_prefix="sync")
        self._room = threading.BoundedSemaphore(_WAITING_FOR_SYNC)

    def close(self, file: BinaryIO) -> "Future[None]":
        """Close a written file once its bytes are on the disk."""
        self._room.acquire()
        return self._pool.submit(self._close, file)

    def _close(self, file: BinaryIO) -> None:
        try:
            with file:
                file.flush()
                os.fsync(file.fileno())
        finally:
            self._room.release()


class FileWriter:
    """Writer of one file's bytes; limits are checked while they arrive."""

    def __init__(self, upload: "Upload", path: str, location: Path) -> None:
        self._upload = upload
        self._path = path
        self._location = location
        self._digest = hashlib.sha256()
        self._size = 0
        self._head = b""
        self._file: BinaryIO = location.open("wb")

    def write(self, data: bytes | memoryview) -> None:
        """Write the next bytes.

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
            raise not_held(error) from error

    def close(self) -> None:
        self._upload.take(
            StagedFile(
                unicodedata.normalize("NFC", self._path),
                self._size,
                self._digest.hexdigest(),
                self._head,
                self._location,
            ),
            self._file,
        )


class Upload:
    """Files of one form. Use as a context manager: leaving it discards the staged files."""

    def __init__(self, folder: Path, limits: Limits, syncer: Syncer) -> None:
        self._folder = folder
        self._limits = limits
        self._syncer = syncer
        self._total = 0
        self._opened = 0
        self._files: list[StagedFile] = []
        self._syncing: list[Future[None]] = []

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *exc: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, path: str) -> FileWriter:
        """Open a file; close the writer before the next.

        Raises:
            TooLarge: There are more files than an agent may have.
        """
        self._opened += 1
        if self._opened > self._limits.files:
            problem = FieldProblem((rules.FIELD,), f"has more than {self._limits.files} files; send fewer")
            raise TooLarge(f"more than {self._limits.files} files", [problem])
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return FileWriter(self, path, self._folder / f"{self._opened:06d}")

    def take(self, staged: StagedFile, file: BinaryIO) -> None:
        """Count a file among the received ones, and sync and close it."""
        self._files.append(staged)
        self._syncing.append(self._syncer.close(file))

    def files(self) -> list[StagedFile]:
        """Return the received files, once all of them are on the disk.

        Raises:
            Unavailable: The disk did not take one.
        """
        for syncing in self._syncing:
            try:
                syncing.result()
            except OSError as error:
                raise not_held(error) from error
        return self._files

    def count(self, path: str, size: int, added: int) -> None:
        """Check the running sizes against the limits."""
        self._total += added
        if size > self._limits.file_bytes:
            msg = f"{path!r} is larger than {self._limits.file_bytes} bytes; split it or leave it out"
            raise TooLarge(f"{path!r} is too large", [FieldProblem((rules.FIELD, path), msg)])
        if self._total > self._limits.total_bytes:
            msg = f"are more than {self._limits.total_bytes} bytes in all; send fewer or smaller files"
            raise TooLarge("the folder is too large", [FieldProblem((rules.FIELD,), msg)])


class UploadService:
    """Service that opens uploads below one staging folder."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        self._limits = limits
        self._syncer = Syncer()

    def open(self) -> Upload:
        return Upload(self._root / uuid.uuid4().hex, self._limits, self._syncer)

    def sweep(self, now_ms: int) -> int:
        """Remove uploads that were abandoned a day ago or more; return their number."""
        swept = 0
        for folder in self._root.glob("*") if self._root.is_dir() else ():
            if folder.stat().st_mtime * 1000 < now_ms - ABANDONED_MS:
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
        return swept


def not_held(error: OSError) -> Unavailable:
    """Return the error of a disk that did not take received bytes."""
    return Unavailable(f"an upload could not be stored ({error.strerror})", hint="free disk space")


def check_files(files: Sequence[StagedFile]) -> tuple[list[Document], list[FieldProblem]]:
    """Return the documents of an upload, and every rule a name or type breaks."""
    problems = rules.name_problems([file.path for file in files])
    documents: list[Document] = []
    for file in files:
        media_type, reason = rules.sniff(file.path, file.head)
        if reason:
            problems.append(FieldProblem((rules.FIELD, file.path), reason))
        documents.append(Document(path=file.path, size=file.size, sha256=file.sha256, media_type=media_type))
    return sorted(documents, key=lambda document: document.path), problems
