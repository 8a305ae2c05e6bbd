"""The document type inside a managed data source, which botocore does not check: its own schema."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from tests.fakes.aws.model import AwsError

type Prefix = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Connection(_Part):
    bucketName: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    bucketOwnerAccountId: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


class _Filter(_Part):
    inclusionPrefixes: list[Prefix] = []
    exclusionPrefixes: list[Prefix] = []
    inclusionPatterns: list[str] = []
    exclusionPatterns: list[str] = []
    maxFileSizeInMegaBytes: Annotated[str, StringConstraints(pattern=r"^\d{1,4}$")] = "500"


class S3Connector(_Part):
    type: Literal["S3"]
    version: Literal["1"]
    connectionConfiguration: _Connection
    filterConfiguration: _Filter = _Filter()
    metadataFilesPrefix: str | None = None


def read_connector(value: object) -> S3Connector:
    """The connector's parameters; raises AwsError as the service does for a typo."""
    try:
        return S3Connector.model_validate(value)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in error.errors())
        raise AwsError("ValidationException", f"connectorParameters are invalid ({where})") from None
