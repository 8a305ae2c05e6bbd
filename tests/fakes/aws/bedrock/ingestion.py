"""One ingestion job: the bucket listed, what changed read, the rest left as it was."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.aws.bedrock.documents import FakeChunk, Unreadable, read
from tests.fakes.aws.model import AwsError
from tests.fakes.aws.state import CloudState

SIDECAR = ".metadata.json"


@dataclass(slots=True)
class Indexed:
    """A document of a data source: the tags of its bytes and sidecar, and its chunks or why there are none."""

    etag: str
    sidecar_etag: str
    chunks: list[FakeChunk] = field(default_factory=list)
    problem: str = ""


@dataclass(slots=True)
class Outcome:
    statistics: dict[str, int]
    reasons: list[str]


def ingest(
    world: CloudState, bucket: str, prefix: str, owner: str | None, before: dict[str, Indexed], *, s3_vectors: bool
) -> Outcome:
    """Bring `before` up to what lies in the bucket; the statistics count as the service's do.

    Raises:
        AwsError: The bucket cannot be read.
    """
    listed = _listing(world, bucket, prefix, owner)
    documents = {key: etag for key, etag in listed.items() if not key.endswith(SIDECAR)}
    counts = dict.fromkeys(
        ("Scanned", "New", "Modified", "MetadataModified", "Deleted", "Failed", "Skipped"),
        0,
    )
    counts["Scanned"] = len(documents)
    partial = world.faults.take("partial", "StartIngestionJob")
    for key, etag in documents.items():
        sidecar_etag = listed.get(key + SIDECAR, "")
        uri = f"s3://{bucket}/{key}"
        known = before.get(uri)
        if known and (known.etag, known.sidecar_etag) == (etag, sidecar_etag) and not known.problem:
            continue
        fresh = Indexed(etag, sidecar_etag)
        try:
            if partial and key.endswith(partial.data["suffix"]):
                raise Unreadable(partial.data["reason"])
            fresh.chunks = read(uri, _get(world, bucket, key), _sidecar(world, bucket, key, sidecar_etag),
                                s3_vectors=s3_vectors)  # fmt: skip
        except Unreadable as error:
            fresh.problem = str(error)
            counts["Failed"] += 1
        else:
            kind = "New" if not known or known.problem else "Modified" if known.etag != etag else "MetadataModified"
            counts[kind] += 1
        before[uri] = fresh
    for uri in [uri for uri in before if uri.partition(f"s3://{bucket}/")[2] not in documents]:
        counts["Deleted"] += not before.pop(uri).problem
    sidecars = sum(key.endswith(SIDECAR) for key in listed)
    return Outcome(_statistics(counts, sidecars), _reasons(before))


def _statistics(counts: dict[str, int], sidecars: int) -> dict[str, int]:
    return {
        "numberOfDocumentsScanned": counts["Scanned"],
        "numberOfMetadataDocumentsScanned": sidecars,
        "numberOfNewDocumentsIndexed": counts["New"],
        "numberOfModifiedDocumentsIndexed": counts["Modified"],
        "numberOfMetadataDocumentsModified": counts["MetadataModified"],
        "numberOfDocumentsDeleted": counts["Deleted"],
        "numberOfDocumentsFailed": counts["Failed"],
        "numberOfDocumentsSkipped": counts["Skipped"],
    }


def _reasons(documents: dict[str, Indexed]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for uri, document in documents.items():
        if document.problem:
            by_reason.setdefault(document.problem, []).append(uri)
    return [
        f'["Encountered error: Ignored {len(uris)} files, {reason}. [Files: {", ".join(uris)}]"]'[:2048]
        for reason, uris in by_reason.items()
    ]


def _listing(world: CloudState, bucket: str, prefix: str, owner: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    kwargs: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
    if owner:
        kwargs["ExpectedBucketOwner"] = owner
    try:
        for page in world.s3.get_paginator("list_objects_v2").paginate(**kwargs):
            found |= {entry["Key"]: entry["ETag"] for entry in page.get("Contents", ())}
    except ClientError as error:
        reason = error.response["Error"]["Code"]
        raise AwsError("AccessDenied", f"the bucket {bucket} cannot be listed ({reason})") from None
    return found


def _get(world: CloudState, bucket: str, key: str) -> bytes:
    body: bytes = world.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def _sidecar(world: CloudState, bucket: str, key: str, etag: str) -> bytes | None:
    return _get(world, bucket, key + SIDECAR) if etag else None
