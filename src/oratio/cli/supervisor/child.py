"""Child process: started in a session of its own, dying with its parent, leaving nothing behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import psutil

from oratio.cli.supervisor.health import now_ms
from oratio.cli.supervisor.service import SupervisedService

LOG_BYTES = 10_000_000
LOGS_KEPT = 3
_PR_SET_PDEATHSIG = 1
_BUSY_SHARE = 0.5
_SAMPLE_S = 0.5


class State(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    HEALTHY = "healthy"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


class Child:
    """Service and the process that runs it now, if any. Not thread-safe.

    Attributes:
        started_at: ms since 1970 of the newest start; None before the first.
        quick_deaths: Deaths in a row that came soon after a start.
        last_exit: How the newest process ended, in words.
    """

    def __init__(self, service: SupervisedService, log: Path) -> None:
        self.service = service
        self.log = log
        self.state = State.WAITING
        self.started_at: int | None = None
        self.restarts = 0
        self.quick_deaths = 0
        self.last_exit = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._sample = (0.0, 0.0)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process.

        Raises:
            OSError: The program cannot be run.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(self.log)
        self.started_at = now_ms()
        self.state = State.STARTING
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.service.command,
                env=dict(self.service.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_confine(os.getpid()),
            )
        self._sample = (time.monotonic(), 0.0)

    def ended(self) -> bool:
        """Return True if the process has ended; kill what it left in its group before its id can be reused."""
        if self._process is None:
            return True
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return False
        self._signal_group(signal.SIGKILL)
        code = self._process.wait()
        self.last_exit = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._process = None
        return True

    def terminate(self) -> None:
        """Ask the process to end; it handles its own children while it drains."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def busy_starting(self) -> bool:
        """Return True if this start is using a core right now; a fresh one counts as busy until it has been sampled."""
        if self.state is not State.STARTING or self._process is None:
            return False
        elapsed = time.monotonic() - self._sample[0]
        if elapsed < _SAMPLE_S:
            return True
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return False
        used = times.user + times.system
        share = (used - self._sample[1]) / elapsed
        self._sample = (time.monotonic(), used)
        return share > _BUSY_SHARE


def rotate(log: Path) -> None:
    """Rename a log longer than `LOG_BYTES` to a numbered one; delete the oldest beyond `LOGS_KEPT`."""
    if not log.exists() or log.stat().st_size <= LOG_BYTES:
        return
    for number in range(LOGS_KEPT - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))


def _confine(parent: int) -> Callable[[], None]:
    """Return the setup between fork and exec: SIGINT and SIGTERM at their defaults, and death with the parent.

    A worker that inherits an ignored SIGINT (a supervisor started with `&` or nohup) would never stop: Prefect's
    SIGTERM handler works by sending itself SIGINT.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def confine() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return confine
