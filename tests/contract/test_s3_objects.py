from pathlib import Path
from typing import Any

import pytest

from oratio.adapters.aws import s3
from oratio.adapters.aws.s3 import S3ObjectStore
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.aws.setup import create_buckets
from oratio.domain.tags import object_tags
from oratio.errors import CloudRefused, InvalidInput, NotFound, OratioError
from oratio.ports.object_store import ObjectStore
from tests.contract.object_store import TAGS, ObjectStoreContract

BUCKET = "oratio-knowledge-bases"


@pytest.fixture
def session(moto: str) -> AwsSession:
    session = AwsSession("us-east-1")
    create_buckets(session, [BUCKET])
    return session


@pytest.fixture
def store(session: AwsSession) -> ObjectStore:
    return S3ObjectStore(session, BUCKET, owner="123456789012")


@pytest.fixture
def client(session: AwsSession) -> Any:
    return session.client("s3")


class TestS3ObjectStore(ObjectStoreContract):
    def test_a_large_file_goes_up_in_parts_and_keeps_its_tags(
        self, store: ObjectStore, client: Any, tmp_path: Path
    ) -> None:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(bytes(range(256)) * (2 * s3.PART_BYTES // 256) + b"end")
        store.put_file("ada/a1/big.pdf", source, tags=TAGS)
        assert client.head_object(Bucket=BUCKET, Key="ada/a1/big.pdf")["ETag"].endswith('-3"')
        store.fetch("ada/a1/big.pdf", target)
        assert target.read_bytes() == source.read_bytes()
        assert store.tags("ada/a1/big.pdf") == TAGS

    @pytest.mark.parametrize("user_id", ["auth0|ada+x@example.com", "a=b:c", "0f8fad5b-d9cb-469f-a165-70867728950e"])
    def test_every_tenant_can_be_a_tag(self, store: ObjectStore, user_id: str) -> None:
        tags = object_tags(user_id, "a1", "document")
        store.put(f"{user_id}/a1/x", b"1", tags=tags)
        assert store.tags(f"{user_id}/a1/x") == tags

    def test_listing_and_deleting_go_on_past_one_answer(
        self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(s3, "LISTED_AT_ONCE", 3)
        keys = [f"p/{number}" for number in range(7)]
        for key in [*keys, *keys[:3]]:
            store.put(key, b"x", tags=TAGS)
        assert [stored.key for stored in store.list("p/")] == keys
        assert store.delete_prefix("p/") == 7
        assert list(store.list("")) == []

    def test_delete_prefix_leaves_no_version_no_marker_and_no_unfinished_upload(
        self, store: ObjectStore, client: Any
    ) -> None:
        for body in (b"1", b"2"):
            store.put("ada/a1/x", body, tags=TAGS)
        store.put("ada/a1/gone", b"3", tags=TAGS)
        store.delete("ada/a1/gone")
        client.create_multipart_upload(Bucket=BUCKET, Key="ada/a1/half")
        assert store.delete_prefix("ada/a1/") == 1
        left = client.list_object_versions(Bucket=BUCKET)
        assert not left.get("Versions")
        assert not left.get("DeleteMarkers")
        assert not client.list_multipart_uploads(Bucket=BUCKET).get("Uploads")

    def test_a_replaced_object_can_be_had_back(self, store: ObjectStore, client: Any) -> None:
        store.put("ada/a1/x", b"old", tags=TAGS)
        store.put("ada/a1/x", b"new", tags=TAGS)
        versions = client.list_object_versions(Bucket=BUCKET)["Versions"]
        assert len(versions) == 2

    @pytest.mark.parametrize(
        "key", ["../x", "a/../../x", "/etc/passwd", "a//b", "a/./b", "", "a/", "a\0b", "x" * 1_025]
    )
    def test_keys_that_no_platform_holds_are_refused(self, store: ObjectStore, key: str) -> None:
        with pytest.raises(InvalidInput):
            store.put(key, b"x", tags=TAGS)
        with pytest.raises(InvalidInput):
            store.get(key)

    def test_a_missing_bucket_is_told_apart_from_a_missing_object(self, session: AwsSession) -> None:
        missing = S3ObjectStore(session, "no-such-bucket")
        for call in (
            lambda: missing.put("a/b", b"", tags={}),
            lambda: missing.get("a/b"),
            lambda: list(missing.list("")),
        ):
            with pytest.raises(CloudRefused, match="no-such-bucket") as caught:
                call()
            assert "oratio aws deploy" in caught.value.hint

    def test_a_missing_object_is_named(self, store: ObjectStore) -> None:
        with pytest.raises(NotFound, match="ada/a1/none"):
            store.get("ada/a1/none")

    def test_a_server_that_is_not_there_may_be_asked_again(
        self, session: AwsSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        with pytest.raises(OratioError) as caught:
            S3ObjectStore(AwsSession("us-east-1"), BUCKET).get("a/b")
        assert caught.value.retryable
