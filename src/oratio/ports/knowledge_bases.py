"""The engine that indexes documents and finds passages: Bedrock Knowledge Bases or the local index."""

from abc import abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from oratio.domain.knowledge.knowledge_base import DocumentProblem, IngestionJob, Passage
from oratio.domain.refs import VersionRef


class EngineStatus(StrEnum):
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    DELETING = "DELETING"
    FAILED = "FAILED"


class EngineRef(NamedTuple):
    """A resource of the engine: its id, where it is in its life, and (FAILED) why."""

    id: str
    status: EngineStatus
    failure: str = ""


class KnowledgeBases(Protocol):
    """One knowledge base per agent; one data source per knowledge base; snapshots by version.

    Contract:
    1. `ensure_*` and `start_ingestion` with a token given before return the same resource and change nothing.
    2. A resource passes `CREATING → ACTIVE`, a job `STARTING → IN_PROGRESS → COMPLETE | FAILED | STOPPED`; they move
       on by themselves and are seen by asking again. Nothing here waits.
    3. `COMPLETE` says that the job ended: documents left out are in `problems`, the counts in `statistics`.
    4. One job a data source runs at a time: a start while another runs, or before its turn, raises `NotReady`.
    5. `retrieve` searches what the job of `version` indexed, whatever was ingested later; best first; `[]` when
       nothing matches; `NotFound` for a knowledge base or version that is not there.
    6. `inspect` never fails for what a document holds; it says so in its answer.
    7. Deleting nothing is not an error; a deletion that goes on raises `NotReady`; after `delete_knowledge_base` has
       returned nothing of it is left.
    """

    @property
    @abstractmethod
    def kind(self) -> str:
        """`LOCAL`, `MANAGED` or `VECTOR`."""
        ...

    @abstractmethod
    def ensure_knowledge_base(self, name: str, *, tags: Mapping[str, str], token: str) -> EngineRef: ...

    @abstractmethod
    def knowledge_base(self, engine_id: str) -> EngineRef: ...

    @abstractmethod
    def ensure_data_source(self, engine_id: str, prefix: str, *, token: str) -> EngineRef:
        """The documents below one prefix of the knowledge-bases bucket, with their sidecars."""
        ...

    @abstractmethod
    def data_source(self, engine_id: str, data_source_id: str) -> EngineRef: ...

    @abstractmethod
    def inspect(self, ref: VersionRef, path: str, sha256: str, media_type: str) -> DocumentProblem | None:
        """Look at one stored document ahead of ingestion: can it be read? Bounded in time and memory."""
        ...

    @abstractmethod
    def start_ingestion(self, engine_id: str, data_source_id: str, *, ref: VersionRef, token: str) -> str:
        """Start indexing what lies below the prefix as the snapshot of `ref.version`; returns the job id."""
        ...

    @abstractmethod
    def ingestion_job(self, engine_id: str, data_source_id: str, job_id: str) -> IngestionJob: ...

    @abstractmethod
    def stop_ingestion(self, engine_id: str, data_source_id: str, job_id: str) -> None: ...

    @abstractmethod
    def retrieve(self, engine_id: str, query: str, *, version: int, limit: int = 6) -> list[Passage]: ...

    @abstractmethod
    def delete_data_source(self, engine_id: str, data_source_id: str) -> None: ...

    @abstractmethod
    def delete_knowledge_base(self, engine_id: str) -> None: ...
