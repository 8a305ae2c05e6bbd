"""The machines of AgentCore's sessions: one process for each runtime version, started when it is first asked."""

import contextlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.fakes.aws.model import AwsError

LAUNCHER = Path(__file__).with_name("launcher.py")
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
READY_WAIT_S = 60.0


@dataclass(slots=True)
class _Process:
    folder: Path
    port: int
    pid: int


class AgentProcesses:
    """Args:
    environment: What every process gets beside its runtime's own variables.
    """

    def __init__(self, environment: Callable[[], Mapping[str, str]]) -> None:
        self._environment = environment
        self._root = Path(tempfile.mkdtemp(prefix="oratio-agentcore-"))
        self._lock = threading.Lock()
        self._launcher: subprocess.Popen[str] | None = None
        self._running: dict[tuple[str, str], _Process] = {}

    def root(self) -> Path:
        """Where all packages lie unzipped, as `<runtime>/<version>/`."""
        return self._root

    def folder(self, runtime_id: str, version: str) -> Path:
        return self._root / runtime_id / version

    def unpack(self, runtime_id: str, version: str, package: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            archive.extractall(self.folder(runtime_id, version))

    def turn(
        self, runtime_id: str, version: str, variables: Mapping[str, str], session_id: str, payload: bytes
    ) -> tuple[str, Iterator[bytes]]:
        """The content type and the pieces of a process's answer, as they come."""
        process = self._process((runtime_id, version), variables)
        connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=120)
        headers = {"Content-Type": "application/json", SESSION_HEADER: session_id}
        try:
            connection.request("POST", "/invocations", body=payload, headers=headers)
            response = connection.getresponse()
        except OSError:
            connection.close()
            raise AwsError("RuntimeClientError", "the runtime closed the connection") from None
        if response.status != 200:
            response.read()
            connection.close()
            raise AwsError("RuntimeClientError", f"Received error ({response.status}) from runtime")

        def pieces() -> Iterator[bytes]:
            try:
                while piece := response.read1(65536):
                    yield piece
            except (OSError, http.client.HTTPException):
                return
            finally:
                connection.close()

        return response.headers["Content-Type"], pieces()

    def _process(self, key: tuple[str, str], variables: Mapping[str, str]) -> _Process:
        with self._lock:
            if key not in self._running:
                self._running[key] = self._start(key, variables)
            return self._running[key]

    def _start(self, key: tuple[str, str], variables: Mapping[str, str]) -> _Process:
        folder = self.folder(*key)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        env = {**self._environment(), **variables, "PORT": str(port), "HOST": "127.0.0.1"}
        env |= {"PATH": os.environ["PATH"], "HOME": str(folder), "OTEL_SDK_DISABLED": "true"}
        pid = self._launch({"folder": str(folder), "env": env})
        process = _Process(folder, port, pid)
        deadline = time.monotonic() + READY_WAIT_S
        while not _answers(port):
            if not _lives(pid) or time.monotonic() > deadline:
                raise AwsError("RuntimeClientError", "Runtime health check failed or timed out")
            time.sleep(0.02)
        return process

    def _launch(self, order: Mapping[str, object]) -> int:
        if self._launcher is None:
            self._launcher = subprocess.Popen(
                [sys.executable, str(LAUNCHER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            json.loads(_stream(self._launcher.stdout).readline())
        stdin = _stream(self._launcher.stdin)
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        return int(json.loads(_stream(self._launcher.stdout).readline())["pid"])

    def stop(self, runtime_id: str, version: str | None = None) -> None:
        with self._lock:
            for key in [key for key in self._running if key[0] == runtime_id and version in (None, key[1])]:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._running.pop(key).pid, signal.SIGKILL)
        shutil.rmtree(self._root / runtime_id / version if version else self._root / runtime_id, ignore_errors=True)

    def close(self) -> None:
        for runtime_id in {key[0] for key in self._running}:
            self.stop(runtime_id)
        if self._launcher:
            self._launcher.communicate()
        shutil.rmtree(self._root, ignore_errors=True)


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream
    return stream


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
