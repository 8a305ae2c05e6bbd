"""Objects in one S3 bucket."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from oratio.adapters.aws.session import AwsSession, error_code, translated
from oratio.errors import CloudRefused, InvalidInput, NotFound, Unavailable
from oratio.ports.object_store import ObjectStore, StoredObject

PART_BYTES = 8 << 20
LISTED_AT_ONCE = 1_000  # the most that S3 lists or deletes in one call
_MOST_KEY_BYTES = 1_024
_BLOCK = 1 << 20
_ATTEMPTS = 3
_TRANSFER = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)


class S3ObjectStore(ObjectStore):
    """A bucket, versioned or not.

    Quirks: `delete` leaves the older versions of a versioned bucket, from which a lost object can be had back;
    `delete_prefix` leaves nothing, no versions, no delete markers, no unfinished uploads. Every call names the account
    that must own the bucket, when one is given.
    """

    def __init__(self, session: AwsSession, bucket: str, *, owner: str | None = None) -> None:
        self._session = session
        self._bucket = bucket
        self._owned = {"ExpectedBucketOwner": owner} if owner else {}

    def put(self, key: str, data: bytes, *, tags: Mapping[str, str]) -> None:
        with self._asking(key) as client:
            client.put_object(**self._at(key), Body=data, Tagging=urlencode(tags))

    def put_file(self, key: str, source: Path, *, tags: Mapping[str, str], frozen: bool = False) -> None:
        at, tagging = self._at(key), urlencode(tags)
        with source.open("rb") as file, self._asking(key) as client:
            if source.stat().st_size < PART_BYTES:
                client.put_object(**at, Body=file, Tagging=tagging)
            else:
                extra = {"Tagging": tagging, **self._owned}
                client.upload_fileobj(file, at["Bucket"], at["Key"], ExtraArgs=extra, Config=_TRANSFER)

    def get(self, key: str) -> bytes:
        return b"".join(self._read(key))

    def fetch(self, key: str, target: Path) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with target.open("wb") as file:
                    file.writelines(self._read(key))
                return
            except Unavailable:
                if attempt == _ATTEMPTS:
                    raise

    def _read(self, key: str) -> Iterator[bytes]:
        with self._asking(key) as client:
            body = client.get_object(**self._at(key))["Body"]
            with body:
                yield from body.iter_chunks(_BLOCK)

    def exists(self, key: str) -> bool:
        try:
            with self._asking(key) as client:
                client.head_object(**self._at(key))
        except NotFound:
            return False
        return True

    def tags(self, key: str) -> dict[str, str]:
        with self._asking(key) as client:
            found = client.get_object_tagging(**self._at(key))["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for page in self._pages("list_objects_v2", prefix):
            for entry in page.get("Contents", ()):
                yield StoredObject(entry["Key"], entry["Size"])

    def delete(self, key: str) -> None:
        with self._asking(key) as client:
            client.delete_object(**self._at(key))

    def delete_prefix(self, prefix: str) -> int:
        if not prefix.endswith("/"):
            raise InvalidInput(f"the prefix {prefix!r} does not end in '/'", hint="it would also take its neighbours")
        self._abort_uploads(prefix)
        there, last = 0, ""
        while entries := self._versions(prefix):
            # Keys are in order and their versions newest first: only the last key may go on in the next answer.
            there += sum(entry["IsLatest"] and "Size" in entry and entry["Key"] != last for entry in entries)
            self._delete_versions(entries)
            last = max(entry["Key"] for entry in entries)
        return there

    def _versions(self, prefix: str) -> Sequence[Mapping[str, Any]]:
        """The first versions and delete markers below a prefix."""
        with self._asking() as client:
            page = client.list_object_versions(
                Bucket=self._bucket, Prefix=prefix, MaxKeys=LISTED_AT_ONCE, **self._owned
            )
        return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]

    def _delete_versions(self, entries: Sequence[Mapping[str, Any]]) -> None:
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        with self._asking() as client:
            asked = {"Objects": objects, "Quiet": True}
            answer = client.delete_objects(Bucket=self._bucket, Delete=asked, **self._owned)
        if failed := answer.get("Errors"):
            codes = ", ".join(sorted({entry.get("Code", "Unknown") for entry in failed}))
            raise Unavailable(f"{len(failed)} objects of {self._name} could not be deleted ({codes})")

    def _abort_uploads(self, prefix: str) -> None:
        for page in self._pages("list_multipart_uploads", prefix):
            for upload in page.get("Uploads", ()):
                with self._asking() as client:
                    client.abort_multipart_upload(**self._at(upload["Key"]), UploadId=upload["UploadId"])

    def _pages(self, operation: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        with self._asking() as client:
            pages = client.get_paginator(operation).paginate(
                Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": LISTED_AT_ONCE}, **self._owned
            )
            yield from pages

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    @property
    def _name(self) -> str:
        return f"the bucket {self._bucket}"

    def _at(self, key: str) -> dict[str, str]:
        """Where a key is.

        Raises:
            InvalidInput: It is no key that every platform could hold.
        """
        parts = key.split("/")
        if "\0" in key or any(part in {"", ".", ".."} for part in parts) or len(key.encode()) > _MOST_KEY_BYTES:
            raise InvalidInput(f"{key[:200]!r} is no object key", hint="a key is a plain relative path")
        return {"Bucket": self._bucket, "Key": key, **self._owned}

    @contextmanager
    def _asking(self, key: str = "") -> Iterator[Any]:
        client = self._session.client("s3", "data")
        with translated(self._name):
            try:
                yield client
            except ClientError as error:
                if key and error_code(error) in {"NoSuchKey", "404"}:
                    raise NotFound(f"there is no object {key!r} in {self._bucket}") from None
                if error_code(error) == "NoSuchBucket":
                    mend = "make it (`oratio aws deploy`), or check ORATIO_AWS_REGION and the bucket's setting"
                    raise CloudRefused(f"{self._name} is not there", reason="NoSuchBucket", hint=mend) from None
                raise
