"""The dependencies of every agent's package: one zip for the versions installed here, built once for Linux on arm64.

AgentCore unpacks a zip at whose root the dependencies lie next to `main.py`. The versions are those of this
installation, so an agent answers on AgentCore with the code it was rehearsed with.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from oratio.errors import StepFailed

ROOTS = ("strands-agents", "bedrock-agentcore", "boto3")
PYTHON = "3.12"
PLATFORM = {"uv": "aarch64-manylinux2014", "pip": ("manylinux2014_aarch64", "manylinux_2_17_aarch64")}
_MARKERS: Mapping[str, str] = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "aarch64",
    "os_name": "posix",
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}
# Fixed, so that the same files make the same bytes.
EPOCH = (2020, 1, 1, 0, 0, 0)
MAX_ZIP_BYTES = 250_000_000
MAX_UNZIPPED_BYTES = 750_000_000
_LEFT_OUT = ("__pycache__", ".pyc", ".dist-info/RECORD", "/tests/")


def pins() -> list[str]:
    """`name==version` of the agent's dependencies and all of theirs, as installed here, sorted."""
    found: dict[str, str] = {}
    waiting = [Requirement(root) for root in ROOTS]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        key = (requirement.name.lower().replace("_", "-"), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            installed = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # wanted on another platform only
        found[key[0]] = installed.version
        for text in installed.requires or ():
            wanted = Requirement(text)
            extras = requirement.extras or {""}
            if wanted.marker is None or any(wanted.marker.evaluate({**_MARKERS, "extra": extra}) for extra in extras):
                waiting.append(wanted)
    return sorted(f"{name}=={version}" for name, version in found.items())


def base_name(locked: Sequence[str]) -> str:
    """The zip's name: another set of versions is another base."""
    digest = hashlib.sha256("\n".join([PYTHON, str(PLATFORM["uv"]), *locked]).encode()).hexdigest()
    return f"agent-base-{digest[:24]}.zip"


def build_base(target: Path, locked: Sequence[str]) -> None:
    """Download the wheels for arm64 and zip them up; needs the package index.

    Raises:
        StepFailed: A wheel is not to be had, or the zip is over AgentCore's limits.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="oratio-base-", dir=target.parent) as folder:
        wheels = Path(folder) / "site"
        _install(wheels, locked)
        fresh = Path(folder) / target.name
        unzipped = zip_folder(wheels, fresh)
        if fresh.stat().st_size > MAX_ZIP_BYTES or unzipped > MAX_UNZIPPED_BYTES:
            raise StepFailed("the agents' dependencies are larger than AgentCore takes", hint="leave some out")
        fresh.replace(target)


def zip_folder(folder: Path, target: Path) -> int:
    """Zip a folder's files, sorted, readable by all; returns their bytes."""
    unzipped = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not any(part in f"/{name}" for part in _LEFT_OUT):
                data = path.read_bytes()
                unzipped += len(data)
                archive.writestr(entry(name), data)
    return unzipped


def entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix, whatever built it: the mode below is one
    info.external_attr = (0o100644 if not name.endswith(".so") else 0o100755) << 16
    return info


def _install(folder: Path, locked: Sequence[str]) -> None:
    common = ["--only-binary=:all:", "--no-deps", "--target", str(folder), *locked]
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "-q", "--python-platform", str(PLATFORM["uv"]), "--python-version", PYTHON]
    else:
        platforms = [part for name in PLATFORM["pip"] for part in ("--platform", name)]
        command = [sys.executable, "-m", "pip", "install", "-q", *platforms, "--python-version", PYTHON]
        command += ["--implementation", "cp"]
    done = subprocess.run([*command, *common], capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise StepFailed(f"the agents' dependencies for arm64 could not be had ({last[0][:300]})", hint="see the index")
