"""Template of a migrated, empty Prefect database, so that a first start does not run a hundred migrations.

Measured on two idle cores: Prefect's first start on an empty folder takes 20.5 s, on a migrated one 9.5 s.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from oratio.settings import QUIET


def template_path() -> Path:
    """Return the path of this installation's template of its own Prefect version."""
    return Path(sys.prefix) / "share" / "oratio" / f"prefect-{version('prefect')}.db"


def build_template(path: Path, *, environment: dict[str, str]) -> None:
    """Migrate an empty database and keep it at `path`; do nothing when it exists.

    Raises:
        OSError: The folder cannot be written.
        subprocess.CalledProcessError: Prefect could not migrate.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".prefect-", dir=path.parent) as folder:
        subprocess.run(
            [sys.executable, "-P", "-m", "prefect", "server", "database", "upgrade", "-y"],
            env={**environment, **QUIET, "PREFECT_HOME": folder, "PREFECT_API_URL": "http://127.0.0.1:1/api"},
            check=True,
            capture_output=True,
        )
        database = Path(folder) / "prefect.db"
        with contextlib.closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("VACUUM")
        database.replace(path)


def seed(home: Path, template: Path) -> bool:
    """Copy the template, if there is one, into a new Prefect home. Return True if it was copied."""
    database = home / "prefect.db"
    if database.exists() or not template.exists():
        return False
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = home / ".prefect.db"
    shutil.copyfile(template, draft)
    os.chmod(draft, 0o600)
    draft.replace(database)
    return True
