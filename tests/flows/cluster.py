"""Prefect past one machine, for real: PostgreSQL, Redis, two API replicas, the services, and workers that may die.

PostgreSQL refuses to run as root, so that it runs as the user its package made; our records are the one SQLite file
that all processes of a machine share.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from oratio.settings import Settings, load
from tests import prefect_server
from tests.prefect_server import free_port

READY_S = 180.0
type Process = subprocess.Popen[bytes]


def missing() -> str:
    """Why this machine cannot be a cluster; empty when it can."""
    if _postgres_bin() is None:
        return "no PostgreSQL here (apt-get install postgresql)"
    if shutil.which("redis-server") is None:
        return "no Redis here (apt-get install redis-server)"
    if os.getuid() == 0 and _postgres_user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def _postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _postgres_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


class Cluster:
    """Everything started; `stop` ends all of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[Process] = []
        self._workers: dict[str, Process] = {}
        # Short and open to PostgreSQL's user: pytest's own folders are closed to others, and a socket's path is short.
        self._stores = Path(tempfile.mkdtemp(prefix="oratio-pg-"))
        self._stores.chmod(0o755)
        self.replicas = [free_port(), free_port()]

    def start(self) -> None:
        database, redis = self._postgres(), self._redis()
        self._environment = _prefect(database, redis, self._folder)
        self._run([sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"])
        for port in self.replicas:
            # One after the other: two that begin on a new database race for its blocks.
            command = [sys.executable, "-m", "prefect", "server", "start", "--no-services"]
            self._spawn(f"api-{port}", [*command, "--host", "127.0.0.1", "--port", str(port)])
            _until(lambda port=port: _answers(f"{self.url(port)}/health"), f"replica {port}", self.log)  # type: ignore[misc]
        self._spawn("services", [sys.executable, "-m", "prefect", "server", "services", "start"])

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/api"

    def settings(self, number: int) -> Settings:
        """The settings of a process that talks to one of the replicas."""
        return load(
            data=self._folder / "oratio",
            port_base=prefect_server.free_port_base(),
            prefect_api_url=self.url(self.replicas[number % 2]),
            work_pool="oratio",
            worker_name=f"worker-{number}",
            flow_limit=8,
            rehearsal_required=False,
            lease_seconds=6,
        )

    def start_worker(self, number: int) -> str:
        settings = self.settings(number)
        environment = prefect_server.environment_of(settings)
        process = self._spawn(f"worker-{number}", [sys.executable, "-m", "tests.flows.worker_process"], environment)
        self._workers[f"worker-{number}"] = process
        health = f"http://127.0.0.1:{settings.port('flows')}/healthz"
        _until(lambda: _answers(health), f"worker {number}", self.log)
        return f"worker-{number}"

    def kill_worker(self, name: str) -> None:
        self._workers[name].send_signal(signal.SIGKILL)
        self._workers[name].wait()

    def workers_of_log(self, words: str) -> dict[str, int]:
        """How often each worker's log has these words."""
        return {name: (self._folder / f"{name}.log").read_text().count(words) for name in self._workers}

    def stop(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self._processes):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._stores, ignore_errors=True)

    def log(self) -> str:
        ends = {log.name: log.read_text(errors="replace")[-1500:] for log in sorted(self._folder.glob("*.log"))}
        return "\n".join(f"== {name}\n{text}" for name, text in ends.items())

    def _postgres(self) -> str:
        tools = _postgres_bin()
        assert tools is not None
        data, port = self._stores / "data", free_port()
        user: Sequence[str] = ()
        if os.getuid() == 0:
            owner = _postgres_user()
            assert owner is not None
            os.chown(self._stores, owner.pw_uid, owner.pw_gid)
            user = ("runuser", "-u", "postgres", "--")
        initdb = [*user, str(tools / "initdb"), "-D", str(data), "-U", "oratio", "--auth=trust", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/")
        options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(self._stores), "-c", "fsync=off"]
        self._spawn("postgres", [*user, str(tools / "postgres"), "-D", str(data), *options], cwd="/")
        ready = [str(tools / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
        _until(lambda: subprocess.run(ready).returncode == 0, "PostgreSQL", self.log)
        return f"postgresql+asyncpg://oratio@127.0.0.1:{port}/postgres"

    def _redis(self) -> int:
        port = free_port()
        self._spawn("redis", ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""])
        _until(lambda: _listens(port), "Redis", self.log)
        return port

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]

    def _spawn(
        self, name: str, command: list[str], environment: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> Process:
        env = environment or (self._environment if hasattr(self, "_environment") else None)
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True, cwd=cwd)
        self._processes.append(process)
        return process


def _prefect(database: str, redis: int, folder: Path) -> dict[str, str]:
    """What Prefect's servers are told; see docs/scaling.md."""
    environment = prefect_server.environment_of(load(data=folder / "server"))
    # Each process is told where it listens or whom it asks; events and their services are on.
    for name in ("PREFECT_API_URL", "PREFECT_SERVER_API_PORT", "PREFECT_SERVER_API_HOST", "PREFECT_SERVER_UI_API_URL"):
        environment.pop(name, None)
    return environment | {
        "PREFECT_API_DATABASE_CONNECTION_URL": database,
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_REDIS_MESSAGING_URL": f"redis://127.0.0.1:{redis}/0",
        "PREFECT_SERVER_DOCKET_URL": f"redis://127.0.0.1:{redis}/1",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "true",
    }


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=5, trust_env=False).is_success
    return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(condition: Callable[[], bool], what: str, log: Callable[[], str]) -> None:
    deadline = time.monotonic() + READY_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} is not ready\n{log()}"
        time.sleep(0.2)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
