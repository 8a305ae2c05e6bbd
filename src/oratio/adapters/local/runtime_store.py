"""The local runtimes' files: what `agent_runtime` writes and the agent host reads.

    <root>/<runtime id>/<version>/{agent_file.py,prompt.md,plan.json,runtime.json}
    <root>/<runtime id>/endpoints.json      {"live": "2"}

A version's folder appears whole or not at all and never changes; `endpoints.json` is replaced in one step.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from oratio.adapters.local.secrets import secret_file
from oratio.domain.refs import Value, VersionRef
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, PROMPT_FILE
from oratio.errors import NotFound
from oratio.ports.agent_runtime import AgentPackage

RECORD_FILE = "runtime.json"
ENDPOINTS_FILE = "endpoints.json"
_RUNTIME_ID = re.compile(r"o_[0-9a-f]{32}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


class StoredRuntime(Value):
    """`runtime.json`: what a runtime version is, next to its three files.

    Attributes:
        token: The idempotency token it was created with.
        created_at: ms since 1970.
    """

    ref: VersionRef
    engine_id: str
    signature: str
    token: str
    created_at: int
    tags: Mapping[str, str]


class RuntimeStore:
    """Runtimes as files below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @staticmethod
    def runtime_id(ref: VersionRef) -> str:
        """One runtime per agent, named like AgentCore's: letters, digits and underscores, at most 48."""
        return "o_" + hashlib.sha256(f"{ref.user_id}/{ref.agent_id}".encode()).hexdigest()[:32]

    def add(self, runtime_id: str, package: AgentPackage, record: StoredRuntime) -> str:
        """Store a package and return its version; one stored before with the same token is returned as it is."""
        folder = self.root / runtime_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked(folder):
            versions = self._versions(folder)
            for version in versions:
                if self._record(folder / str(version)).token == record.token:
                    return str(version)
            version = max(versions, default=0) + 1
            staging = folder / f".new-{secrets.token_hex(8)}"
            staging.mkdir(mode=0o700)
            for name, data in (
                (CODE_FILE, package.code),
                (PROMPT_FILE, package.prompt),
                (PLAN_FILE, package.plan),
                (RECORD_FILE, record.model_dump_json().encode()),
            ):
                _write(staging / name, data)
            staging.rename(folder / str(version))
            _sync_folder(folder)
            return str(version)

    def record(self, runtime_id: str, version: str) -> StoredRuntime:
        """Raises `NotFound` for a version that is not there."""
        return self._record(self._version_folder(runtime_id, version))

    def package(self, runtime_id: str, version: str) -> AgentPackage:
        """The bytes as they are now on disk, unchecked. Raises `NotFound`."""
        folder = self._version_folder(runtime_id, version)
        try:
            code, prompt, plan = ((folder / name).read_bytes() for name in (CODE_FILE, PROMPT_FILE, PLAN_FILE))
        except FileNotFoundError:
            raise NotFound(f"runtime {runtime_id} version {version} is incomplete", hint="deploy it again") from None
        return AgentPackage(code, prompt, plan, self._record(folder).signature)

    def point(self, runtime_id: str, name: str, version: str) -> None:
        """Pin an endpoint to a version, atomically."""
        folder = self._version_folder(runtime_id, version).parent
        with self._locked(folder):
            endpoints = {**self._endpoints(folder), name: version}
            staging = folder / f".new-{secrets.token_hex(8)}"
            _write(staging, json.dumps(endpoints).encode())
            staging.replace(folder / ENDPOINTS_FILE)
            _sync_folder(folder)

    def resolve(self, runtime_id: str, qualifier: str) -> str:
        """The version behind an endpoint's name or a version number. Raises `NotFound`."""
        if _VERSION.fullmatch(qualifier):
            return self._version_folder(runtime_id, qualifier).name
        if not _RUNTIME_ID.fullmatch(runtime_id):
            raise NotFound(f"there is no runtime {runtime_id[:64]!r}")
        version = self._endpoints(self.root / runtime_id).get(qualifier)
        if version is None:
            raise NotFound(f"runtime {runtime_id} has no endpoint {qualifier[:64]!r}")
        return version

    def is_pinned(self, runtime_id: str, version: str) -> bool:
        """Whether an endpoint points to a version, so that callers may reach it."""
        return version in self._endpoints(self._version_folder(runtime_id, version).parent).values()

    def delete(self, runtime_id: str) -> None:
        if _RUNTIME_ID.fullmatch(runtime_id):
            folder = self.root / runtime_id
            gone = self.root / f".gone-{runtime_id}-{secrets.token_hex(8)}"
            try:
                folder.rename(gone)
            except FileNotFoundError:
                return
            shutil.rmtree(gone, ignore_errors=True)

    def _version_folder(self, runtime_id: str, version: str) -> Path:
        folder = self.root / runtime_id / version
        if not _RUNTIME_ID.fullmatch(runtime_id) or not _VERSION.fullmatch(version) or not folder.is_dir():
            raise NotFound(f"there is no runtime {runtime_id[:64]!r} with version {version[:16]!r}")
        return folder

    def _record(self, folder: Path) -> StoredRuntime:
        try:
            return StoredRuntime.model_validate_json((folder / RECORD_FILE).read_bytes())
        except FileNotFoundError:
            raise NotFound(f"runtime {folder.parent.name} version {folder.name} is incomplete") from None

    @staticmethod
    def _versions(folder: Path) -> list[int]:
        return sorted(int(entry.name) for entry in folder.iterdir() if _VERSION.fullmatch(entry.name))

    @staticmethod
    def _endpoints(folder: Path) -> dict[str, str]:
        try:
            return dict(json.loads((folder / ENDPOINTS_FILE).read_bytes()))
        except FileNotFoundError:
            return {}

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def host_token(path: Path) -> str:
    """The bearer secret that guards the agent host, made by whichever side needs it first."""
    return secret_file(path).hex()


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
