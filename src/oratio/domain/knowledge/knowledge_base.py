"""A knowledge base's record, what its ingestion reports, and what retrieval returns."""

from enum import StrEnum

from oratio.domain.knowledge.descriptions import Descriptions
from oratio.domain.refs import Value
from oratio.errors import Conflict


class KnowledgeBaseStatus(StrEnum):
    NOTREADY = "notready"
    READY = "ready"
    FAILED = "failed"


_NEXT: dict[KnowledgeBaseStatus, frozenset[KnowledgeBaseStatus]] = {
    KnowledgeBaseStatus.NOTREADY: frozenset({KnowledgeBaseStatus.READY, KnowledgeBaseStatus.FAILED}),
    KnowledgeBaseStatus.READY: frozenset({KnowledgeBaseStatus.NOTREADY, KnowledgeBaseStatus.FAILED}),
    KnowledgeBaseStatus.FAILED: frozenset({KnowledgeBaseStatus.NOTREADY}),
}


class DocumentProblem(Value):
    """A document that could not be (fully) used, and why, for the operator."""

    path: str
    reason: str


class KnowledgeBase(Value):
    """The row of `oratio-knowledgebases`.

    Attributes:
        bedrock_knowledge_base_id: The engine's own id: Bedrock's on AWS, the index's on `local`.
        kind: `LOCAL`, `MANAGED` or `VECTOR`; decides how retrieval is asked.
        ingestion_job_id: The newest job started for `ingested_version`.
    """

    knowledge_base_id: str
    user_id: str
    agent_id: str
    s3_path: str
    status: KnowledgeBaseStatus
    created_at: int
    updated_at: int
    folder_file_descriptions: Descriptions = {}
    bedrock_knowledge_base_id: str | None = None
    data_source_id: str | None = None
    kind: str = "LOCAL"
    ingestion_job_id: str | None = None
    ingested_version: int | None = None
    problems: tuple[DocumentProblem, ...] = ()
    revision: int = 0


def with_status(record: KnowledgeBase, status: KnowledgeBaseStatus, now_ms: int) -> KnowledgeBase:
    """The record in its next status.

    Raises:
        Conflict: The change is not legal from where the knowledge base is.
    """
    if status is record.status:
        return record
    if status not in _NEXT[record.status]:
        raise Conflict(f"knowledge base {record.knowledge_base_id} is {record.status} and cannot become {status}")
    return record.model_copy(update={"status": status, "updated_at": now_ms})


class Document(Value):
    """One uploaded file as a version knows it.

    Attributes:
        path: Relative to the folder, NFC, `/`-separated.
        size: Bytes.
        sha256: Hex digest of the bytes.
        media_type: Sniffed from the content.
    """

    path: str
    size: int
    sha256: str
    media_type: str


class IngestionStatus(StrEnum):
    """Bedrock's own names; local jobs pass through the same ones in the same order."""

    STARTING = "STARTING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    STOPPED = "STOPPED"


class IngestionStatistics(Value):
    """Counts of documents in one job; Bedrock's names without `numberOf`."""

    documents_scanned: int = 0
    new_documents_indexed: int = 0
    modified_documents_indexed: int = 0
    documents_unchanged: int = 0
    documents_deleted: int = 0
    documents_failed: int = 0


class IngestionJob(Value):
    """One run of an ingestion, as the engine reports it.

    Attributes:
        failure: Why the job as a whole ended FAILED; empty otherwise.
        problems: Documents left out although the job completed.
    """

    job_id: str
    status: IngestionStatus
    statistics: IngestionStatistics = IngestionStatistics()
    problems: tuple[DocumentProblem, ...] = ()
    failure: str = ""

    @property
    def documents_searchable(self) -> int:
        counts = self.statistics
        return counts.new_documents_indexed + counts.modified_documents_indexed + counts.documents_unchanged


class Passage(Value):
    """One retrieved piece of a document.

    Attributes:
        passage_id: Stable within the knowledge base.
        text: The whole chunk.
        excerpt: The sentences that answer best, at most 400 characters, taken verbatim from `text`.
        score: 0 to 1, higher is better; comparable within one result only.
        similarity: Cosine of query and chunk where the engine gives it; comparable across queries.
        coverage: Share of the question's words, weighted by their rarity in the knowledge base, that the chunk and its
            headings hold, where the engine tells; 0 to 1, comparable across queries.
        known: Share of the question's words, weighted alike, that stand anywhere in the knowledge base; the same for
            every passage of one result. Low says that the question is about something else.
        page: 1-based page of a paged document.
        heading: The headings above the chunk, outermost first, joined by ` > `.
    """

    passage_id: str
    path: str
    text: str
    excerpt: str
    score: float
    similarity: float | None = None
    coverage: float | None = None
    known: float | None = None
    page: int | None = None
    heading: str | None = None
