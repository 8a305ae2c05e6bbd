"""Checks of `oratio doctor`; each says what it found and how to fix it."""

import asyncio
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import psutil

from oratio.cli.preflight import service_problems
from oratio.cli.supervisor.ports import busy
from oratio.cli.supervisor.run_folder import RunFolder
from oratio.cli.supervisor.service_table import service_table
from oratio.errors import OratioError
from oratio.settings import QUIET, Settings, child_environment, defaults, unknown_variables

MIN_DISK_BYTES = 2_000_000_000
MIN_MEMORY_BYTES = 1_500_000_000
MIN_CORES = 2
_LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)(\s*;)?")
_IMPORT_WAIT_S = 120.0


class DoctorCheck(NamedTuple):
    """Finding of one check; `fix` says what to do when it is not `ok`."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def machine_checks() -> list[DoctorCheck]:
    """Run the checks of the machine and the installation."""
    return [
        python_version(),
        packages(lock_file()),
        cores(),
        memory(),
        full_text_search(),
        embedding_model(),
        prefect_server(),
    ]


def oratio_checks(settings: Settings) -> list[DoctorCheck]:
    """Checks of what the settings name."""
    return [
        variables(),
        *map(serviceable, ("console", "voice", "agent-host"), [settings] * 3),
        disk(settings),
        *data_folder(settings),
        ports(settings),
        sandbox(settings),
    ]


_NEEDS = {"console": "console", "voice": "speech", "agent-host": "model"}


def serviceable(service: str, settings: Settings) -> DoctorCheck:
    """What a service needs before it can start: an extra, or a model that can be made."""
    problems = service_problems(service, settings)
    if problems:
        return DoctorCheck(_NEEDS[service], False, problems[0].message, problems[0].hint)
    return DoctorCheck(
        _NEEDS[service],
        True,
        {"voice": settings.speech_models.speech, "agent-host": settings.models.model}.get(service, "installed"),
    )


def python_version() -> DoctorCheck:
    found = ".".join(map(str, sys.version_info[:3]))
    return DoctorCheck(
        "python", (3, 12) <= sys.version_info[:2] < (3, 14), found, "install Python 3.12 or 3.13, `make setup`"
    )


def lock_file() -> Path | None:
    """Return `requirements.lock` of the checkout this runs from; None in an installed wheel."""
    path = Path(__file__).resolve().parents[4] / "requirements.lock"
    return path if path.exists() else None


def packages(lock: Path | None) -> DoctorCheck:
    if lock is None:
        return DoctorCheck("packages", True, f"oratio {metadata.version('oratio')}, installed without its lock file")
    wrong = list(lock_differences(lock.read_text().splitlines()))
    return DoctorCheck("packages", not wrong, ", ".join(wrong) or "as locked", "run `make setup`")


def lock_differences(lines: Iterable[str]) -> Iterable[str]:
    """Yield each locked package that is missing or has another version; one with a marker may be missing."""
    for match in filter(None, map(_LOCKED.match, lines)):
        name, locked, marker = match.groups()
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if not marker:
                yield f"{name} {locked} is missing"
        else:
            if found != locked:
                yield f"{name} is {found}, not {locked}"


def cores() -> DoctorCheck:
    count = os.process_cpu_count() if hasattr(os, "process_cpu_count") else len(os.sched_getaffinity(0))
    return DoctorCheck("cores", (count or 1) >= MIN_CORES, f"{count}", f"give this machine {MIN_CORES} cores")


def memory() -> DoctorCheck:
    free = psutil.virtual_memory().available
    fix = f"free memory: Oratio wants {MIN_MEMORY_BYTES / 1e9:.1f} GB"
    return DoctorCheck("memory", free >= MIN_MEMORY_BYTES, f"{free / 1e9:.1f} GB available", fix)


def full_text_search() -> DoctorCheck:
    try:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        connection.close()
    except sqlite3.Error:
        return DoctorCheck(
            "sqlite", False, f"{sqlite3.sqlite_version} without FTS5", "use a Python whose SQLite has FTS5"
        )
    return DoctorCheck("sqlite", True, f"{sqlite3.sqlite_version} with FTS5")


def embedding_model() -> DoctorCheck:
    from oratio.retrieval.embedding import Embedder

    try:
        Embedder()
    except OratioError as error:
        return DoctorCheck("embedding model", False, error.message, error.hint or "run `make setup`")
    return DoctorCheck("embedding model", True, "weights are those this code was measured with")


def prefect_server() -> DoctorCheck:
    """Import the server in a process of its own: a FastAPI it cannot work with shows only there."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import prefect.server.api.server"],
            env={**child_environment(_defaults(), "check"), **QUIET},
            capture_output=True,
            timeout=_IMPORT_WAIT_S,
        )
    except subprocess.TimeoutExpired:
        return DoctorCheck("prefect", False, f"its server did not import in {_IMPORT_WAIT_S:g} s", "free the processor")
    version = metadata.version("prefect")
    if done.returncode == 0:
        return DoctorCheck("prefect", True, f"{version}, its server imports")
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return DoctorCheck("prefect", False, f"{version}: {''.join(last)}", "run `make setup`")


def _defaults() -> Settings:
    return defaults()


def variables() -> DoctorCheck:
    unknown = unknown_variables()
    fix = "correct or unset them; `oratio settings` lists those that exist"
    return DoctorCheck("variables", not unknown, ", ".join(unknown) or "no unknown ORATIO_ variable", fix)


def disk(settings: Settings) -> DoctorCheck:
    place = settings.data
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    fix = f"make room: Oratio wants {MIN_DISK_BYTES / 1e9:g} GB, or choose another folder with --data"
    return DoctorCheck("disk", free >= MIN_DISK_BYTES, f"{free / 1e9:.1f} GB free at {place}", fix)


def data_folder(settings: Settings) -> list[DoctorCheck]:
    data = settings.data
    if not data.exists():
        return [DoctorCheck("data folder", True, f"{data} is created at the first start")]
    found = []
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        found.append(
            DoctorCheck("data folder", False, f"{data} cannot be written", f"chmod u+rwx {data}, or use --data")
        )
    keys = data / "keys"
    if keys.exists() and stat.S_IMODE(keys.stat().st_mode) & 0o077:
        found.append(DoctorCheck("keys", False, f"{keys} can be read by others", f"chmod -R go= {keys}"))
    holder = RunFolder(data).holder()
    state = f"Oratio runs on it (pid {holder})" if holder else "nothing runs on it"
    return found or [DoctorCheck("data folder", True, f"{data}; {state}")]


def ports(settings: Settings) -> DoctorCheck:
    if RunFolder(settings.data).holder():
        return DoctorCheck("ports", True, "used by the Oratio that runs on this data folder")
    addresses = [(entry.name, entry.address) for entry in service_table(settings) if entry.address]
    taken = [f"{address.port} ({name})" for name, address in addresses if busy(*address)]
    detail = f"{', '.join(taken)} in use" if taken else "free"
    return DoctorCheck("ports", not taken, detail, "stop what uses them, or choose others with --ports BASE")


def sandbox(settings: Settings) -> DoctorCheck:
    """Try the isolation that agents get on this machine."""
    from oratio.agent_host.isolation import choose_isolation

    async def probe() -> tuple[str, str]:
        isolation = await choose_isolation(allow_unsandboxed=True)
        await isolation.parent.stop()
        return isolation.tier.value, isolation.reason

    fix = "use Linux with Landlock (5.13 or newer); ORATIO_ALLOW_UNSANDBOXED=i-understand runs agents without a sandbox"
    try:
        tier, reason = asyncio.run(probe())
    except (OratioError, OSError) as error:
        return DoctorCheck("sandbox", False, str(error), fix)
    if tier == "none":
        allowed = settings.agents.allow_unsandboxed == "i-understand"
        return DoctorCheck("sandbox", allowed, f"none{': ' if reason else ''}{reason}", fix)
    return DoctorCheck("sandbox", True, f"tier {tier}{': ' if reason else ''}{reason}")
