"""The two calls of an object store that tests put documents with, straight on S3."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode


class SimpleObjects:
    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, key: str, data: bytes, *, tags: Mapping[str, str]) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, Tagging=urlencode(tags))

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=key)
