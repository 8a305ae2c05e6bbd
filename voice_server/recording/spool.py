"""Spool of what calls have not finished storing, and its recovery by another process after a crash."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

_LOCK = ".lock"


class Spool:
    """One folder a process, under a lock that ends with the process, however it ends."""

    def __init__(self, root: Path, process_id: str) -> None:
        self._root = root
        self.folder = root / process_id
        self._lock: int | None = None

    def open(self) -> None:
        # Locked before it can be seen, or another process would take it for abandoned.
        draft = self._root / f".{self.folder.name}"
        draft.mkdir(parents=True, mode=0o700)
        self._lock = _locked(draft / _LOCK)
        draft.rename(self.folder)

    def close(self) -> None:
        """Give the folder up; what is still in it is for the next process to keep."""
        if self._lock is None:
            return
        left = [path for path in self.folder.iterdir() if path.name != _LOCK]
        if not left:
            (self.folder / _LOCK).unlink(missing_ok=True)
            self.folder.rmdir()
        os.close(self._lock)
        self._lock = None

    @contextmanager
    def abandoned(self) -> Iterator[list[Path]]:
        """Return folders whose processes have ended, locked for the caller; empty ones are removed afterwards."""
        held = {}
        for folder in sorted(self._root.iterdir()) if self._root.exists() else ():
            if (
                folder.is_dir()
                and not folder.name.startswith(".")
                and folder != self.folder
                and (lock := _locked(folder / _LOCK)) is not None
            ):
                held[folder] = lock
        try:
            yield list(held)
        finally:
            for folder, lock in held.items():
                try:
                    (folder / _LOCK).unlink(missing_ok=True)
                    folder.rmdir()
                except OSError:
                    logger.warning("spool=<%s> | not emptied", folder.name)
                os.close(lock)


def _locked(path: Path) -> int | None:
    """The lock, None when a living process has it, or there is no such folder."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
