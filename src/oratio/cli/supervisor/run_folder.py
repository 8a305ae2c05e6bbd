"""Run state in `<data>/run`: the holder of the data folder, and the services with their ports."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from pydantic import ValidationError

from oratio.domain.refs import Value
from oratio.errors import Conflict

_LOCK_TRIES = 5
_LOCK_PAUSE_S = 0.05


class ServiceRecord(Value):
    """One service as written by the supervisor; `started_at` is ms since 1970."""

    name: str
    url: str | None
    pid: int | None
    state: str
    started_at: int | None
    restarts: int


class RunRecord(Value):
    """Content of `services.json`.

    Attributes:
        pid: The supervisor.
        ready: Every service has once been healthy or been given up.
    """

    pid: int
    started_at: int
    ready: bool
    services: tuple[ServiceRecord, ...]


class RunFolder:
    """Run state under one data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.folder = data / "run"
        self.logs = data / "logs"
        self._lock = self.folder / "up.lock"
        self._record = self.folder / "services.json"

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the data folder while inside.

        Raises:
            Conflict: Another supervisor holds it.
        """
        for folder in (self.data, self.folder, self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _lock(descriptor):
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise Conflict(
                    f"Oratio already runs on {self.data} (pid {holder})",
                    hint="use that one, stop it with `oratio down`, or choose another folder with --data",
                )
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def holder(self) -> int | None:
        """Return the process id of the supervisor that holds the folder, or None."""
        try:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            return int(text) if text.isdigit() else None
        else:
            return None
        finally:
            os.close(descriptor)

    def write(self, record: RunRecord) -> None:
        fresh = self._record.with_suffix(".tmp")
        fresh.write_text(record.model_dump_json(indent=2))
        fresh.replace(self._record)

    def read(self) -> RunRecord | None:
        """Return the newest supervisor's record, running or not."""
        try:
            return RunRecord.model_validate_json(self._record.read_bytes())
        except (OSError, ValidationError):
            return None

    def clear(self) -> None:
        self._record.unlink(missing_ok=True)

    def end_leftovers(self) -> list[str]:
        """Kill services that outlived a supervisor which was killed; call while holding the folder.

        Returns:
            The names of the services that were still there.
        """
        record = self.read()
        return [entry.name for entry in record.services if _kill_leftover(entry)] if record else []


def _lock(descriptor: int) -> bool:
    """Take the lock; a process that only checks it (`holder`) keeps it for a moment at most."""
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
        else:
            return True
    return False


def _kill_leftover(entry: ServiceRecord) -> bool:
    if entry.pid is None or entry.started_at is None:
        return False
    try:
        process = psutil.Process(entry.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        # A process with a reused id started at another time; ours started within moments of the recorded time.
        if abs(process.create_time() * 1000 - entry.started_at) > 2_000 or os.getpgid(entry.pid) != entry.pid:
            return False
        os.killpg(entry.pid, 9)
        process.wait(5)
    except (psutil.Error, OSError):
        return False
    return True
