"""A folder as an upload's list: paths, sizes, digests, and where the bytes of each digest are."""

import hashlib
from collections.abc import Iterator
from typing import Any

from oratio.client.forms import Files, FileSource, blocks_of, listed_files, size_of


class Listing:
    """Reads every file once, to know its digest.

    Raises:
        InvalidInput: A file is not there.
    """

    def __init__(self, files: Files) -> None:
        self.files: list[dict[str, Any]] = []
        self._sources: dict[str, tuple[FileSource, int]] = {}
        for path, source in listed_files(files):
            size = size_of(path, source)
            digest = hashlib.sha256()
            for block in blocks_of(source, size):
                digest.update(block)
            self.files.append({"path": path, "size": size, "sha256": digest.hexdigest()})
            self._sources[digest.hexdigest()] = (source, size)

    def size(self, sha256: str) -> int:
        return self._sources[sha256][1]

    def blocks(self, sha256: str) -> Iterator[bytes]:
        """The bytes of one digest, a block at a time."""
        return blocks_of(*self._sources[sha256])
