"""A version's documents as the knowledge base sees them: copies in a folder of their own, and a list of them.

    {userId}/{agentId}.knowledge/snapshots/000002/<path>                  what the data source reads
    {userId}/{agentId}.knowledge/snapshots/000002/<path>.metadata.json    its sidecar, with `version`
    {userId}/{agentId}.knowledge/manifests/000002.json                    what was copied, and the job that read it
    {userId}/{agentId}.knowledge/manifests/jobs/<job id>                  which version a job was for

Copies are made inside S3. A snapshot never changes once its job has started, so an older version's answers stay.
Bedrock goes by a file's ending: text under an ending it does not know is copied under one that it knows.
"""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from oratio.adapters.aws.bedrock.knowledge_sources import Kind
from oratio.adapters.aws.session import error_code, translated
from oratio.agentkit.platform.passages import VERSION_KEY, version_value
from oratio.domain.knowledge.metadata_file import sidecar
from oratio.domain.refs import Value, VersionRef
from oratio.domain.storage_layout import SIDECAR_SUFFIX
from oratio.domain.tags import object_tags

_AT_ONCE = 16
MAX_SIDECAR_BYTES = 10_240
# Through a knowledge base, S3 Vectors takes 1 KB of a document's own metadata; Bedrock adds the names' quotes.
MAX_VECTOR_METADATA_BYTES = 1_000
_CUT = "…"
READ_AS = {
    "": ".txt", ".text": ".txt", ".rst": ".txt", ".log": ".txt", ".tsv": ".txt", ".json": ".txt",
    ".markdown": ".md", ".htm": ".html",
}  # fmt: skip
READABLE = frozenset((".txt", ".md", ".html", ".csv", ".pdf", ".doc", ".docx", ".xls", ".xlsx"))


def stored_name(path: str) -> str:
    """A document's name in a snapshot: its path, with an ending Bedrock reads."""
    return path + READ_AS.get(ending(path), "")


def ending(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return f".{name.rpartition('.')[2]}" if "." in name else ""


class Manifest(Value):
    """What one version's snapshot holds.

    Attributes:
        documents: The ETag of each document by its path.
        previous: The same of the newest version before, for the statistics.
        token: Of the job that reads it; another token is another job.
    """

    version: int
    token: str
    documents: dict[str, str]
    previous: dict[str, str] = {}
    job_id: str | None = None


class Snapshots:
    """The snapshots of all agents in one bucket; `owner` is the account that must own it."""

    def __init__(self, s3: Any, bucket: str, owner: str, kind: Kind) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._owner = {"ExpectedBucketOwner": owner}
        self._kind = kind

    @staticmethod
    def documents_prefix(engine_prefix: str) -> str:
        return f"{engine_prefix}snapshots/"

    def manifest(self, engine_prefix: str, version: int) -> Manifest | None:
        data = self._get(self._manifest_key(engine_prefix, version))
        return Manifest.model_validate_json(data) if data is not None else None

    def version_of_job(self, engine_prefix: str, job_id: str) -> int | None:
        data = self._get(f"{engine_prefix}manifests/jobs/{job_id}")
        return int(data) if data is not None else None

    def build(self, ref: VersionRef, source_prefix: str, engine_prefix: str, token: str) -> Manifest:
        """Copy what lies below `source_prefix` now, with its sidecars; a second call copies only what is missing."""
        listed = self._listing(source_prefix)
        paths = [path for path in listed if not path.endswith(SIDECAR_SUFFIX)]
        target = f"{self.documents_prefix(engine_prefix)}{version_value(ref.version)}/"
        there = self._listing(target)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            work = [
                pool.submit(self._copy, ref, source_prefix, target, path, path + SIDECAR_SUFFIX in listed)
                for path in paths
            ]
            wanted = {stored_name(path) for path in paths}
            strays = [name for name in there if name.removesuffix(SIDECAR_SUFFIX) not in wanted]
            work += [pool.submit(self._delete, target + name) for name in strays]
            for done in work:
                done.result()
        manifest = Manifest(
            version=ref.version,
            token=token,
            documents={path: listed[path] for path in paths},
            previous=self._before(engine_prefix, ref.version),
        )
        self.save(ref, engine_prefix, manifest)
        return manifest

    def save(self, ref: VersionRef, engine_prefix: str, manifest: Manifest) -> None:
        if manifest.job_id:
            self._put(ref, f"{engine_prefix}manifests/jobs/{manifest.job_id}", str(manifest.version).encode())
        self._put(ref, self._manifest_key(engine_prefix, manifest.version), manifest.model_dump_json().encode())

    def uri(self, engine_prefix: str, version: int, path: str) -> str:
        return f"s3://{self._bucket}/{self.documents_prefix(engine_prefix)}{version_value(version)}/{path}"

    def head(self, key: str) -> int | None:
        """An object's size in bytes; None when it is not there."""
        with translated(f"the bucket {self._bucket}"):
            try:
                return int(self._s3.head_object(Bucket=self._bucket, Key=key, **self._owner)["ContentLength"])
            except ClientError as error:
                if error_code(error) in ("404", "NoSuchKey", "NotFound"):
                    return None
                raise

    @staticmethod
    def _manifest_key(engine_prefix: str, version: int) -> str:
        return f"{engine_prefix}manifests/{version_value(version)}.json"

    def _before(self, engine_prefix: str, version: int) -> dict[str, str]:
        for number in range(version - 1, 0, -1):
            manifest = self.manifest(engine_prefix, number)
            if manifest is not None and manifest.job_id:
                return manifest.documents
        return {}

    def _copy(self, ref: VersionRef, source: str, target: str, path: str, has_sidecar: bool) -> None:
        with translated(f"the bucket {self._bucket}"):
            # Not the managed copy, which loses the tags of large objects.
            self._s3.copy_object(
                Bucket=self._bucket,
                Key=target + stored_name(path),
                CopySource={"Bucket": self._bucket, "Key": source + path},
                ExpectedSourceBucketOwner=self._owner["ExpectedBucketOwner"],
                **self._owner,
            )
        given = self._get(source + path + SIDECAR_SUFFIX) if has_sidecar else None
        body = versioned_sidecar(given, ref, path, self._kind)
        self._put(ref, target + stored_name(path) + SIDECAR_SUFFIX, body)

    def _listing(self, prefix: str) -> dict[str, str]:
        """ETags by what follows the prefix."""
        with translated(f"the bucket {self._bucket}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, **self._owner
            )
            return {
                entry["Key"].removeprefix(prefix): entry["ETag"] for page in pages for entry in page.get("Contents", ())
            }

    def _get(self, key: str) -> bytes | None:
        with translated(f"the bucket {self._bucket}"):
            try:
                body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key, **self._owner)["Body"].read()
            except ClientError as error:
                if error_code(error) == "NoSuchKey":
                    return None
                raise
        return body

    def _put(self, ref: VersionRef, key: str, data: bytes) -> None:
        labels = object_tags(ref.user_id, ref.agent_id, "document-metadata")
        tagging = "&".join(f"{name}={value}" for name, value in labels.items())
        with translated(f"the bucket {self._bucket}"):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, Tagging=tagging, **self._owner)

    def _delete(self, key: str) -> None:
        with translated(f"the bucket {self._bucket}"):
            self._s3.delete_object(Bucket=self._bucket, Key=key, **self._owner)


def versioned_sidecar(given: bytes | None, ref: VersionRef, path: str, kind: Kind) -> bytes:
    """The sidecar with the version in it, its description cut where the store takes less."""
    plain = given or sidecar(ref.user_id, ref.agent_id, path, ())
    attributes: dict[str, Any] = json.loads(plain)["metadataAttributes"]
    value = {"type": "STRING", "stringValue": version_value(ref.version)}
    attributes[VERSION_KEY] = {"value": value, "includeForEmbedding": False}
    while _too_large(attributes, kind) and "description" in attributes:
        text: str = attributes["description"]["value"]["stringValue"]
        shorter = text.removesuffix(_CUT)[: len(text) * 3 // 4]
        if len(shorter) < 8:
            del attributes["description"]
        else:
            attributes["description"]["value"]["stringValue"] = shorter + _CUT
    return _encoded({"metadataAttributes": attributes})


def _too_large(attributes: Mapping[str, Any], kind: Kind) -> bool:
    if len(_encoded({"metadataAttributes": attributes})) > MAX_SIDECAR_BYTES:
        return True
    values = {name: entry["value"]["stringValue"] for name, entry in attributes.items()}
    # As a service might write it: with every character beyond ASCII escaped.
    return kind == "VECTOR" and len(json.dumps(values)) > MAX_VECTOR_METADATA_BYTES


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
