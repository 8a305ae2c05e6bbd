"""Knowledge bases, data sources, ingestion jobs and retrieval, as far as Oratio uses them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.aws.bedrock.documents import FakeChunk, holds, ranked, words
from tests.fakes.aws.bedrock.ingestion import Indexed, Outcome, ingest
from tests.fakes.aws.connector import read_connector
from tests.fakes.aws.model import AwsError
from tests.fakes.aws.state import ACCOUNT, REGION, CloudState, Slow, Tokens, new_id

MAX_DATA_SOURCES = {"MANAGED": 200, "VECTOR": 5}
MAX_BASES = {"MANAGED": 10_000, "VECTOR": 100}
_FAILURE_CHARS = 2048


@dataclass(slots=True)
class _Source(Slow):
    bucket: str = ""
    prefix: str = ""
    owner: str | None = None
    documents: dict[str, Indexed] = field(default_factory=dict)
    jobs: dict[str, "_Job"] = field(default_factory=dict)


@dataclass(slots=True)
class _Job(Slow):
    in_progress_at: float = 0.0
    outcome: Outcome | None = None
    failure: str = ""


@dataclass(slots=True)
class _Base(Slow):
    kind: str = "MANAGED"
    tags: dict[str, str] = field(default_factory=dict)
    sources: dict[str, _Source] = field(default_factory=dict)


class KnowledgeFake:
    """The operations of bedrock-agent and bedrock-agent-runtime by their names."""

    def __init__(self, world: CloudState) -> None:
        self._world = world
        self.reset()

    def reset(self) -> None:
        """Nothing was ever made."""
        self._tokens = Tokens()
        self.bases: dict[str, _Base] = {}
        self._last_ingestion = float("-inf")

    def seed(self, documents: Mapping[str, str], *, version: str, kind: str = "MANAGED") -> str:
        """A knowledge base that holds these documents already; returns its id."""
        base_id = new_id()
        source = _Source({"knowledgeBaseId": base_id, "dataSourceId": new_id()}, "AVAILABLE")
        for path, text in documents.items():
            metadata = {"path": path, "version": version}
            chunk = FakeChunk(f"s3://seed/{path}", 0, text, Counter(words(text)), metadata)
            source.documents[chunk.uri] = Indexed("seed", "", [chunk])
        base = _Base({"knowledgeBaseId": base_id, "name": f"seed-{base_id}"}, "ACTIVE", kind=kind)
        base.sources[source.value["dataSourceId"]] = source
        self.bases[base_id] = base
        return base_id

    # Knowledge bases

    def create_knowledge_base(self, params: dict[str, Any]) -> dict[str, Any]:
        known = self._tokens.known("CreateKnowledgeBase", params)
        if known is not None and known in self.bases:
            return {"knowledgeBase": self._shown(self._base(known))}
        self._world.require_role(params["roleArn"], "CreateKnowledgeBase")
        if any(base.value["name"] == params["name"] for base in self._living()):
            raise AwsError("ConflictException", f"a knowledge base is named {params['name']} already")
        configuration = params["knowledgeBaseConfiguration"]
        kind = configuration["type"]
        if kind not in MAX_BASES:
            raise AwsError("ValidationException", f"this fake knows no knowledge base of type {kind}")
        if (kind == "MANAGED") == ("storageConfiguration" in params):
            raise AwsError("ValidationException", f"storageConfiguration does not fit the type {kind}")
        if sum(base.kind == kind for base in self._living()) >= MAX_BASES[kind]:
            raise AwsError("ServiceQuotaExceededException", f"the account has {MAX_BASES[kind]} knowledge bases")
        base_id, now = new_id(), self._world.stamp()
        value = {key: entry for key, entry in params.items() if key not in ("clientToken", "tags")}
        arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:knowledge-base/{base_id}"
        value |= {"knowledgeBaseId": base_id, "knowledgeBaseArn": arn, "createdAt": now, "updatedAt": now}
        base = _Base(value, "CREATING", kind=kind, tags=dict(params.get("tags", {})))
        self._grow(base, "CreateKnowledgeBase", "ACTIVE")
        self.bases[base_id] = base
        self._tokens.keep("CreateKnowledgeBase", params, base_id)
        return {"knowledgeBase": self._shown(base)}

    def get_knowledge_base(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"knowledgeBase": self._shown(self._base(params["knowledgeBaseId"]))}

    def list_knowledge_bases(self, params: dict[str, Any]) -> dict[str, Any]:
        names = ("knowledgeBaseId", "name", "description", "updatedAt")
        rows = [
            {key: base.value[key] for key in names if key in base.value} | {"status": base.settle(self._world.now())}
            for base in self._living()
        ]
        return _page(rows, "knowledgeBaseSummaries", params)

    def list_tags_for_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"tags": self._base(params["resourceArn"].rpartition("/")[2]).tags}

    def delete_knowledge_base(self, params: dict[str, Any]) -> dict[str, Any]:
        base = self._base(params["knowledgeBaseId"])
        self._shrink(base, "DeleteKnowledgeBase")
        return {"knowledgeBaseId": params["knowledgeBaseId"], "status": base.status}

    # Data sources

    def create_data_source(self, params: dict[str, Any]) -> dict[str, Any]:
        base = self._active(params["knowledgeBaseId"])
        known = self._tokens.known("CreateDataSource", params)
        if known is not None and known in base.sources:
            return {"dataSource": self._shown(self._source(base, known))}
        if any(source.value["name"] == params["name"] for source in self._sources(base)):
            raise AwsError("ConflictException", f"a data source is named {params['name']} already")
        if len(base.sources) >= MAX_DATA_SOURCES[base.kind]:
            raise AwsError("ServiceQuotaExceededException", f"a knowledge base has {len(base.sources)} data sources")
        bucket, prefix, owner = _place(base.kind, params)
        source_id, now = new_id(), self._world.stamp()
        value = {key: entry for key, entry in params.items() if key != "clientToken"}
        value |= {"dataSourceId": source_id, "createdAt": now, "updatedAt": now}
        source = _Source(value, "CREATING", bucket=bucket, prefix=prefix, owner=owner)
        self._grow(source, "CreateDataSource", "AVAILABLE")
        base.sources[source_id] = source
        self._tokens.keep("CreateDataSource", params, source_id)
        return {"dataSource": self._shown(source)}

    def get_data_source(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"dataSource": self._shown(self._source_of(params))}

    def list_data_sources(self, params: dict[str, Any]) -> dict[str, Any]:
        names = ("knowledgeBaseId", "dataSourceId", "name", "updatedAt")
        rows = [
            {key: source.value[key] for key in names} | {"status": source.settle(self._world.now())}
            for source in self._sources(self._base(params["knowledgeBaseId"]))
        ]
        return _page(rows, "dataSourceSummaries", params)

    def update_data_source(self, params: dict[str, Any]) -> dict[str, Any]:
        source = self._source_of(params)
        source.value |= {key: params[key] for key in ("dataSourceConfiguration", "dataDeletionPolicy") if key in params}
        if source.status == "DELETE_UNSUCCESSFUL":
            source.status = "AVAILABLE"
        return {"dataSource": self._shown(source)}

    def delete_data_source(self, params: dict[str, Any]) -> dict[str, Any]:
        source = self._source_of(params)
        self._shrink(source, "DeleteDataSource")
        return {
            "knowledgeBaseId": params["knowledgeBaseId"],
            "dataSourceId": params["dataSourceId"],
            "status": source.status,
        }

    # Ingestion

    def start_ingestion_job(self, params: dict[str, Any]) -> dict[str, Any]:
        base = self._active(params["knowledgeBaseId"])
        source = self._source_of(params)
        known = self._tokens.known("StartIngestionJob", params)
        if known is not None:
            return {"ingestionJob": self._job_shown(source, source.jobs[known])}
        now = self._world.now()
        if now - self._last_ingestion < self._world.timings.between_ingestions:
            self._world.calls.violated("StartIngestionJob: one in 10 s an account")
            raise AwsError("ThrottlingException", "Your request rate is too high")
        if source.settle(now) != "AVAILABLE":
            raise AwsError("ValidationException", f"the data source is {source.status}")
        if any(self._job_status(source, job) in ("STARTING", "IN_PROGRESS") for job in source.jobs.values()):
            raise AwsError("ConflictException", "an ingestion job of this data source is running")
        self._last_ingestion = now
        waits = self._world.timings
        job_id = new_id()
        job = _Job(
            {"knowledgeBaseId": base.value["knowledgeBaseId"], "dataSourceId": source.value["dataSourceId"],
             "ingestionJobId": job_id, "startedAt": self._world.stamp(), "updatedAt": self._world.stamp()},
            "STARTING",
            in_progress_at=now + waits.ingestion_starting,
        )  # fmt: skip
        fault = self._world.faults.take("failed", "StartIngestionJob")
        job.failure = fault.data["reason"] if fault else ""
        if not self._world.faults.take("stuck", "StartIngestionJob"):
            job.later("FAILED" if fault else "COMPLETE", job.in_progress_at + waits.ingestion)
        source.jobs[job_id] = job
        self._tokens.keep("StartIngestionJob", params, job_id)
        return {"ingestionJob": self._job_shown(source, job)}

    def get_ingestion_job(self, params: dict[str, Any]) -> dict[str, Any]:
        source = self._source_of(params)
        return {"ingestionJob": self._job_shown(source, self._job(source, params["ingestionJobId"]))}

    def list_ingestion_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        source = self._source_of(params)
        rows = [
            {key: value for key, value in self._job_shown(source, job).items() if key != "failureReasons"}
            for job in source.jobs.values()
        ]
        return _page(rows, "ingestionJobSummaries", params)

    def stop_ingestion_job(self, params: dict[str, Any]) -> dict[str, Any]:
        source = self._source_of(params)
        job = self._job(source, params["ingestionJobId"])
        if self._job_status(source, job) in ("STARTING", "IN_PROGRESS"):
            job.status, job.becomes = "STOPPED", None
        return {"ingestionJob": self._job_shown(source, job)}

    def list_knowledge_base_documents(self, params: dict[str, Any]) -> dict[str, Any]:
        source = self._source_of(params)
        rows = [
            {
                "knowledgeBaseId": params["knowledgeBaseId"],
                "dataSourceId": params["dataSourceId"],
                "status": "FAILED" if document.problem else "INDEXED",
                "identifier": {"dataSourceType": "S3", "s3": {"uri": uri}},
                **({"statusReason": document.problem} if document.problem else {}),
            }
            for uri, document in source.documents.items()
        ]
        return _page(rows, "documentDetails", params)

    # Retrieval

    def retrieve(self, params: dict[str, Any]) -> dict[str, Any]:
        base = self._active(params["knowledgeBaseId"].rpartition("/")[2])
        key, other = "managedSearchConfiguration", "vectorSearchConfiguration"
        if base.kind == "VECTOR":
            key, other = other, key
        configuration = params.get("retrievalConfiguration", {})
        if other in configuration:
            raise AwsError("ValidationException", f"Incompatible configuration: {other} for a {base.kind} one")
        search = configuration.get(key, {})
        text = params["retrievalQuery"].get("text", "")
        if base.kind == "MANAGED" and len(text) > 10_000:
            raise AwsError("ValidationException", "the query is longer than 10000 characters")
        if base.kind == "VECTOR" and search.get("overrideSearchType") == "HYBRID":
            raise AwsError("ValidationException", "HYBRID search type is not supported for S3 Vectors")
        chunks = list(self._chunks(base))
        if condition := search.get("filter"):
            vectors = base.kind == "VECTOR"
            chunks = [chunk for chunk in chunks if holds(condition, chunk.metadata, s3_vectors=vectors)]
        found = ranked(text, chunks, search.get("numberOfResults", 5))
        return {"retrievalResults": [_result(score, chunk) for score, chunk in found]}

    def _chunks(self, base: _Base) -> Iterator[FakeChunk]:
        for source in self._sources(base):
            for job in source.jobs.values():
                self._job_status(source, job)
            for document in source.documents.values():
                yield from document.chunks

    # What changes by itself

    def _living(self) -> list[_Base]:
        return [base for base_id in list(self.bases) if (base := self._settled(base_id))]

    def _settled(self, base_id: str) -> _Base | None:
        base = self.bases.get(base_id)
        if base and base.settle(self._world.now()) == "GONE":
            del self.bases[base_id]
            return None
        return base

    def _base(self, base_id: str) -> _Base:
        base = self._settled(base_id)
        if base is None:
            raise AwsError("ResourceNotFoundException", f"there is no knowledge base {base_id}")
        return base

    def _active(self, base_id: str) -> _Base:
        base = self._base(base_id)
        if base.status != "ACTIVE":
            raise AwsError("ValidationException", f"the knowledge base {base_id} is {base.status}")
        return base

    def _sources(self, base: _Base) -> list[_Source]:
        for source_id in list(base.sources):
            if base.sources[source_id].settle(self._world.now()) == "GONE":
                del base.sources[source_id]
        return list(base.sources.values())

    def _source(self, base: _Base, source_id: str) -> _Source:
        self._sources(base)
        if source_id not in base.sources:
            raise AwsError("ResourceNotFoundException", f"there is no data source {source_id}")
        return base.sources[source_id]

    def _source_of(self, params: dict[str, Any]) -> _Source:
        return self._source(self._base(params["knowledgeBaseId"]), params["dataSourceId"])

    @staticmethod
    def _job(source: _Source, job_id: str) -> _Job:
        if job_id not in source.jobs:
            raise AwsError("ResourceNotFoundException", f"there is no ingestion job {job_id}")
        return source.jobs[job_id]

    def _grow(self, resource: Slow, operation: str, grown: str) -> None:
        if self._world.faults.take("stuck", operation):
            return
        if fault := self._world.faults.take("failed", operation):
            resource.reasons = [fault.data["reason"]]
            grown = "FAILED"
        resource.later(grown, self._world.now() + self._world.timings.create)

    def _shrink(self, resource: Slow, operation: str) -> None:
        if resource.status == "DELETING":
            return
        fault = self._world.faults.take("undeletable", operation)
        resource.status = "DELETING"
        resource.reasons = [fault.data["reason"]] if fault else []
        resource.later("DELETE_UNSUCCESSFUL" if fault else "GONE", self._world.now() + self._world.timings.delete)

    def _job_status(self, source: _Source, job: _Job) -> str:
        now = self._world.now()
        if job.status == "STARTING" and now >= job.in_progress_at:
            job.status = "IN_PROGRESS"
        if job.becomes and now >= job.at:
            if job.becomes == "COMPLETE":
                vectors = self.bases[source.value["knowledgeBaseId"]].kind == "VECTOR"
                try:
                    job.outcome = ingest(
                        self._world, source.bucket, source.prefix, source.owner, source.documents, s3_vectors=vectors
                    )
                except AwsError as error:
                    job.becomes, job.failure = "FAILED", error.message
            job.settle(now)
        return job.status

    def _job_shown(self, source: _Source, job: _Job) -> dict[str, Any]:
        status = self._job_status(source, job)
        shown = job.value | {"status": status, "updatedAt": self._world.stamp()}
        if job.outcome:
            shown |= {"statistics": job.outcome.statistics, "failureReasons": job.outcome.reasons}
        if status == "FAILED":
            shown["failureReasons"] = [job.failure[:_FAILURE_CHARS]]
        return shown

    def _shown(self, resource: Slow) -> dict[str, Any]:
        shown = resource.value | {"status": resource.settle(self._world.now())}
        return shown | ({"failureReasons": resource.reasons} if resource.reasons else {})


def _place(kind: str, params: dict[str, Any]) -> tuple[str, str, str | None]:
    configuration = params["dataSourceConfiguration"]
    if kind == "MANAGED":
        if configuration["type"] != "MANAGED_KNOWLEDGE_BASE_CONNECTOR":
            raise AwsError("ValidationException", "Unsupported data source type for MANAGED knowledge base type")
        if params.get("dataDeletionPolicy", "DELETE") != "DELETE":
            raise AwsError("ValidationException", "dataDeletionPolicy of a managed knowledge base is DELETE")
        connector = read_connector(configuration["managedKnowledgeBaseConnectorConfiguration"]["connectorParameters"])
        prefixes = connector.filterConfiguration.inclusionPrefixes
        connection = connector.connectionConfiguration
        return connection.bucketName, prefixes[0] if prefixes else "", connection.bucketOwnerAccountId
    if configuration["type"] != "S3":
        raise AwsError("ValidationException", f"this fake knows no data source of type {configuration['type']}")
    s3 = configuration["s3Configuration"]
    prefixes = s3.get("inclusionPrefixes", [""])
    return s3["bucketArn"].rpartition(":::")[2], prefixes[0], s3.get("bucketOwnerAccountId")


def _result(score: float, chunk: FakeChunk) -> dict[str, Any]:
    metadata = chunk.metadata | {
        "x-amz-bedrock-kb-source-uri": chunk.uri,
        "x-amz-bedrock-kb-chunk-id": f"1%3A0%3A{chunk.number}",
    }
    return {
        "content": {"text": chunk.text, "type": "TEXT"},
        "location": {"type": "S3", "s3Location": {"uri": chunk.uri}},
        "metadata": metadata,
        "score": score,
    }


def _page(rows: list[dict[str, Any]], name: str, params: dict[str, Any]) -> dict[str, Any]:
    begin, size = int(params.get("nextToken", "0")), params.get("maxResults", 100)
    page: dict[str, Any] = {name: rows[begin : begin + size]}
    if begin + size < len(rows):
        page["nextToken"] = str(begin + size)
    return page
