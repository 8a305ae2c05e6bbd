import hashlib
from pathlib import Path

import pytest

from oratio.adapters.local.objects import FileObjectStore
from oratio.errors import NotFound
from oratio.ports.object_store import ObjectStore
from oratio.retrieval.parsing import parsed_cache
from oratio.retrieval.parsing.documents import MAX_TEXT_CHARS, TOO_LARGE, TOO_SLOW
from oratio.retrieval.parsing.parsed_cache import ParsedCache

TEXT = b"# Lamps\n\nThe lamp is green.\n"


@pytest.fixture
def documents(tmp_path: Path) -> ObjectStore:
    return FileObjectStore(tmp_path / "objects", "knowledge")


@pytest.fixture
def cache(tmp_path: Path) -> ParsedCache:
    return ParsedCache(tmp_path / "kb")


def put(documents: ObjectStore, data: bytes) -> str:
    documents.put("u/a/doc", data, tags={})
    return hashlib.sha256(data).hexdigest()


def test_a_document_is_parsed_once_by_a_process_of_its_own(
    cache: ParsedCache, documents: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = put(documents, TEXT)
    first = cache.parse(documents, "u/a/doc", sha256, "text/markdown")
    assert [block.text for block in first.blocks] == ["The lamp is green."]
    monkeypatch.setattr(parsed_cache, "WALL_SECONDS", 0)  # no process could answer now
    assert cache.parse(documents, "u/a/doc", sha256, "text/markdown") == first


def test_a_process_that_takes_too_long_is_a_problem_and_is_tried_again(
    cache: ParsedCache, documents: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = put(documents, TEXT)
    with monkeypatch.context() as patched:
        patched.setattr(parsed_cache, "WALL_SECONDS", 0)
        assert cache.parse(documents, "u/a/doc", sha256, "text/markdown").problem == TOO_SLOW
    assert cache.parse(documents, "u/a/doc", sha256, "text/markdown").blocks


def test_a_damaged_cache_file_is_made_anew(cache: ParsedCache, documents: ObjectStore, tmp_path: Path) -> None:
    sha256 = put(documents, TEXT)
    cache.parse(documents, "u/a/doc", sha256, "text/markdown")
    (file,) = (tmp_path / "kb" / "parsed").glob("*.json")
    file.write_text("{")
    assert cache.parse(documents, "u/a/doc", sha256, "text/markdown").blocks


def test_a_text_beyond_measure_is_too_large(cache: ParsedCache, documents: ObjectStore) -> None:
    sha256 = put(documents, b"name,value\n" + b"lamp,green\n" * (MAX_TEXT_CHARS // 20))
    assert cache.parse(documents, "u/a/doc", sha256, "text/csv").problem == TOO_LARGE


def test_a_missing_object_is_not_found(cache: ParsedCache, documents: ObjectStore) -> None:
    with pytest.raises(NotFound):
        cache.parse(documents, "u/a/none", "0" * 64, "text/plain")
