"""An empty Python environment with a built wheel of this checkout in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.installation import Installation

ROOT = Path(__file__).parents[2]
BIN = Path(sys.prefix) / "bin"
UV = BIN / "uv"
"""Of requirements-build.lock: it links what `make setup` downloaded, where pip would unpack a gigabyte again."""


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout without a download."""
    _run([UV, "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder, ROOT])
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_environment(folder: Path, lock: Path, wheel: Path) -> Path:
    """Make an environment with exactly what a lock names and the wheel; returns its `bin`."""
    _run([UV, "venv", "--python", sys.executable, folder])
    python = folder / "bin" / "python"
    install: list[str | Path] = [UV, "pip", "install", "--python", python, "--require-hashes", "-r", lock]
    # From the cache alone where that holds all, so that no index is asked.
    if subprocess.run([*install, "--offline"], capture_output=True).returncode != 0:
        _run(install)
    _run([UV, "pip", "install", "--python", python, "--no-deps", wheel])
    return folder / "bin"


def share_prefect_database(binaries: Path) -> None:
    """Give an environment the migrated Prefect database of this one, where it has one, as `oratio prepare` would."""
    source = Path(sys.prefix) / "share" / "oratio"
    if source.is_dir():
        shutil.copytree(source, binaries.parent / "share" / "oratio")


def run(command: Sequence[str | Path], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder, with no setting and no path of this process."""
    return subprocess.run(command, cwd=folder, env=plain_environment(), capture_output=True, text=True, timeout=120)


def plain_environment() -> dict[str, str]:
    ours = ("ORATIO_", "PREFECT_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run([*command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


class WheelInstallation(Installation):
    """An Oratio that runs from a wheel: its own `oratio`, none of this process's modules."""

    def __init__(self, data: Path, binaries: Path) -> None:
        super().__init__(data)
        self._oratio = binaries / "oratio"

    def command(self, *arguments: str) -> list[str]:
        return [str(self._oratio), *arguments]
