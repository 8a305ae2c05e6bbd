"""The execution role of each agent: it reaches its own knowledge base and one model, and writes its own logs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from oratio.adapters.aws.session import AwsSession, error_code, translated

POLICY = "agent"
MAX_ROLE_CHARS = 64
_LOGS = "/aws/bedrock-agentcore/runtimes/*"
# Inference profiles begin with where they may send a request.
_GEOGRAPHIES = ("us.", "eu.", "apac.", "jp.", "au.", "ca.", "global.", "us-gov.")


@dataclass(frozen=True, slots=True)
class RoleOptions:
    """Attributes:
    prefix: Of the roles' names; the worker may hand over roles of this name only.
    boundary_arn: The most any of them may do, however its policy reads; empty for none.
    model_id: The one model agents may call.
    """

    account_id: str
    region: str
    model_id: str
    prefix: str = "oratio-agent-"
    boundary_arn: str = ""


class AgentRoles:
    """Get-or-create by name; the policy is written again each time, so that it says what the version needs."""

    def __init__(self, session: AwsSession, options: RoleOptions) -> None:
        self._session = session
        self._options = options

    def ensure(self, agent_key: str, engine_id: str, tags: Mapping[str, str]) -> str:
        """The ARN of an agent's role, which may retrieve from this knowledge base.

        Args:
            agent_key: The agent's digest, which is also in its runtime's name.
        """
        name = self._name(agent_key)
        request: dict[str, Any] = {
            "RoleName": name,
            "AssumeRolePolicyDocument": json.dumps(trust_policy(self._options)),
            "Description": "Execution role of one Oratio agent",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        if self._options.boundary_arn:
            request["PermissionsBoundary"] = self._options.boundary_arn
        with translated(f"the role {name}"):
            try:
                arn = self._iam.create_role(**request)["Role"]["Arn"]
            except ClientError as error:
                if error_code(error) != "EntityAlreadyExists":
                    raise
                arn = self._iam.get_role(RoleName=name)["Role"]["Arn"]
            document = json.dumps(execution_policy(self._options, engine_id))
            self._iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=document)
        return str(arn)

    def delete(self, agent_key: str) -> None:
        name = self._name(agent_key)
        with translated(f"the role {name}"):
            try:
                self._iam.delete_role_policy(RoleName=name, PolicyName=POLICY)
            except ClientError as error:
                if error_code(error) != "NoSuchEntity":
                    raise
            try:
                self._iam.delete_role(RoleName=name)
            except ClientError as error:
                if error_code(error) != "NoSuchEntity":
                    raise

    def _name(self, agent_key: str) -> str:
        return f"{self._options.prefix}{agent_key}"[:MAX_ROLE_CHARS]

    @property
    def _iam(self) -> Any:
        return self._session.client("iam")


def trust_policy(options: RoleOptions) -> dict[str, Any]:
    """AgentCore of this account and region may assume the role, and no one else."""
    source = f"arn:aws:bedrock-agentcore:{options.region}:{options.account_id}:*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": options.account_id},
                    "ArnLike": {"aws:SourceArn": source},
                },
            }
        ],
    }


def execution_policy(options: RoleOptions, engine_id: str) -> dict[str, Any]:
    """What an agent may do: retrieve from its knowledge base, call its model, log, be traced and measured."""
    region, account = options.region, options.account_id
    logs = f"arn:aws:logs:{region}:{account}:log-group:{_LOGS}"
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Knowledge",
            "Effect": "Allow",
            "Action": "bedrock:Retrieve",
            "Resource": f"arn:aws:bedrock:{region}:{account}:knowledge-base/{engine_id}",
        },
        {
            "Sid": "Model",
            "Effect": "Allow",
            "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            "Resource": model_arns(options),
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            "Resource": [logs, f"{logs}:log-stream:*"],
        },
        {
            # X-Ray knows no resources.
            "Sid": "Traces",
            "Effect": "Allow",
            "Action": [
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
            ],
            "Resource": "*",
        },
        {
            # CloudWatch metrics know no resources either, so the namespace bounds them.
            "Sid": "Metrics",
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": "bedrock-agentcore"}},
        },
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def model_arns(options: RoleOptions) -> list[str]:
    """The model, and behind an inference profile the models it may choose."""
    model_id, region = options.model_id, options.region
    if model_id.startswith("arn:"):
        return [model_id]
    if model_id.startswith(_GEOGRAPHIES):
        plain = model_id.partition(".")[2]
        profile = f"arn:aws:bedrock:{region}:{options.account_id}:inference-profile/{model_id}"
        return [profile, f"arn:aws:bedrock:*::foundation-model/{plain}"]
    return [f"arn:aws:bedrock:{region}::foundation-model/{model_id}"]
