"""A real Oratio in a temporary folder, driven only from outside: its command line and its HTTP API."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil

EXAMPLES = Path(__file__).parents[2] / "examples"
TELECOM = EXAMPLES / "telecom" / "documents"
SOP = TELECOM / "main_policy.md"
PORTS = 6

type Run = subprocess.CompletedProcess[str]


def free_base() -> int:
    """The first of six free ports in a row."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base: int = probe.getsockname()[1]
        if base + PORTS < 65_500 and all(map(_free, range(base, base + PORTS))):
            return base


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Installation:
    """One data folder and one row of ports; `environment` holds settings of its own."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self._own = dict(environment or {})
        self.base = free_base()
        self.api = f"http://127.0.0.1:{self.base}"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "oratio.cli.main", *arguments]

    def run(self, *arguments: str, stdin: str = "", timeout: float = 300) -> Run:
        """One command line, whatever its exit code."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=_environment() | self._own,
        )

    def oratio(self, *arguments: str, stdin: str = "") -> str:
        """What a command that must succeed prints; it talks to this installation."""
        done = self.run(*arguments, "--data", str(self.data), stdin=stdin)
        assert done.returncode == 0, f"oratio {' '.join(arguments)}: {done.stderr}\n{self.logs()}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.oratio(*arguments, "--json"))

    def refused(self, *arguments: str, code: int = 1) -> str:
        """The one line a command that must fail leaves on stderr."""
        done = self.run(*arguments, "--data", str(self.data))
        lines = done.stderr.strip().splitlines()
        assert (done.returncode, len(lines)) == (code, 1), (done.returncode, done.stderr)
        assert lines[0].startswith("oratio: ")
        return lines[0]

    def up(self, *options: str) -> str:
        return self.oratio("up", "--detach", "--ports", str(self.base), *options)

    def down(self) -> None:
        self.run("down", "--data", str(self.data))

    def create(self, folder: Path, *options: str, name: str = "Telecom", sop: Path = SOP) -> list[str]:
        """The arguments that create an agent."""
        return [
            *("agents", "create", str(folder), "--name", name, "--type", "text", "--sop", str(sop)),
            *("--knowledge-description", "Any question about phone service, mobile data or MMS"),
            *("--handoff-description", "When the caller asks for a human or the problem cannot be solved"),
            *options,
        ]

    def client(self, user: str = "operator") -> httpx.Client:
        token = self.oratio("token", "--user", user).strip()
        return httpx.Client(base_url=self.api, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def logs(self) -> str:
        """The ends of all logs, for the message of a failed test."""
        logs = sorted((self.data / "logs").glob("*.log"))
        return "\n".join(f"== {log.name}\n" + "\n".join(log.read_text().splitlines()[-15:]) for log in logs)


def _environment() -> dict[str, str]:
    """This process's environment without settings of a developer's own Oratio."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ORATIO_", "PREFECT_"))}


def family(pid: int) -> list[psutil.Process]:
    """A process and everything below it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def still_running(processes: list[psutil.Process], *, within_s: float) -> list[str]:
    """Those that have not ended in time, in words."""
    _, alive = psutil.wait_procs(processes, timeout=within_s)
    found = []
    for process in alive:
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
    return found


@contextlib.contextmanager
def foreground(installation: Installation, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """`oratio up` in the foreground, ready; killed at the end if it still runs."""
    arguments = installation.command("up", "--data", str(installation.data), "--ports", str(installation.base))
    process = subprocess.Popen(
        [*arguments, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment() | installation._own,
    )
    try:
        assert process.stdout
        printed = ""
        while "sign in" not in printed:
            line = process.stdout.readline()
            assert line, f"{printed}\n{installation.logs()}"
            printed += line
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
