"""Least privilege, read off the policies: who may do what, on what, and under which condition."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from oratio.adapters.aws.dynamodb.tables import TABLES
from oratio.cli.aws.template import read_template, template_path
from oratio.settings import FIELDS

RESOURCES: dict[str, Any] = read_template(template_path())["Resources"]

# Every action that may name all resources, and why nothing narrower exists.
ANY_RESOURCE = {
    "bedrock:CreateKnowledgeBase": "what is made has no name yet; the tags it must carry are the condition",
    "bedrock-agentcore:CreateAgentRuntime": "likewise",
    "bedrock:ListKnowledgeBases": "listing knows no resource; it tells names and ids alone",
    "bedrock-agentcore:ListAgentRuntimes": "likewise",
    "cloudwatch:PutMetricData": "metrics know no resource; the namespace is the condition",
    "xray:GetSamplingRules": "X-Ray knows no resource",
    "xray:GetSamplingTargets": "X-Ray knows no resource",
    "xray:PutTelemetryRecords": "X-Ray knows no resource",
    "xray:PutTraceSegments": "X-Ray knows no resource",
}
# Of these, the ones that are safe only under a condition.
BOUND = {"bedrock:CreateKnowledgeBase", "bedrock-agentcore:CreateAgentRuntime", "cloudwatch:PutMetricData"}
WORKERS_ONLY = ("Create", "Update", "Delete", "Start", "Stop", "PassRole", "Tag", "PutRolePolicy")


class Allowed(NamedTuple):
    holder: str
    sid: str
    actions: list[str]
    resources: list[Any]
    conditions: dict[str, Any]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each policy that grants, and who holds it."""
    for name, entry in RESOURCES.items():
        properties = entry["Properties"]
        if entry["Type"] == "AWS::IAM::ManagedPolicy":
            yield name, properties["PolicyDocument"]
        for policy in properties.get("Policies", ()) if entry["Type"] == "AWS::IAM::Role" else ():
            yield name, policy["PolicyDocument"]


def statements() -> list[Allowed]:
    return [
        Allowed(
            holder,
            statement["Sid"],
            _list(statement["Action"]),
            _list(statement["Resource"]),
            statement.get("Condition", {}),
        )
        for holder, document in documents()
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
    ]


STATEMENTS = [pytest.param(found, id=f"{found.holder}-{found.sid}") for found in statements()]


def granted(holder: str) -> set[str]:
    """Everything a role may do, by its own policies and those attached to it."""
    attached = [
        entry["Ref"] for entry in RESOURCES[holder]["Properties"].get("ManagedPolicyArns", ()) if "Ref" in entry
    ]
    return {action for found in statements() if found.holder in (holder, *attached) for action in found.actions}


@pytest.mark.parametrize("found", STATEMENTS)
def test_no_action_is_a_wildcard(found: Allowed) -> None:
    assert not [action for action in found.actions if "*" in action]


@pytest.mark.parametrize("found", STATEMENTS)
def test_all_resources_are_named_only_where_nothing_narrower_exists(found: Allowed) -> None:
    if "*" in found.resources:
        assert set(found.actions) <= set(ANY_RESOURCE)
        assert found.conditions or not BOUND & set(found.actions)


@pytest.mark.parametrize("found", STATEMENTS)
def test_a_family_of_resources_is_this_accounts_and_ours(found: Allowed) -> None:
    """An ARN with a star names this account, and by prefix, tag or bucket what Oratio made; models are not ours."""
    for resource in found.resources:
        arn = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
        if not isinstance(arn, str) or arn == "*" or "*" not in arn or "foundation-model" in arn:
            continue
        assert "${AWS::AccountId}" in arn or "Arn}" in arn, arn
        ours = ("role/oratio-", "runtime/o_", "/aws/bedrock-agentcore/runtimes/", "Arn}/", "inference-profile/")
        tagged = any("aws:ResourceTag/platform" in str(part) for part in found.conditions.values())
        requested = any("aws:RequestTag/platform" in str(part) for part in found.conditions.values())
        assert any(prefix in arn for prefix in ours) or tagged or requested, arn


@pytest.mark.parametrize("role", ["ApiRole", "VoiceRole", "PrefectRole", "ExecutionRole"])
def test_only_the_worker_makes_or_removes_anything(role: str) -> None:
    cloud = [action for action in granted(role) if action.startswith(("bedrock", "iam:"))]
    assert not [action for action in cloud if action.partition(":")[2].startswith(WORKERS_ONLY)]


def test_the_api_has_no_right_at_bedrock() -> None:
    assert not [action for action in granted("ApiRole") if action.startswith("bedrock:")]
    assert {action for action in granted("ApiRole") if action.startswith("bedrock-agentcore:")} == {
        "bedrock-agentcore:InvokeAgentRuntime"
    }


def test_prefect_and_the_console_have_no_right_at_all() -> None:
    assert granted("PrefectRole") == set()


def test_nobody_scans_a_table_or_changes_one() -> None:
    actions = {action for found in statements() for action in found.actions}
    assert "dynamodb:Scan" not in actions
    assert not {action for action in actions if action.startswith("dynamodb:") and action.endswith("Table")} - {
        "dynamodb:DescribeTable"
    }


def test_what_the_worker_makes_carries_tenant_agent_and_platform() -> None:
    made = next(found for found in statements() if found.sid == "MakeTagged")
    assert made.conditions["StringEquals"] == {"aws:RequestTag/platform": "oratio"}
    assert made.conditions["Null"] == {"aws:RequestTag/userId": "false", "aws:RequestTag/agentId": "false"}


@pytest.mark.parametrize("sid", ["OwnKnowledgeBases", "OwnRuntimes"])
def test_the_worker_touches_only_what_carries_our_tag(sid: str) -> None:
    found = next(found for found in statements() if found.sid == sid)
    assert found.conditions == {"StringEquals": {"aws:ResourceTag/platform": "oratio"}}


def test_a_role_is_handed_to_the_one_service_it_is_for() -> None:
    handed = [found for found in statements() if "iam:PassRole" in found.actions]
    assert {found.conditions["StringEquals"]["iam:PassedToService"] for found in handed} == {
        "bedrock.amazonaws.com",
        "bedrock-agentcore.amazonaws.com",
    }


def test_an_agents_role_can_be_made_only_within_its_boundary() -> None:
    made = next(found for found in statements() if "iam:CreateRole" in found.actions)
    assert made.conditions == {"ArnEquals": {"iam:PermissionsBoundary": {"Ref": "AgentBoundary"}}}
    assert "iam:PutRolePolicy" in made.actions


def test_the_boundary_of_agents_knows_no_object_record_or_secret() -> None:
    services = {action.partition(":")[0] for action in granted_by("AgentBoundary")}
    assert services == {"bedrock", "logs", "xray", "cloudwatch"}
    assert {action for action in granted_by("AgentBoundary") if action.startswith("bedrock:")} == {
        "bedrock:Retrieve",
        "bedrock:InvokeModel",
        "bedrock:InvokeModelWithResponseStream",
    }


def granted_by(holder: str) -> set[str]:
    return {action for found in statements() if found.holder == holder for action in found.actions}


SERVED = [name for name, entry in RESOURCES.items() if entry["Type"] == "AWS::IAM::Role" and name != "TenantRole"]


@pytest.mark.parametrize("name", SERVED)
def test_a_role_is_assumed_by_one_service_of_this_account(name: str) -> None:
    [trust] = RESOURCES[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert list(trust["Principal"]) == ["Service"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_a_tenants_session_is_begun_by_our_services_alone_and_only_with_its_tag() -> None:
    [trust] = RESOURCES["TenantRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    roles = ("ApiRole", "VoiceRole", "WorkerRole")
    assert trust["Principal"] == {"AWS": [{"Fn::GetAtt": [role, "Arn"]} for role in roles]}
    assert trust["Condition"] == {
        "StringLike": {"aws:RequestTag/userId": "?*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["userId"]},
    }
    assert all({"sts:AssumeRole", "sts:TagSession"} <= granted(role) for role in roles)


def test_a_tenants_session_reaches_its_own_rows_and_objects() -> None:
    """Every statement names the tenant, but for rows whose key is an id alone, and what packages are copied from."""
    for found in (found for found in statements() if found.holder == "TenantRole"):
        if found.sid == "RowsByTheirIdAlone":
            named = {entry["Fn::GetAtt"][0] for entry in found.resources}
            by_id = {table.setting for table in TABLES if table.hash_key != "userId"}
            assert {RESOURCES[name]["Properties"]["TableName"] for name in named} == {
                FIELDS[setting].default for setting in by_id
            }
        elif found.sid == "PackageBase":
            assert found.actions == ["s3:GetObject"]
        else:
            tenant = "aws:PrincipalTag/userId"
            assert tenant in str(found.conditions) or all(tenant in str(resource) for resource in found.resources)


def test_a_tenants_session_does_no_more_than_the_services_themselves() -> None:
    assert granted("TenantRole") <= granted("ApiRole")


@pytest.mark.parametrize("holder", ["DataPolicy", "TenantRole"])
def test_no_bucket_is_listed_whole(holder: str) -> None:
    listing = [found for found in statements() if found.holder == holder and "s3:ListBucket" in found.actions]
    assert listing
    assert all("s3:prefix" in found.conditions["StringLike"] for found in listing)
