"""Tenant files by key; one store is one bucket."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol


class StoredObject(NamedTuple):
    """One listed object: its key and size in bytes."""

    key: str
    size: int


class ObjectStore(Protocol):
    """One bucket.

    Contract:
    1. `put` and `put_file` replace; a reader sees the old bytes or the new, never a mix, also after a crash.
    2. `get`, `fetch` and `tags` raise `NotFound` for a missing key.
    3. Tags given to `put` come back from `tags`, whole, and go with the object.
    4. `list` yields keys in code-point order, only below the prefix given; a prefix of nothing yields nothing.
    5. `delete` and `delete_prefix` of nothing are not errors. `delete_prefix` needs a prefix that ends in `/`.
    6. `uri` is `s3://bucket/key`, on every platform.
    """

    @abstractmethod
    def put(self, key: str, data: bytes, *, tags: Mapping[str, str]) -> None: ...

    @abstractmethod
    def put_file(self, key: str, source: Path, *, tags: Mapping[str, str], frozen: bool = False) -> None:
        """Store a local file's bytes with bounded memory; `source` stays.

        Args:
            frozen: No one will write to `source` again and its bytes were synced to the disk, so the store may share
                them instead of copying them.
        """
        ...

    def put_files(self, files: Sequence[tuple[str, Path]], *, tags: Mapping[str, str], frozen: bool = False) -> None:
        """`put_file` of several keys with the same tags, in one go where that is faster.

        A failure leaves some of them stored, each of them whole.
        """
        for key, source in files:
            self.put_file(key, source, tags=tags, frozen=frozen)

    @abstractmethod
    def get(self, key: str) -> bytes: ...

    @abstractmethod
    def fetch(self, key: str, target: Path) -> None:
        """Write the object's bytes to a local file with bounded memory."""
        ...

    @abstractmethod
    def exists(self, key: str) -> bool: ...

    @abstractmethod
    def tags(self, key: str) -> dict[str, str]: ...

    @abstractmethod
    def list(self, prefix: str) -> Iterator[StoredObject]: ...

    @abstractmethod
    def delete(self, key: str) -> None: ...

    @abstractmethod
    def delete_prefix(self, prefix: str) -> int:
        """Delete every object below a prefix; returns how many there were."""
        ...

    @abstractmethod
    def uri(self, key: str) -> str: ...
