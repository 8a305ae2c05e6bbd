"""What a knowledge base and its data source are made of, in Bedrock's request form.

A managed data source carries a document type that botocore does not look into: a typing error in it shows on AWS
only. `S3ConnectorParameters` is therefore its own schema.
"""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

type Kind = Literal["MANAGED", "VECTOR"]

EMBEDDING_DIMENSIONS = 1024
# Keys that S3 Vectors need not filter by; it takes no others once the index is made.
UNFILTERED = ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class S3Connection(_Part):
    bucketName: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    bucketOwnerAccountId: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


class S3Filter(_Part):
    # The final "/" keeps `u/1` from also taking `u/10/`.
    inclusionPrefixes: tuple[Annotated[str, StringConstraints(pattern=r"^.+/$", max_length=1024)]]
    maxFileSizeInMegaBytes: Annotated[str, StringConstraints(pattern=r"^\d{1,4}$")] = "500"


class S3ConnectorParameters(_Part):
    """`connectorParameters` of a managed knowledge base's S3 connector."""

    type: Literal["S3"] = "S3"
    version: Literal["1"] = "1"
    connectionConfiguration: S3Connection
    filterConfiguration: S3Filter = Field()


class VectorStore(NamedTuple):
    """The S3 Vectors index behind a VECTOR knowledge base, and the model that fills it."""

    index_arn: str
    embedding_model_arn: str


def knowledge_base_request(
    name: str, *, role_arn: str, tags: dict[str, str], token: str, store: VectorStore | None
) -> dict[str, Any]:
    """The parameters of CreateKnowledgeBase: managed, unless a vector store is given."""
    request: dict[str, Any] = {"name": name, "roleArn": role_arn, "tags": tags, "clientToken": token}
    if store is None:
        managed = {"embeddingModelType": "MANAGED"}
        configuration = {"type": "MANAGED", "managedKnowledgeBaseConfiguration": managed}
        return request | {"knowledgeBaseConfiguration": configuration}
    embedding = {"bedrockEmbeddingModelConfiguration": {"dimensions": EMBEDDING_DIMENSIONS}}
    vector = {"embeddingModelArn": store.embedding_model_arn, "embeddingModelConfiguration": embedding}
    return request | {
        "knowledgeBaseConfiguration": {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": vector},
        "storageConfiguration": {"type": "S3_VECTORS", "s3VectorsConfiguration": {"indexArn": store.index_arn}},
    }


def data_source_request(
    engine_id: str, kind: Kind, *, bucket: str, prefix: str, account_id: str, token: str
) -> dict[str, Any]:
    """The parameters of CreateDataSource over one prefix of the bucket."""
    if kind == "MANAGED":
        parameters = S3ConnectorParameters(
            connectionConfiguration=S3Connection(bucketName=bucket, bucketOwnerAccountId=account_id),
            filterConfiguration=S3Filter(inclusionPrefixes=(prefix,)),
        )
        # A tuple would not pass as a document type's list.
        connector = {"connectorParameters": parameters.model_dump(mode="json")}
        configuration: dict[str, Any] = {
            "type": "MANAGED_KNOWLEDGE_BASE_CONNECTOR",
            "managedKnowledgeBaseConnectorConfiguration": connector,
        }
    else:
        s3 = {"bucketArn": f"arn:aws:s3:::{bucket}", "inclusionPrefixes": [prefix], "bucketOwnerAccountId": account_id}
        configuration = {"type": "S3", "s3Configuration": s3}
    return {
        "knowledgeBaseId": engine_id,
        "name": "documents",
        "dataSourceConfiguration": configuration,
        "dataDeletionPolicy": "DELETE",
        "clientToken": token,
    }


def prefix_of(configuration: dict[str, Any]) -> str:
    """The prefix a data source of ours covers, from what GetDataSource shows."""
    if "s3Configuration" in configuration:
        return str(configuration["s3Configuration"]["inclusionPrefixes"][0])
    parameters = configuration["managedKnowledgeBaseConnectorConfiguration"]["connectorParameters"]
    return str(parameters["filterConfiguration"]["inclusionPrefixes"][0])
