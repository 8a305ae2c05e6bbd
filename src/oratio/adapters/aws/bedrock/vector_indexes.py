"""The S3 Vectors index behind each VECTOR knowledge base."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from oratio.adapters.aws.bedrock.knowledge_sources import EMBEDDING_DIMENSIONS, UNFILTERED, VectorStore
from oratio.adapters.aws.session import AwsSession, error_code, translated
from oratio.errors import CloudRefused

# AWS allows 100 VECTOR knowledge bases in an account, for good.
MAX_INDEXES = 90


class VectorIndexes:
    """Indexes by the name of their knowledge base, in one vector bucket."""

    def __init__(self, session: AwsSession, bucket: str, embedding_model_arn: str) -> None:
        self._session = session
        self._bucket = bucket
        self._embedding_model_arn = embedding_model_arn
        # Index ARNs of knowledge bases that are being deleted, by their ids.
        self._doomed: dict[str, str] = {}

    def ensure(self, name: str) -> VectorStore:
        """Get or make the index of this name.

        Raises:
            CloudRefused: There are as many as the account's knowledge bases allow.
        """
        index = f"kb-{name.lower()}"[:63]
        with translated(f"the vector bucket {self._bucket}"):
            try:
                found = self._client.get_index(vectorBucketName=self._bucket, indexName=index)["index"]
            except ClientError as error:
                if error_code(error) not in ("NotFoundException", "ResourceNotFoundException"):
                    raise
                self._require_room()
                self._client.create_index(
                    vectorBucketName=self._bucket,
                    indexName=index,
                    dataType="float32",
                    dimension=EMBEDDING_DIMENSIONS,
                    distanceMetric="cosine",
                    metadataConfiguration={"nonFilterableMetadataKeys": UNFILTERED},
                )
                found = self._client.get_index(vectorBucketName=self._bucket, indexName=index)["index"]
        return VectorStore(str(found["indexArn"]), self._embedding_model_arn)

    def remember(self, engine_id: str, shown: Mapping[str, Any]) -> None:
        """Note the index of a knowledge base before it is deleted."""
        store = shown.get("storageConfiguration", {}).get("s3VectorsConfiguration", {})
        if "indexArn" in store:
            self._doomed[engine_id] = store["indexArn"]

    def forget(self, engine_id: str) -> None:
        """Delete the index of a deleted knowledge base."""
        if (arn := self._doomed.pop(engine_id, None)) is not None:
            with translated(f"the vector bucket {self._bucket}"):
                self._client.delete_index(indexArn=arn)

    @property
    def _client(self) -> Any:
        return self._session.client("s3vectors")

    def _require_room(self) -> None:
        listed = self._client.list_indexes(vectorBucketName=self._bucket, maxResults=MAX_INDEXES)["indexes"]
        if len(listed) >= MAX_INDEXES:
            raise CloudRefused(
                f"the account has {MAX_INDEXES} knowledge bases on S3 Vectors, near the most that AWS allows",
                reason="quota",
                hint="delete agents, or set ORATIO_KNOWLEDGE_KIND=MANAGED",
            )
