"""Commands `oratio backup` and `oratio restore`: the data folder of this machine, also while it is in use."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from oratio.cli.options import Data, Json, settings_of
from oratio.cli.output import print_json, say
from oratio.errors import Conflict, InvalidInput, NotFound

RECORDS = "oratio.db"
# Other folders are rebuilt (`prefect`), or are of this process or upload alone (`run`, `staging`, `logs`).
FOLDERS = ("keys", "objects", "knowledge", "agents")
_SQLITE = b"SQLite format 3\0"
_SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the backup.")],
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Copy the data folder, records first, so that no record names a file the copy lacks; Oratio may be running."""
    source = settings_of(data).data
    if not (source / RECORDS).is_file():
        raise NotFound(f"{source} is not a data folder of Oratio", hint="name the data folder with --data")
    _copy(source, target)
    _tell(target, "backed up", as_json=as_json)


def restore(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that `oratio backup` made.")],
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Create a new data folder from a backup; `oratio up` starts on it."""
    if not (source / RECORDS).is_file():
        raise NotFound(f"{source} is not a backup: it has no {RECORDS}", hint="name a folder `oratio backup` made")
    target = settings_of(data).data
    _copy(source, target)
    _tell(target, "restored", as_json=as_json)


def _tell(target: Path, what: str, *, as_json: bool) -> None:
    files = [path for path in target.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    if as_json:
        print_json({"folder": str(target), "files": len(files), "bytes": size})
    else:
        say(f"{what}: {len(files)} files, {size / 1e6:.1f} MB, in {target}; keep it as secret as the data")


def _copy(source: Path, target: Path) -> None:
    """Copy a data folder to a new place.

    Raises:
        Conflict: The target exists and is not empty.
        InvalidInput: The records are damaged, or the disk refuses.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise Conflict(f"{target} exists and is not empty", hint="name a new folder")
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.chmod(0o700)
        _copy_database(source / RECORDS, target / RECORDS)
        for name in FOLDERS:
            for folder, files in _walk(source / name):
                copied = target / folder.relative_to(source)
                copied.mkdir(mode=0o700, exist_ok=True)
                for file in files:
                    _copy_file(file, copied / file.name)
    except OSError as error:
        raise InvalidInput(
            f"{target} cannot be written ({error.strerror})", hint="free disk space, or name another folder"
        ) from None


def _walk(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Yield each folder, a parent before its children, with its files; leave out sockets and links."""
    for folder, _, names in os.walk(root):
        paths = [Path(folder) / name for name in sorted(names)]
        yield Path(folder), [path for path in paths if path.is_file() and not path.is_symlink()]


def _copy_file(source: Path, target: Path) -> None:
    """Copy one file with its times, which an object's tags go by; skip it when it was deleted since it was listed."""
    if source.name.endswith(_SQLITE_COMPANIONS):
        return
    try:
        with source.open("rb") as file:
            database = file.read(len(_SQLITE)) == _SQLITE
        if database:
            _copy_database(source, target)
        else:
            shutil.copy2(source, target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)


def _copy_database(source: Path, target: Path) -> None:
    """Copy a consistent snapshot of a database that other processes may write to."""
    try:
        with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(target)) as writer:
            reader.backup(writer)
            (found,) = writer.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise InvalidInput(f"{source} cannot be copied ({error})", hint="see `oratio doctor`") from None
    if found != "ok":
        raise InvalidInput(f"{source} is damaged ({found})", hint="restore an older backup")
    target.chmod(0o600)
