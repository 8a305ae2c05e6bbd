"""The AWS account: region, roles, secrets, Bedrock's knowledge bases."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from oratio.settings.section import SettingsSection


class AwsSettings(SettingsSection):
    """The AWS account: region, roles, secrets, Bedrock's knowledge bases."""

    aws_region: str | None = Field(
        None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="AWS region of everything; unset: the AWS profile's own."
    )
    aws_account_id: str | None = Field(
        None, pattern=r"^\d{12}$", description="AWS account that must own the buckets; unset: not checked."
    )
    ingestion_interval_seconds: float = Field(
        10, ge=0, description="Seconds between two starts of ingestion in the AWS account, whose quota is 10."
    )
    aws_sessions_per_second: float = Field(
        20, gt=0, description="Sessions one process begins at AgentCore in a second; the account's quota is 25 in all."
    )
    agent_base: Path | None = Field(
        None, description="Zip of agents' dependencies for AgentCore; unset: the one `oratio aws build-base` made."
    )
    secrets_prefix: str = Field(
        "oratio/", description="What the names of the secrets in AWS Secrets Manager begin with."
    )
    secrets_folder: Path | None = Field(
        None, description="Mounted folder of the secrets on `aws`, one file each; unset: AWS Secrets Manager."
    )
    knowledge_kind: Literal["MANAGED", "VECTOR"] = Field(
        "MANAGED", description="Kind of new Bedrock knowledge bases; VECTOR keeps its vectors in S3 Vectors."
    )
    knowledge_role_arn: str | None = Field(
        None, description="Role Bedrock reads the documents with; unset: `oratio-kb-<environment>` of the account."
    )
    vector_bucket: str = Field("oratio-vectors", description="S3 Vectors bucket of VECTOR knowledge bases.")
    embedding_model: str = Field(
        "amazon.titan-embed-text-v2:0", min_length=1, description="Bedrock model of VECTOR knowledge bases."
    )
    agent_boundary_arn: str = Field("", description="Permissions boundary of each agent's role on AWS; empty for none.")
    tenant_role_arn: str | None = Field(
        None, description="Role on AWS whose tag `userId` bounds what is done for a tenant; unset: the process's own."
    )
