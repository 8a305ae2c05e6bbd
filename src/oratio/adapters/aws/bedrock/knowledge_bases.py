"""Bedrock Knowledge Bases: one an agent, managed by default, S3 Vectors where the settings say so."""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from oratio.adapters.aws.agentcore.iam_propagation import IamPropagation
from oratio.adapters.aws.bedrock.deletions import Deletions
from oratio.adapters.aws.bedrock.ingestion_queue import IngestionQueue
from oratio.adapters.aws.bedrock.ingestion_reports import report
from oratio.adapters.aws.bedrock.knowledge_sources import Kind, data_source_request, knowledge_base_request, prefix_of
from oratio.adapters.aws.bedrock.snapshots import READ_AS, READABLE, Snapshots, ending
from oratio.adapters.aws.bedrock.vector_indexes import VectorIndexes
from oratio.adapters.aws.session import AwsSession, error_code, translated
from oratio.agentkit.platform.passages import found_passages, retrieve_request
from oratio.domain.knowledge.knowledge_base import DocumentProblem, IngestionJob, Passage
from oratio.domain.refs import VersionRef
from oratio.domain.storage_layout import document_key, engine_prefix
from oratio.errors import Conflict, InvalidInput, NotFound, NotReady, StepFailed
from oratio.ports.clock import Clock
from oratio.ports.knowledge_bases import EngineRef, EngineStatus, KnowledgeBases

logger = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-zA-Z]{10}")
_STATUS = {
    "CREATING": EngineStatus.CREATING,
    "UPDATING": EngineStatus.CREATING,
    "ACTIVE": EngineStatus.ACTIVE,
    "AVAILABLE": EngineStatus.ACTIVE,
    "DELETING": EngineStatus.DELETING,
}
_BUSY = ("ConflictException", "ThrottlingException", "ServiceQuotaExceededException")


@dataclass(frozen=True, slots=True)
class KnowledgeOptions:
    """How knowledge bases are made.

    Attributes:
        kind: What new ones are; what there is keeps its kind.
        role_arn: The role Bedrock reads the bucket with.
        embedding_model_arn: Of VECTOR ones.
        vector_bucket: The S3 Vectors bucket of VECTOR ones.
        max_file_bytes: Larger files are named as problems ahead of ingestion.
        ingestion_interval_s: Between two starts of ingestion jobs in the account.
    """

    kind: Kind
    role_arn: str
    bucket: str
    account_id: str
    turns_bucket: str
    embedding_model_arn: str = ""
    vector_bucket: str = ""
    max_file_bytes: int = 50_000_000
    ingestion_interval_s: float = 10.0


class BedrockKnowledgeBases(KnowledgeBases):
    """Quirks: a version is a folder of copies and a metadata filter (`snapshots`); an engine's own state is Bedrock's,
    the rest lies in the bucket, so any process may go on where another stopped.
    """

    def __init__(self, session: AwsSession, options: KnowledgeOptions, clock: Clock) -> None:
        self._session = session
        self._options = options
        self._roles = IamPropagation(clock)
        self._turns = IngestionQueue(
            session.client("s3", "data"),
            options.turns_bucket,
            options.account_id,
            clock,
            options.ingestion_interval_s,
        )
        self._snapshots = Snapshots(session.client("s3", "data"), options.bucket, options.account_id, options.kind)
        self._indexes = VectorIndexes(session, options.vector_bucket, options.embedding_model_arn)
        # Never changes for an engine: its kind, and whose it is.
        self._kinds: dict[str, Kind] = {}
        self._prefixes: dict[str, str] = {}
        self._deletions = Deletions()

    @property
    def kind(self) -> str:
        return self._options.kind

    @property
    def _bedrock(self) -> Any:
        return self._session.client("bedrock-agent")

    # Knowledge base and data source

    def ensure_knowledge_base(self, name: str, *, tags: Mapping[str, str], token: str) -> EngineRef:
        if not tags.get("userId") or not tags.get("agentId"):
            raise InvalidInput("a knowledge base needs the tags userId and agentId")
        store = self._indexes.ensure(name) if self._options.kind == "VECTOR" else None
        request = knowledge_base_request(
            name,
            role_arn=self._options.role_arn,
            tags=dict(tags),
            token=client_token("knowledge-base", name, token),
            store=store,
        )
        what = f"the knowledge base {name}"
        with translated(what), self._roles.patience(self._options.role_arn):
            try:
                made = self._bedrock.create_knowledge_base(**request)["knowledgeBase"]
            except ClientError as error:
                if error_code(error) != "ConflictException":
                    raise
                return self._adopted(name, tags)
        return EngineRef(made["knowledgeBaseId"], _status(made), _reasons(made))

    def _adopted(self, name: str, tags: Mapping[str, str]) -> EngineRef:
        """The knowledge base that has the name, when it is this agent's."""
        for summary in self._pages("list_knowledge_bases", "knowledgeBaseSummaries"):
            if summary["name"] != name:
                continue
            theirs = self._tags(summary["knowledgeBaseId"])
            if all(theirs.get(key) == tags[key] for key in ("userId", "agentId")):
                seen = self.knowledge_base(summary["knowledgeBaseId"])
                if seen.status is EngineStatus.DELETING:
                    break
                return seen
            raise Conflict(f"a knowledge base named {name} exists that is not this agent's", hint="delete or rename it")
        raise NotReady(f"the knowledge base {name} is being deleted or made")

    def knowledge_base(self, engine_id: str) -> EngineRef:
        shown = self._shown(engine_id)
        return EngineRef(engine_id, _status(shown), _reasons(shown))

    def ensure_data_source(self, engine_id: str, prefix: str, *, token: str) -> EngineRef:
        if not prefix.endswith("/"):
            raise InvalidInput(f"the prefix {prefix!r} does not end in '/'", hint="it would also take its neighbours")
        user_id, _, agent_id = prefix.rstrip("/").rpartition("/")
        snapshots = self._snapshots.documents_prefix(engine_prefix(user_id, agent_id))
        request = data_source_request(
            engine_id,
            self._kind_of(engine_id),
            bucket=self._options.bucket,
            prefix=snapshots,
            account_id=self._options.account_id,
            token=client_token("data-source", engine_id, token),
        )
        with translated(f"the data source of knowledge base {engine_id}"):
            try:
                made = self._bedrock.create_data_source(**request)["dataSource"]
            except ClientError as error:
                if error_code(error) != "ConflictException":
                    raise
                summaries = list(self._pages("list_data_sources", "dataSourceSummaries", knowledgeBaseId=engine_id))
                if not summaries:
                    raise NotReady(f"the data source of knowledge base {engine_id} is being deleted") from None
                return self.data_source(engine_id, summaries[0]["dataSourceId"])
        return EngineRef(made["dataSourceId"], _status(made), _reasons(made))

    def data_source(self, engine_id: str, data_source_id: str) -> EngineRef:
        shown = self._source_shown(engine_id, data_source_id)
        return EngineRef(data_source_id, _status(shown), _reasons(shown))

    # Documents

    def inspect(self, ref: VersionRef, path: str, sha256: str, media_type: str) -> DocumentProblem | None:
        size = self._snapshots.head(document_key(ref.user_id, ref.agent_id, path))
        if not size:
            return DocumentProblem(path=path, reason="the file is empty")
        if size > self._options.max_file_bytes:
            return DocumentProblem(path=path, reason=f"the file is larger than {self._options.max_file_bytes:,} bytes")
        if ending(path) not in READABLE and ending(path) not in READ_AS:
            return DocumentProblem(path=path, reason=f"Bedrock does not read {ending(path)} files; send it as PDF")
        return None

    # Ingestion

    def start_ingestion(self, engine_id: str, data_source_id: str, *, ref: VersionRef, token: str) -> str:
        prefix = engine_prefix(ref.user_id, ref.agent_id)
        manifest = self._snapshots.manifest(prefix, ref.version)
        if manifest is not None and manifest.token == token and manifest.job_id:
            return manifest.job_id
        self._require_quiet(engine_id, data_source_id)
        if manifest is None or manifest.token != token:
            manifest = self._snapshots.build(ref, f"{ref.user_id}/{ref.agent_id}/", prefix, token)
        with self._turns.turn(), translated(f"ingestion into knowledge base {engine_id}"):
            try:
                job = self._bedrock.start_ingestion_job(
                    knowledgeBaseId=engine_id,
                    dataSourceId=data_source_id,
                    clientToken=client_token("ingestion", engine_id, str(ref), token),
                )["ingestionJob"]
            except ClientError as error:
                if error_code(error) in _BUSY:
                    raise NotReady(f"knowledge base {engine_id} cannot start an ingestion job yet") from error
                raise
        self._snapshots.save(ref, prefix, manifest.model_copy(update={"job_id": job["ingestionJobId"]}))
        logger.info("agent_id=<%s> version=<%d> | ingestion started", ref.agent_id, ref.version)
        return str(job["ingestionJobId"])

    def _require_quiet(self, engine_id: str, data_source_id: str) -> None:
        """Raise NotReady while a job runs, before a turn is spent on a start that AWS would refuse."""
        running = self._pages(
            "list_ingestion_jobs",
            "ingestionJobSummaries",
            knowledgeBaseId=engine_id,
            dataSourceId=data_source_id,
        )
        if any(job["status"] in ("STARTING", "IN_PROGRESS", "STOPPING") for job in running):
            raise NotReady("another ingestion of this knowledge base is running", hint="ask again when it has ended")

    def ingestion_job(self, engine_id: str, data_source_id: str, job_id: str) -> IngestionJob:
        ids = {"knowledgeBaseId": engine_id, "dataSourceId": data_source_id}
        with translated(f"ingestion job {job_id} of knowledge base {engine_id}"):
            job = self._bedrock.get_ingestion_job(**ids, ingestionJobId=job_id)["ingestionJob"]
        prefix = self._prefix(engine_id, data_source_id)
        version = self._snapshots.version_of_job(prefix, job_id)
        manifest = self._snapshots.manifest(prefix, version) if version else None
        if version is None or manifest is None:
            raise NotFound(f"nothing is known of ingestion job {job_id}")
        return report(
            job,
            manifest,
            lambda path: self._snapshots.uri(prefix, version, path),
            lambda: self._pages("list_knowledge_base_documents", "documentDetails", **ids),
        )

    def stop_ingestion(self, engine_id: str, data_source_id: str, job_id: str) -> None:
        ids = {"knowledgeBaseId": engine_id, "dataSourceId": data_source_id, "ingestionJobId": job_id}
        with translated(f"ingestion job {job_id} of knowledge base {engine_id}"):
            try:
                self._bedrock.stop_ingestion_job(**ids)
            except ClientError as error:
                # Ended by itself, or gone with its knowledge base.
                if error_code(error) not in ("ResourceNotFoundException", "ConflictException", "ValidationException"):
                    raise

    # Retrieval

    def retrieve(self, engine_id: str, query: str, *, version: int, limit: int = 6) -> list[Passage]:
        if not query.strip() or limit < 1:
            return []
        request = retrieve_request(engine_id, self._kind_of(engine_id), query, version=version, limit=limit)
        with translated(f"the knowledge base {engine_id}"):
            answer = self._session.client("bedrock-agent-runtime", "data").retrieve(**request)
        passages = [
            Passage(
                passage_id=found["id"],
                path=found["path"],
                text=found["text"],
                excerpt=found["excerpt"],
                score=found["score"],
                page=found["page"],
            )
            for found in found_passages(answer, query)
        ]
        if not passages and not self._knows(engine_id, version):
            raise NotFound(f"knowledge base {engine_id} holds no version {version}")
        return passages

    def _knows(self, engine_id: str, version: int) -> bool:
        labels = self._tags(engine_id)
        manifest = self._snapshots.manifest(engine_prefix(labels["userId"], labels["agentId"]), version)
        return manifest is not None and manifest.job_id is not None

    # Deletion

    def delete_data_source(self, engine_id: str, data_source_id: str) -> None:
        try:
            shown = self._source_shown(engine_id, data_source_id)
        except NotFound:
            return
        what = f"the data source {data_source_id} of knowledge base {engine_id}"
        ids = {"knowledgeBaseId": engine_id, "dataSourceId": data_source_id}
        if shown["status"] == "DELETE_UNSUCCESSFUL" and self._kind_of(engine_id) == "VECTOR":
            # Its store or role was deleted already: nothing can be taken out of it.
            with translated(what):
                self._bedrock.update_data_source(
                    **ids,
                    name=shown["name"],
                    dataSourceConfiguration=shown["dataSourceConfiguration"],
                    dataDeletionPolicy="RETAIN",
                )
        self._delete(what, data_source_id, shown, lambda: self._bedrock.delete_data_source(**ids))
        try:
            self._source_shown(engine_id, data_source_id)
        except NotFound:
            return
        raise NotReady(f"{what} is being deleted")

    def delete_knowledge_base(self, engine_id: str) -> None:
        try:
            shown = self._shown(engine_id)
        except NotFound:
            self._indexes.forget(engine_id)
            return
        self._indexes.remember(engine_id, shown)
        what = f"the knowledge base {engine_id}"
        self._delete(what, engine_id, shown, lambda: self._bedrock.delete_knowledge_base(knowledgeBaseId=engine_id))
        raise NotReady(f"{what} is being deleted")

    def _delete(self, what: str, resource_id: str, shown: Mapping[str, Any], delete: Any) -> None:
        """Ask for deletion once; when AWS could not do it, once more, then say why.

        Raises:
            StepFailed: AWS cannot delete it.
        """
        if shown["status"] == "DELETING":
            return
        if shown["status"] == "DELETE_UNSUCCESSFUL" and self._deletions.tried(resource_id):
            raise StepFailed(
                f"{what} cannot be deleted ({_reasons(shown)})",
                hint="bring its role and store back, or delete it in the AWS console; the teardown then goes on",
            )
        with translated(what):
            try:
                delete()
            except ClientError as error:
                if error_code(error) == "ConflictException":
                    raise NotReady(f"{what} is still in use") from error
                if error_code(error) != "ResourceNotFoundException":
                    raise

    # What is known of an engine

    def _shown(self, engine_id: str) -> Mapping[str, Any]:
        if not _ID.fullmatch(engine_id):
            raise NotFound(f"there is no knowledge base {engine_id!r}")
        with translated(f"the knowledge base {engine_id}"):
            shown: Mapping[str, Any] = self._bedrock.get_knowledge_base(knowledgeBaseId=engine_id)["knowledgeBase"]
        self._kinds[engine_id] = shown["knowledgeBaseConfiguration"]["type"]
        return shown

    def _source_shown(self, engine_id: str, data_source_id: str) -> Mapping[str, Any]:
        with translated(f"the data source {data_source_id} of knowledge base {engine_id}"):
            shown: Mapping[str, Any] = self._bedrock.get_data_source(
                knowledgeBaseId=engine_id, dataSourceId=data_source_id
            )["dataSource"]
        return shown

    def _kind_of(self, engine_id: str) -> Kind:
        if engine_id not in self._kinds:
            self._shown(engine_id)
        return self._kinds[engine_id]

    def _prefix(self, engine_id: str, data_source_id: str) -> str:
        if engine_id not in self._prefixes:
            shown = self._source_shown(engine_id, data_source_id)
            self._prefixes[engine_id] = prefix_of(shown["dataSourceConfiguration"]).removesuffix("snapshots/")
        return self._prefixes[engine_id]

    def _tags(self, engine_id: str) -> dict[str, str]:
        arn = f"arn:aws:bedrock:{self._session.region}:{self._options.account_id}:knowledge-base/{engine_id}"
        with translated(f"the knowledge base {engine_id}"):
            tags: dict[str, str] = self._bedrock.list_tags_for_resource(resourceArn=arn)["tags"]
        return tags

    def _pages(self, operation: str, rows: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        """Every row of a listing."""
        with translated(f"the knowledge bases ({operation})"):
            while True:
                page = getattr(self._bedrock, operation)(**params)
                yield from page[rows]
                if "nextToken" not in page:
                    return
                params["nextToken"] = page["nextToken"]


def client_token(*parts: str) -> str:
    """A client token of legal length (33 to 256), the same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _status(shown: Mapping[str, Any]) -> EngineStatus:
    return _STATUS.get(shown["status"], EngineStatus.FAILED)


def _reasons(shown: Mapping[str, Any]) -> str:
    words = "; ".join(map(str, shown.get("failureReasons", ())))
    return " ".join(words.split())[:300]
