"""What an ingestion job did for one version, out of Bedrock's counts, its reasons, and its list of documents."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from oratio.adapters.aws.bedrock.snapshots import Manifest
from oratio.domain.knowledge.knowledge_base import DocumentProblem, IngestionJob, IngestionStatistics, IngestionStatus

MAX_REASON_CHARS = 300
NOT_INDEXED = "Bedrock did not index it"
_STATUS = {"STOPPING": IngestionStatus.IN_PROGRESS}
_INDEXED = {"INDEXED", "PARTIALLY_INDEXED", "METADATA_PARTIALLY_INDEXED", "METADATA_UPDATE_FAILED"}
_FILES = re.compile(r"\[Files: .*?\](?=[\s\"\].]|$)", re.DOTALL)

type Documents = Callable[[], Iterable[Mapping[str, Any]]]


def report(job: Mapping[str, Any], manifest: Manifest, uri: Callable[[str], str], documents: Documents) -> IngestionJob:
    """One job as the port tells it.

    Args:
        job: What GetIngestionJob showed; its counts are of all versions at once.
        uri: Where a path of this version is.
        documents: Bedrock's own list of documents; asked only when the counts and the reasons leave some unexplained.
    """
    status = _STATUS.get(job["status"]) or IngestionStatus(job["status"])
    reasons = [str(reason) for reason in job.get("failureReasons", ())]
    if status is not IngestionStatus.COMPLETE:
        failure = _words("; ".join(reasons)) if status is IngestionStatus.FAILED else ""
        return IngestionJob(job_id=job["ingestionJobId"], status=status, failure=failure)
    counts = job.get("statistics", {})
    uris = {uri(path): path for path in manifest.documents}
    named = _named(reasons, uris)
    failed = counts.get("numberOfDocumentsFailed", 0) + counts.get("numberOfDocumentsSkipped", 0)
    if failed > len(named) or counts.get("numberOfDocumentsScanned", 0) < len(uris):
        named = _listed(documents(), uris)
    problems = tuple(DocumentProblem(path=path, reason=named[path]) for path in sorted(named))
    return IngestionJob(
        job_id=job["ingestionJobId"],
        status=status,
        statistics=_statistics(manifest, named),
        problems=problems,
    )


def _named(reasons: Iterable[str], uris: Mapping[str, str]) -> dict[str, str]:
    """Reasons by path, as far as the reasons name files."""
    found: dict[str, str] = {}
    for reason in reasons:
        words = _words(reason)
        for uri in uris:
            # A following letter would make it another file's name that begins alike.
            if re.search(rf"{re.escape(uri)}(?=[\s,\"\]\\]|$)", reason):
                found[uris[uri]] = words
    return found


def _listed(documents: Iterable[Mapping[str, Any]], uris: Mapping[str, str]) -> dict[str, str]:
    problems = dict.fromkeys(uris.values(), NOT_INDEXED)
    for document in documents:
        path = uris.get(str(document.get("identifier", {}).get("s3", {}).get("uri", "")))
        if path is None:
            continue
        if document["status"] in _INDEXED:
            problems.pop(path, None)
        else:
            problems[path] = _words(str(document.get("statusReason") or NOT_INDEXED))
    return problems


def _statistics(manifest: Manifest, problems: Mapping[str, str]) -> IngestionStatistics:
    good = {path: etag for path, etag in manifest.documents.items() if path not in problems}
    before = manifest.previous
    return IngestionStatistics(
        documents_scanned=len(manifest.documents),
        new_documents_indexed=sum(path not in before for path in good),
        modified_documents_indexed=sum(path in before and before[path] != etag for path, etag in good.items()),
        documents_unchanged=sum(before.get(path) == etag for path, etag in good.items()),
        documents_deleted=sum(path not in manifest.documents for path in before),
        documents_failed=len(problems),
    )


def _words(reason: str) -> str:
    """A reason without the JSON round it and without its list of files."""
    plain = _FILES.sub("", reason).replace('["', "").replace('"]', "").replace("Encountered error:", "")
    return " ".join(plain.split())[:MAX_REASON_CHARS] or NOT_INDEXED
