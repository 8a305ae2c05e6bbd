"""Objects as plain files below one folder, each with its tags next to it."""

import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from oratio.errors import Conflict, InvalidInput, NotFound
from oratio.ports.object_store import ObjectStore, StoredObject

_BLOCK = 1 << 20
_TAGS = ".tags"
_INCOMING = ".incoming"
_ATTEMPTS = 8  # a folder may be pruned between its making and its use
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}
_IN_THE_WAY = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP}


class FileObjectStore(ObjectStore):
    """One bucket as the folder `<root>/<bucket>`; an object is the file its key names, byte for byte.

    A `put` is: write a temporary file, fsync, write the tags, rename, fsync the folder. The tags stand in
    `<root>/.tags/<bucket>/<folder of the key>/<hash of its name>-<stamp>.json`, where the stamp is the size and
    modification time of exactly the bytes they belong to; so a crash between the two leaves the old object with its
    old tags or the new with the new. Folders are opened one by one without following links, so no key can reach
    outside. `put_files` does the same for many keys, with each folder synced once.

    Quirk: unlike S3, `a` and `a/b` cannot both be keys; `put` then raises `Conflict`.
    """

    def __init__(self, root: Path, bucket: str) -> None:
        self._bucket = bucket
        # Strings, not paths: before Python 3.12.5 every part of a path stays in memory for good (gh-113993), and a
        # key's parts are new with each object.
        self._folder = str(root / bucket)
        self._tags = str(root / _TAGS / bucket)
        self._incoming = str(root / _INCOMING / bucket)
        for folder in (self._folder, self._tags, self._incoming):
            os.makedirs(folder, exist_ok=True)

    def put(self, key: str, data: bytes, *, tags: Mapping[str, str]) -> None:
        self._store(key, [data], tags)

    def put_file(self, key: str, source: Path, *, tags: Mapping[str, str], frozen: bool = False) -> None:
        if frozen and self._share(key, source, tags):
            return
        with source.open("rb") as file:
            self._store(key, iter(lambda: file.read(_BLOCK), b""), tags)

    def put_files(self, files: Sequence[tuple[str, Path]], *, tags: Mapping[str, str], frozen: bool = False) -> None:
        if not frozen or not self._share_all(files, tags):
            super().put_files(files, tags=tags, frozen=frozen)

    def get(self, key: str) -> bytes:
        with self._open(key) as file:
            return file.read()

    def fetch(self, key: str, target: Path) -> None:
        with self._open(key) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, _BLOCK)

    def exists(self, key: str) -> bool:
        try:
            self._open(key).close()
        except NotFound:
            return False
        return True

    def tags(self, key: str) -> dict[str, str]:
        for _ in range(_ATTEMPTS):
            with self._open(key) as file:
                stamp = _stamp(os.fstat(file.fileno()))
            with suppress(FileNotFoundError):  # replaced in the meantime: look again
                tags: dict[str, str] = json.loads(_read(self._tag(key, stamp)))
                return tags
        return {}

    def list(self, prefix: str) -> Iterator[StoredObject]:
        folder = prefix.rpartition("/")[0]
        if folder:
            _parts(folder)
        base = f"{self._folder}/{folder}" if folder else self._folder
        yield from (found for found in _walk(base, f"{folder}/" if folder else "") if found.key.startswith(prefix))

    def delete(self, key: str) -> None:
        parts = _parts(key)
        with suppress(FileNotFoundError, NotADirectoryError), self._parent(parts) as folder:
            found = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                return
            os.unlink(parts[-1], dir_fd=folder)
            os.fsync(folder)
            _unlink(self._tag(key, _stamp(found)))
        _prune(self._folder, parts[:-1])
        _prune(self._tags, parts[:-1])

    def delete_prefix(self, prefix: str) -> int:
        if not prefix.endswith("/"):
            raise InvalidInput(f"the prefix {prefix!r} does not end in '/'", hint="it would also take its neighbours")
        found = [*self.list(prefix)]
        for stored in found:
            self.delete(stored.key)
        return len(found)

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def _store(self, key: str, blocks: Iterable[bytes], tags: Mapping[str, str]) -> None:
        self._settle(key, tags, lambda temporary: _write(temporary, blocks))

    def _share(self, key: str, source: Path, tags: Mapping[str, str]) -> bool:
        """Store a file by a second name for the same bytes; False where the file system has no such thing."""

        def link(temporary: str) -> str:
            os.link(source, temporary, follow_symlinks=False)
            # Other keys may share these bytes: their modification time, which their stamps hold, is left alone.
            return _stamp(os.stat(temporary, follow_symlinks=False))

        try:
            self._settle(key, tags, link)
        except OSError as error:
            if error.errno in _NO_LINKS:
                return False
            raise
        return True

    def _share_all(self, files: Sequence[tuple[str, Path]], tags: Mapping[str, str]) -> bool:
        """Share several files at once; False when they must be stored one by one, as nothing or all of them may be."""
        names = {key: _parts(key) for key, _ in files}
        batch = f"{self._incoming}/{secrets.token_hex(12)}"
        os.mkdir(batch)
        try:
            _write(f"{batch}/{_TAGS}", [json.dumps(dict(tags)).encode()])
            stamps = {key: self._tag_link(batch, key, source) for key, source in files}
            _sync_all({os.path.dirname(self._tag(key, stamp)) for key, stamp in stamps.items()})
            replaced = {key: self._swap(f"{batch}/{_number(key)}", names[key]) for key in stamps}
            for folder in {parts[:-1] for parts in names.values()}:
                with self._parent((*folder, "")) as handle:
                    os.fsync(handle)
        except OSError as error:
            # Also what a neighbour's pruning did, and a file in a folder's place: one by one tells which and why.
            if error.errno in _NO_LINKS | _IN_THE_WAY:
                return False
            raise
        finally:
            shutil.rmtree(batch, ignore_errors=True)
        for key, old in replaced.items():
            if old and old != stamps[key]:
                _unlink(self._tag(key, old))
        return True

    def _tag_link(self, batch: str, key: str, source: Path) -> str:
        """Give a file its second name in the batch's folder, and its tags their place; its stamp."""
        temporary = f"{batch}/{_number(key)}"
        os.link(source, temporary, follow_symlinks=False)
        stamp = _stamp(os.stat(temporary, follow_symlinks=False))
        tag = self._tag(key, stamp)
        os.makedirs(os.path.dirname(tag), exist_ok=True)
        draft = temporary + _TAGS
        os.link(f"{batch}/{_TAGS}", draft)
        os.replace(draft, tag)
        return stamp

    def _tag(self, key: str, stamp: str) -> str:
        """Where the tags of a key's bytes stand; next to its neighbours', for a folder each would cost a file again."""
        folder, _, name = key.rpartition("/")
        return f"{self._tags}/{folder}/{_number(name)[:32]}-{stamp}"

    def _swap(self, temporary: str, parts: tuple[str, ...]) -> str | None:
        """Put a temporary file in its key's place, not yet synced; the stamp of what was there."""
        with self._parent(parts, create=True) as folder:
            replaced = None
            with suppress(FileNotFoundError):
                replaced = _stamp(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False))
            os.rename(temporary, parts[-1], dst_dir_fd=folder)
        return replaced

    def _settle(self, key: str, tags: Mapping[str, str], make: Callable[[str], str]) -> None:
        """Put what `make` leaves in a temporary file, synced and stamped, in the key's place."""
        parts = _parts(key)
        temporary = f"{self._incoming}/{secrets.token_hex(12)}"
        try:
            stamp = make(temporary)
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    self._place(temporary, key, parts, stamp, tags)
                    return
                except FileNotFoundError:
                    if attempt == _ATTEMPTS:
                        raise
        except (NotADirectoryError, IsADirectoryError, FileExistsError):
            raise Conflict(f"{key!r} is below a file, or is itself a folder", hint="rename one of the two") from None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise InvalidInput(f"{key!r} is too long for this file system", hint="shorten its names") from None
            raise
        finally:
            _unlink(temporary)
            _unlink(temporary + _TAGS)

    def _place(self, temporary: str, key: str, parts: tuple[str, ...], stamp: str, tags: Mapping[str, str]) -> None:
        with self._parent(parts, create=True) as folder:
            replaced = None
            with suppress(FileNotFoundError):
                replaced = _stamp(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False))
            tag = self._tag(key, stamp)
            beside = os.path.dirname(tag)
            os.makedirs(beside, exist_ok=True)
            draft = temporary + _TAGS
            _unlink(draft)
            _write(draft, [json.dumps(dict(tags)).encode()])
            os.replace(draft, tag)
            _sync(beside)
            os.rename(temporary, parts[-1], dst_dir_fd=folder)
            os.fsync(folder)
        if replaced and replaced != stamp:
            _unlink(self._tag(key, replaced))

    def _open(self, key: str) -> BinaryIO:
        """The object's bytes, opened without following links.

        Raises:
            NotFound: No such object.
        """
        parts = _parts(key)
        try:
            with self._parent(parts) as folder:
                handle = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}:
                raise NotFound(f"there is no object {key!r} in {self._bucket}") from None
            raise
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise NotFound(f"there is no object {key!r} in {self._bucket}")
        return os.fdopen(handle, "rb")

    @contextmanager
    def _parent(self, parts: tuple[str, ...], *, create: bool = False) -> Iterator[int]:
        """A descriptor of the folder that holds the key's file; every folder on the way is a real one."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._folder, flags)
        try:
            for part in parts[:-1]:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=handle)
                        os.fsync(handle)
                inner = os.open(part, flags, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)


def _parts(key: str) -> tuple[str, ...]:
    """The names a key is made of.

    Raises:
        InvalidInput: The key could name something outside of the bucket.
    """
    parts = tuple(key.split("/"))
    if "\0" in key or any(part in {"", ".", ".."} for part in parts):
        raise InvalidInput(f"{key!r} is no object key", hint="a key is a plain relative path")
    return parts


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}.json"


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _unlink(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _write(path: str, blocks: Iterable[bytes]) -> str:
    """Write and fsync a new file with a modification time of its own; its stamp."""
    with open(path, "xb") as file:
        for block in blocks:
            file.write(block)
        file.flush()
        return _seal(file)


def _seal(file: BinaryIO) -> str:
    """Give an open file a modification time of its own and fsync it; its stamp."""
    moment = time.time_ns() // 1_000 * 1_000 + secrets.randbelow(1_000)
    os.utime(file.fileno(), ns=(moment, moment))
    os.fsync(file.fileno())
    return _stamp(os.fstat(file.fileno()))


def _number(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _sync_all(folders: set[str]) -> None:
    for folder in folders:
        _sync(folder)


def _sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _walk(folder: str, prefix: str) -> Iterator[StoredObject]:
    """Every file below a folder, in code-point order of the whole keys (a folder sorts with its `/`)."""
    try:
        entries = [
            (entry.name + ("/" if entry.is_dir(follow_symlinks=False) else ""), entry) for entry in os.scandir(folder)
        ]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name, entry in sorted(entries, key=lambda pair: pair[0]):
        if name.endswith("/"):
            yield from _walk(entry.path, prefix + name)
        elif entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                yield StoredObject(prefix + name, entry.stat(follow_symlinks=False).st_size)


def _prune(root: str, parts: tuple[str, ...]) -> None:
    """Remove the folders of a key that hold nothing any more, innermost first."""
    for depth in range(len(parts), 0, -1):
        try:
            os.rmdir("/".join((root, *parts[:depth])))
        except OSError:
            return
