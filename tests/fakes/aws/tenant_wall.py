"""What IAM would say to the calls that are made in tenants' sessions: the template's `TenantRole`, read and applied.

moto evaluates no condition. This knows what that role's statements use, and no more: actions and resources with stars,
`ForAllValues:StringEquals` of the leading keys, `StringLike` of the prefix, `Null`, and the tag in place of its name.
"""

import fnmatch
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from oratio.adapters.aws.dynamodb.tables import TABLES, Table
from oratio.adapters.aws.tenant_sessions import TenantSessions
from oratio.cli.aws.template import read_template, template_path
from oratio.settings import FIELDS
from oratio.tenancy import tenant

RESOURCES: Mapping[str, Any] = read_template(template_path())["Resources"]
TAG = "${aws:PrincipalTag/userId}"
_BY_NAME = {FIELDS[table.setting].default: table for table in TABLES}
_LIST = {"ListObjectsV2": "s3:ListBucket", "ListObjectVersions": "s3:ListBucketVersions"}
_OBJECT = {
    "PutObject": ("s3:PutObject", "s3:PutObjectTagging"),
    "GetObject": ("s3:GetObject",),
    "HeadObject": ("s3:GetObject",),
    "GetObjectTagging": ("s3:GetObjectTagging",),
    "DeleteObject": ("s3:DeleteObject",),
    "CopyObject": ("s3:PutObject", "s3:PutObjectTagging"),
    "CreateMultipartUpload": ("s3:PutObject", "s3:PutObjectTagging"),
    "UploadPart": ("s3:PutObject",),
    "UploadPartCopy": ("s3:PutObject",),
    "CompleteMultipartUpload": ("s3:PutObject",),
    "AbortMultipartUpload": ("s3:AbortMultipartUpload",),
}


class PolicyQuestion(NamedTuple):
    """One thing a call needs: `keys` are the leading keys of the rows, `prefix` that of a listing."""

    action: str
    resource: str
    keys: tuple[str, ...] | None = None
    prefix: str | None = None


class TenantWall:
    """Attributes:
    asked: How many calls were made in tenants' sessions.
    refused: The ones that IAM would have refused, each as a line.
    """

    def __init__(self, log: Path | None = None) -> None:
        """`log`: where to write that there was a call, and each refusal, for another process to see."""
        self.asked = 0
        self.refused: list[str] = []
        self._log = log

    def build(self, patch: pytest.MonkeyPatch) -> None:
        """Stand before every client that is made from now on."""
        attach = TenantSessions.attach

        def attached(sessions: TenantSessions, client: Any) -> None:
            attach(sessions, client)
            client.meta.events.register_last("before-parameter-build", self._look)

        patch.setattr(TenantSessions, "attach", attached)

    def _look(self, params: Mapping[str, Any], model: Any, context: Mapping[str, Any], **_: Any) -> None:
        if not context.get("signing", {}).get("request_credentials"):
            return
        user_id = str(tenant())
        self.asked += 1
        refused = [
            f"{user_id}: {ask}"
            for ask in needs(model.service_model.service_name, model.name, params)
            if not allowed(ask, user_id)
        ]
        self.refused += refused
        if self._log and (refused or self.asked == 1):
            with self._log.open("a") as log:
                log.writelines(f"{line}\n" for line in [_STANDS, *refused])


_STANDS = "a tenant's session was used"


def refusals(log: Path) -> list[str]:
    """What the wall in another process has written; raises when no tenant's session was used there."""
    lines = log.read_text().splitlines()
    assert _STANDS in lines
    return [line for line in lines if line != _STANDS]


def allowed(ask: PolicyQuestion, user_id: str) -> bool:
    """Whether some statement of the role lets a session with this tag do it."""
    role = RESOURCES["TenantRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    return any(_matches(statement, ask, user_id) for statement in role["Statement"])


def _matches(statement: Mapping[str, Any], ask: PolicyQuestion, user_id: str) -> bool:
    actions, resources = (_listed(statement[name]) for name in ("Action", "Resource"))
    if ask.action not in actions or not any(_like(ask.resource, _arn(entry), user_id) for entry in resources):
        return False
    for operator, wanted in statement.get("Condition", {}).items():
        for name, value in wanted.items():
            values = _listed(value)
            match operator, name:
                case "ForAllValues:StringEquals", "dynamodb:LeadingKeys":
                    held = all(key in [entry.replace(TAG, user_id) for entry in values] for key in ask.keys or ())
                case "Null", "dynamodb:LeadingKeys":
                    held = (ask.keys is None) == (value == "true")
                case "StringLike", "s3:prefix":
                    held = ask.prefix is not None and any(_like(ask.prefix, entry, user_id) for entry in values)
                case _:
                    raise AssertionError(f"the wall does not know {operator} of {name}")
            if not held:
                return False
    return True


def _like(text: str, pattern: str, user_id: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace(TAG, user_id).replace("[", "[[]"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _arn(entry: Any) -> str:
    """A resource of the template as `table/NAME…` or `BUCKET…`."""
    text = f"${{{'.'.join(entry['Fn::GetAtt'])}}}" if "Fn::GetAtt" in entry else str(entry["Fn::Sub"])
    return re.sub(r"\$\{(\w+)\.Arn\}", lambda found: _name(found[1]), text).replace("${!", "${")


def _name(logical: str) -> str:
    properties = RESOURCES[logical]["Properties"]
    if "TableName" in properties:
        return f"table/{properties['TableName']}"
    return str(properties["BucketName"]["Fn::Sub"]).replace("${BucketPrefix}", "oratio")


def needs(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[PolicyQuestion]:
    """What IAM checks a call for."""
    yield from _rows(operation, params) if service == "dynamodb" else _objects(operation, params)


def _rows(operation: str, params: Mapping[str, Any]) -> Iterator[PolicyQuestion]:
    match operation:
        case "BatchGetItem":
            for name, asked in params["RequestItems"].items():
                yield _row(operation, name, asked["Keys"])
        case "BatchWriteItem":
            for name, asked in params["RequestItems"].items():
                items = [entry.get("PutRequest", entry.get("DeleteRequest")) for entry in asked]
                yield _row(operation, name, [item.get("Item", item.get("Key")) for item in items])
        case "TransactWriteItems":
            for entry in params["TransactItems"]:
                ((kind, part),) = entry.items()
                action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                yield _row(action, part["TableName"], [part.get("Item", part.get("Key"))])
        case "Query":
            first = re.match(r"#(\w+) = :(\w+)", params["KeyConditionExpression"])
            assert first, params["KeyConditionExpression"]
            key = next(iter(params["ExpressionAttributeValues"][f":{first[2]}"].values()))
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            yield PolicyQuestion("dynamodb:Query", f"table/{params['TableName']}{index}", (key,))
        case _:
            yield _row(operation, params["TableName"], [params.get("Item", params.get("Key"))])


def _row(action: str, name: str, items: list[Any]) -> PolicyQuestion:
    table: Table = _BY_NAME[name]
    return PolicyQuestion(f"dynamodb:{action}", f"table/{name}", tuple(item[table.hash_key]["S"] for item in items))


def _objects(operation: str, params: Mapping[str, Any]) -> Iterator[PolicyQuestion]:
    bucket = params["Bucket"]
    if operation in _LIST:
        yield PolicyQuestion(_LIST[operation], bucket, prefix=params.get("Prefix", ""))
    elif operation == "DeleteObjects":
        for entry in params["Delete"]["Objects"]:
            action = "s3:DeleteObjectVersion" if entry.get("VersionId") else "s3:DeleteObject"
            yield PolicyQuestion(action, f"{bucket}/{entry['Key']}")
    else:
        for action in _OBJECT[operation]:
            if not action.endswith("Tagging") or operation == "GetObjectTagging" or params.get("Tagging"):
                yield PolicyQuestion(action, f"{bucket}/{params['Key']}")
        if source := params.get("CopySource"):
            yield PolicyQuestion("s3:GetObject", f"{source['Bucket']}/{source['Key']}")
