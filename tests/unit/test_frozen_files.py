"""A frozen file is stored without a second copy, and is an object like any other."""

import errno
import os
from pathlib import Path

import pytest

from oratio.adapters.local.objects import FileObjectStore
from oratio.errors import Conflict

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


def test_two_objects_of_the_same_bytes_keep_their_own_tags(store: FileObjectStore, source: Path) -> None:
    store.put_file("u/a/x.md", source, tags={"agentId": "a"}, frozen=True)
    store.put_files([("u/b/x.md", source), ("u/b/twin.md", source)], tags={"agentId": "b"}, frozen=True)

    assert store.tags("u/a/x.md") == {"agentId": "a"}
    assert store.tags("u/b/x.md") == store.tags("u/b/twin.md") == {"agentId": "b"}
    store.put_file("u/a/x.md", source, tags={"agentId": "c"}, frozen=True)
    assert store.tags("u/a/x.md") == {"agentId": "c"}


def test_many_are_stored_at_once_and_leave_no_draft(store: FileObjectStore, source: Path, tmp_path: Path) -> None:
    files = [(f"u/a/{number % 3}/{number}.md", source) for number in range(30)]
    store.put("u/a/0/0.md", b"old", tags={})
    store.put_files(files, tags=TAGS, frozen=True)

    assert [stored.key for stored in store.list("u/")] == sorted(key for key, _ in files)
    assert all(store.tags(key) == TAGS for key, _ in files)
    assert not any((tmp_path / "objects" / ".incoming").rglob("*.tags"))
    assert store.delete_prefix("u/a/") == 30
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


def test_a_file_where_a_folder_is_due_is_told_by_name(store: FileObjectStore, source: Path) -> None:
    store.put("u/a/x.md", b"a file", tags={})
    with pytest.raises(Conflict, match=r"x\.md/y\.md"):
        store.put_files([("u/a/fine.md", source), ("u/a/x.md/y.md", source)], tags=TAGS, frozen=True)
    assert store.get("u/a/x.md") == b"a file"
