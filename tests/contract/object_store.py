"""The contract suite of `ports.object_store`; an adapter's test module subclasses it with the fixture `store`."""

from pathlib import Path

import pytest

from oratio.errors import InvalidInput, NotFound
from oratio.ports.object_store import ObjectStore

TAGS = {"userId": "ada", "agentId": "a1", "resourceType": "document"}


class ObjectStoreContract:
    def test_a_stored_object_comes_back_whole(self, store: ObjectStore) -> None:
        store.put("ada/a1/guide.md", b"hello \0 world", tags=TAGS)
        assert store.get("ada/a1/guide.md") == b"hello \0 world"
        assert store.exists("ada/a1/guide.md")

    def test_an_empty_object_is_an_object(self, store: ObjectStore) -> None:
        store.put("ada/a1/empty", b"", tags=TAGS)
        assert store.get("ada/a1/empty") == b""
        assert store.exists("ada/a1/empty")

    def test_put_replaces_bytes_and_tags(self, store: ObjectStore) -> None:
        store.put("ada/a1/guide.md", b"old", tags=TAGS)
        store.put("ada/a1/guide.md", b"newer", tags={"userId": "ada"})
        assert store.get("ada/a1/guide.md") == b"newer"
        assert store.tags("ada/a1/guide.md") == {"userId": "ada"}

    def test_tags_come_back_whole(self, store: ObjectStore) -> None:
        store.put("ada/a1/guide.md", b"x", tags=TAGS)
        assert store.tags("ada/a1/guide.md") == TAGS

    def test_a_file_goes_in_and_out(self, store: ObjectStore, tmp_path: Path) -> None:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(bytes(range(256)) * 5_000)
        store.put_file("ada/a1/big.bin", source, tags=TAGS)
        store.fetch("ada/a1/big.bin", target)
        assert target.read_bytes() == source.read_bytes()
        assert store.tags("ada/a1/big.bin") == TAGS

    def test_several_files_go_in_at_once(self, store: ObjectStore, tmp_path: Path) -> None:
        files = []
        for number in range(3):
            source = tmp_path / f"{number}.md"
            source.write_bytes(f"file {number}".encode())
            files.append((f"ada/a1/folder/{number}.md", source))
        for frozen in (False, True):
            store.put_files(files, tags=TAGS, frozen=frozen)
            assert [store.get(key) for key, _ in files] == [b"file 0", b"file 1", b"file 2"]
            assert [store.tags(key) for key, _ in files] == [TAGS] * 3
        store.put_files([], tags=TAGS, frozen=True)

    def test_missing_keys_raise_not_found(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put("ada/a1/folder/file", b"x", tags=TAGS)
        for key in ("ada/a1/none", "ada/a1/folder"):
            with pytest.raises(NotFound):
                store.get(key)
            with pytest.raises(NotFound):
                store.fetch(key, tmp_path / "target")
            with pytest.raises(NotFound):
                store.tags(key)
            assert not store.exists(key)

    def test_list_is_in_code_point_order_of_whole_keys(self, store: ObjectStore) -> None:
        keys = ["p/a.txt", "p/a/z", "p/a0", "p/B", "p/é", "p/a-b/c", "p/名前"]
        for key in reversed(keys):
            store.put(key, b"1", tags=TAGS)
        assert [stored.key for stored in store.list("p/")] == sorted(keys)

    def test_list_stays_below_its_prefix_and_tells_sizes(self, store: ObjectStore) -> None:
        store.put("ada/a1/x", b"12345", tags=TAGS)
        store.put("ada/a10/x", b"1", tags=TAGS)
        store.put("bob/a1/x", b"1", tags=TAGS)
        assert [tuple(stored) for stored in store.list("ada/a1/")] == [("ada/a1/x", 5)]
        assert [stored.key for stored in store.list("ada/a1")] == ["ada/a1/x", "ada/a10/x"]
        assert list(store.list("carl/")) == []

    def test_deleted_objects_and_their_tags_are_gone(self, store: ObjectStore) -> None:
        store.put("ada/a1/x", b"1", tags=TAGS)
        store.delete("ada/a1/x")
        assert not store.exists("ada/a1/x")
        with pytest.raises(NotFound):
            store.tags("ada/a1/x")
        assert list(store.list("ada/")) == []

    def test_deleting_nothing_is_no_error(self, store: ObjectStore) -> None:
        store.delete("ada/a1/none")
        assert store.delete_prefix("ada/a1/") == 0

    def test_delete_prefix_takes_everything_below_and_nothing_beside(self, store: ObjectStore) -> None:
        for key in ("ada/a1/x", "ada/a1/y/z", "ada/a10/x"):
            store.put(key, b"1", tags=TAGS)
        assert store.delete_prefix("ada/a1/") == 2
        assert [stored.key for stored in store.list("ada/")] == ["ada/a10/x"]

    def test_delete_prefix_needs_a_folder(self, store: ObjectStore) -> None:
        with pytest.raises(InvalidInput):
            store.delete_prefix("ada/a1")

    def test_uri_names_bucket_and_key(self, store: ObjectStore) -> None:
        uri = store.uri("ada/a1/x")
        assert uri.startswith("s3://")
        assert uri.endswith("/ada/a1/x")
