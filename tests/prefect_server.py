"""A real Prefect server for tests: its own database and port, all telemetry off, one for all xdist workers.

Migrating an empty database takes most of a first start, so the server starts on a copy of a migrated one.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import httpx

from oratio.adapters.prefect_pipeline import prefect_environment
from oratio.cli.supervisor.prefect_database import build_template, template_path
from oratio.settings import Settings, child_environment, load

READY_WAIT_S = 120.0


class PrefectServer(NamedTuple):
    """A running server: `api_url` ends in `/api`; `environment` is what a client process needs."""

    api_url: str
    environment: dict[str, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_of(settings: Settings) -> dict[str, str]:
    return child_environment(settings, "flows", **prefect_environment(settings))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def template() -> Path:
    """A migrated, empty database of the installed Prefect; the one that `oratio up` starts from."""
    path = template_path()
    with locked(Path(tempfile.gettempdir()) / f"oratio-tests-{os.getuid()}" / "template.lock"):
        build_template(path, environment=child_environment(load(), "prefect"))
    return path


def start(settings: Settings, extra: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a server on the settings' Prefect port over a copy of the template, and wait until it answers."""
    home = settings.data / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "prefect.db").exists():
        shutil.copy(template(), home / "prefect.db")
    environment = environment_of(settings) | {
        "PREFECT__SERVER_FINAL": "1",
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        "PREFECT_UI_ENABLED": "false",
        **(extra or {}),
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
    command += ["--host", "127.0.0.1", "--port", str(settings.port("prefect")), "--log-level", "warning"]
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    wait_until_ready(settings, process)
    return process


def wait_until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WAIT_S
    with httpx.Client(base_url=settings.prefect_url, timeout=2, trust_env=False) as http:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if http.get("/health").is_success:
                    return
            if process.poll() is not None or time.monotonic() > until:
                log = (settings.data / "prefect" / "server.log").read_text()[-2000:]
                raise RuntimeError(f"Prefect's server did not start: {log}")
            time.sleep(0.1)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def shared(root: Path) -> Iterator[PrefectServer]:
    """The one server of a test session; the last of the xdist workers that share `root` stops it."""
    state, lock = root / "prefect-server.json", root / "prefect-server.lock"
    with locked(lock):
        known = json.loads(state.read_text()) if state.exists() else None
        if known is None:
            data = root / "prefect-server"
            settings = load(data=data, port_base=free_port_base())
            process = start(settings)
            known = {"pid": process.pid, "url": settings.prefect_url, "users": 0, "data": str(data)}
            known["port_base"] = settings.server.port_base
        known["users"] += 1
        state.write_text(json.dumps(known))
    try:
        settings = load(data=Path(known["data"]), port_base=known["port_base"])
        yield PrefectServer(known["url"], prefect_environment(settings))
    finally:
        with locked(lock):
            known = json.loads(state.read_text())
            known["users"] -= 1
            state.write_text(json.dumps(known))
            if known["users"] == 0:
                os.kill(known["pid"], signal.SIGTERM)
                state.unlink()


def free_port_base() -> int:
    """A base whose six ports are all free just now."""
    while True:
        base = free_port()
        if base > 65_000:
            continue
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for offset in range(6):
                probe = stack.enter_context(socket.socket())
                probe.bind(("127.0.0.1", base + offset))
            return base
