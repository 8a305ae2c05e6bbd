import os
import pickle
import threading
from pathlib import Path

import pytest

from oratio.adapters.local.objects import FileObjectStore
from oratio.errors import Conflict, InvalidInput, NotFound
from oratio.ports.object_store import ObjectStore
from tests.contract.object_store import TAGS, ObjectStoreContract


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(root: Path) -> ObjectStore:
    return FileObjectStore(root, "bucket")


class TestFileObjectStore(ObjectStoreContract):
    def test_an_object_is_a_plain_file_its_key_names(self, store: ObjectStore, root: Path) -> None:
        store.put("ada/a1/prompt.md", b"# Prompt", tags=TAGS)
        assert (root / "bucket" / "ada" / "a1" / "prompt.md").read_bytes() == b"# Prompt"

    @pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a//b", "a/./b", "", "a/", "a\0b"])
    def test_keys_that_could_escape_are_refused(self, store: ObjectStore, key: str) -> None:
        with pytest.raises(InvalidInput):
            store.put(key, b"x", tags=TAGS)
        with pytest.raises(InvalidInput):
            store.get(key)

    def test_links_are_never_followed(self, store: ObjectStore, root: Path, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.mkdir()
        (secret / "file").write_text("secret")
        (root / "bucket" / "folder").symlink_to(secret)
        (root / "bucket" / "file").symlink_to(secret / "file")
        for key in ("folder/file", "file"):
            with pytest.raises(NotFound):
                store.get(key)
        with pytest.raises(Conflict):
            store.put("folder/file", b"x", tags=TAGS)
        assert list(store.list("")) == []
        assert (secret / "file").read_text() == "secret"

    def test_a_file_and_a_folder_of_one_name_conflict(self, store: ObjectStore) -> None:
        store.put("ada/x", b"1", tags=TAGS)
        with pytest.raises(Conflict):
            store.put("ada/x/y", b"2", tags=TAGS)
        store.put("ada/z/y", b"3", tags=TAGS)
        with pytest.raises(Conflict):
            store.put("ada/z", b"4", tags=TAGS)
        assert store.get("ada/x") == b"1"

    def test_a_crash_before_the_rename_leaves_the_old_object_with_its_old_tags(
        self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put("ada/x", b"old", tags={"version": "old"})

        def crash(*_: object, **__: object) -> None:
            raise OSError(5, "power is gone")

        with monkeypatch.context() as patched:
            patched.setattr(os, "rename", crash)
            with pytest.raises(OSError, match="power"):
                store.put("ada/x", b"new", tags={"version": "new"})
        assert (store.get("ada/x"), store.tags("ada/x")) == (b"old", {"version": "old"})
        store.put("ada/x", b"newer", tags={"version": "newer"})
        assert (store.get("ada/x"), store.tags("ada/x")) == (b"newer", {"version": "newer"})

    def test_writers_of_one_key_never_mix_bytes_and_tags(self, store: ObjectStore) -> None:
        def write(name: str) -> None:
            for _ in range(15):
                store.put("ada/x", name.encode() * 50, tags={"writer": name})

        writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert store.get("ada/x") == store.tags("ada/x")["writer"].encode() * 50

    def test_nothing_is_left_after_delete(self, store: ObjectStore, root: Path) -> None:
        store.put("ada/a1/deep/x", b"1", tags=TAGS)
        store.delete("ada/a1/deep/x")
        assert [path for path in root.rglob("*") if path.is_file()] == []
        assert not (root / "bucket" / "ada").exists()

    def test_it_survives_pickling(self, store: ObjectStore) -> None:
        store.put("ada/x", b"1", tags=TAGS)
        again: ObjectStore = pickle.loads(pickle.dumps(store))
        assert again.get("ada/x") == b"1"
