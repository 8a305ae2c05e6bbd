"""A frozen file is stored without a second copy, and is an object like any other."""

import errno
import os
from pathlib import Path

import pytest

from oratio.adapters.local.objects import FileObjectStore

TAGS = {"userId": "u"}


@pytest.fixture
def store(tmp_path: Path) -> FileObjectStore:
    return FileObjectStore(tmp_path / "objects", "bucket")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "staged"
    path.write_bytes(b"staged bytes")
    return path


def test_its_bytes_and_tags_are_there_after_the_source_has_gone(store: FileObjectStore, source: Path) -> None:
    store.put_file("u/a/x.md", source, tags=TAGS, frozen=True)
    assert source.stat().st_nlink == 2
    source.unlink()

    assert store.get("u/a/x.md") == b"staged bytes"
    assert store.tags("u/a/x.md") == TAGS


def test_it_replaces_and_is_replaced_like_any_object(store: FileObjectStore, source: Path) -> None:
    store.put("u/a/x.md", b"old", tags={})
    store.put_file("u/a/x.md", source, tags=TAGS, frozen=True)
    assert store.get("u/a/x.md") == b"staged bytes"
    store.put("u/a/x.md", b"new", tags={})
    assert store.get("u/a/x.md") == b"new"
    assert source.read_bytes() == b"staged bytes"


def test_without_links_it_is_copied(store: FileObjectStore, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(os, "link", refuse)
    store.put_file("u/a/x.md", source, tags=TAGS, frozen=True)

    assert store.get("u/a/x.md") == b"staged bytes"
    assert source.stat().st_nlink == 1
