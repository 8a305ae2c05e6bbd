"""What is left of Oratio in an account: everything that carries its tags or its names, wherever it may be."""

from collections.abc import Iterator

from tests.fakes.aws.cloud import BUCKETS, Cloud

# Of the whole installation, not of an agent.
_SHARED = ".oratio/"


def orphans(account: Cloud, agent_id: str = "") -> list[str]:
    """One line for each thing an agent owns (of one agent, where it can be told)."""
    return [line for line in _all(account) if agent_id in line]


def _all(account: Cloud) -> Iterator[str]:
    for base_id, base in account.knowledge.bases.items():
        yield f"knowledge base {base_id} {base.settle(account.world.now())} of {base.tags.get('agentId')}"
    for runtime_id, runtime in account.runtimes.runtimes.items():
        yield f"runtime {runtime_id} {runtime.settle(account.world.now())} of {runtime.tags.get('agentId')}"
    iam = account.client("iam")
    for role in iam.list_roles()["Roles"]:
        if role["RoleName"].startswith("oratio-agent-"):
            tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName=role["RoleName"])["Tags"]}
            yield f"role {role['RoleName']} of {tags.get('agentId')}"
    for bucket in BUCKETS:
        listed = account.s3.list_object_versions(Bucket=bucket)
        for entry in [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]:
            if not entry["Key"].startswith(_SHARED):
                yield f"object s3://{bucket}/{entry['Key']} in version {entry['VersionId']}"
        for upload in account.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", ()):
            yield f"unfinished upload s3://{bucket}/{upload['Key']}"
    dynamo = account.client("dynamodb")
    for table in dynamo.list_tables()["TableNames"]:
        for item in dynamo.scan(TableName=table)["Items"]:
            if "agentId" in item or "sk" in item or "pk" in item:
                yield f"row of {table} {sorted(item)[:3]} {item.get('agentId', {}).get('S', '')}"
