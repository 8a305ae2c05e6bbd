"""Makes the tables and buckets on an endpoint, and says how those that are there differ from what Oratio needs.

On an account the CloudFormation template makes them; a test holds it against the same description.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from oratio.adapters.aws.dynamodb.tables import Index, Table, kind
from oratio.adapters.aws.session import AwsSession, translated
from oratio.errors import Conflict, NotFound

LIFECYCLE: Sequence[Mapping[str, Any]] = (
    {
        "ID": "uploads-that-nobody-submitted",
        "Status": "Enabled",
        "Filter": {"Tag": {"Key": "resourceType", "Value": "upload"}},
        "Expiration": {"Days": 2},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    },
    {
        "ID": "parts-of-files-that-never-came",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
    },
)
"""Of every bucket, as `PutBucketLifecycleConfiguration` calls it."""


def create_tables(session: AwsSession, names: Mapping[Table, str]) -> None:
    """Make what is missing; what is there stays as it is."""
    client = session.client("dynamodb")
    for table, name in names.items():
        with suppress(Conflict), translated(f"the table {name}"):
            client.create_table(TableName=name, **definition(table))
        with translated(f"the table {name}"):
            client.get_waiter("table_exists").wait(TableName=name)
            if table.time_to_live and _time_to_live(client, name) is None:
                asked = {"Enabled": True, "AttributeName": table.time_to_live}
                client.update_time_to_live(TableName=name, TimeToLiveSpecification=asked)


def definition(table: Table) -> dict[str, Any]:
    """A table as `CreateTable` and CloudFormation's `AWS::DynamoDB::Table` call it, but for its name."""
    local = [index for index in table.indexes if index.local]
    others = [index for index in table.indexes if not index.local]
    keys = {*table.keys, *(key for index in table.indexes for key in (index.hash_key, index.range_key))}
    found: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _schema(*table.keys),
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind(key)} for key in sorted(keys)],
    }
    if local:
        found["LocalSecondaryIndexes"] = list(map(_index, local))
    if others:
        found["GlobalSecondaryIndexes"] = list(map(_index, others))
    return found


def _schema(*keys: str) -> list[dict[str, str]]:
    return [{"AttributeName": key, "KeyType": role} for key, role in zip(keys, ("HASH", "RANGE"), strict=False)]


def _index(index: Index) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "KeySchema": _schema(index.hash_key, index.range_key),
        "Projection": {"ProjectionType": "ALL" if index.whole else "KEYS_ONLY"},
    }


def create_buckets(session: AwsSession, names: Sequence[str]) -> None:
    """Make what is missing: versioned, closed to the public."""
    client = session.client("s3")
    where = {} if session.region == "us-east-1" else {"LocationConstraint": session.region}
    for name in names:
        with suppress(Conflict), translated(f"the bucket {name}"):
            client.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
        with translated(f"the bucket {name}"):
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [*LIFECYCLE]})
            closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
            client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))


def table_problems(session: AwsSession, names: Mapping[Table, str]) -> Iterator[str]:
    """What is missing or different, one sentence each."""
    client = session.client("dynamodb")
    for table, name in names.items():
        try:
            with translated(f"the table {name}"):
                there = client.describe_table(TableName=name)["Table"]
        except NotFound:
            yield f"the table {name} is missing"
            continue
        wanted = definition(table)
        if there["KeySchema"] != wanted["KeySchema"]:
            yield f"the table {name} has another key than {', '.join(table.keys)}"
        for group in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
            found = {index["IndexName"]: index["KeySchema"] for index in there.get(group, ())}
            for index in wanted.get(group, ()):
                if found.get(index["IndexName"]) != index["KeySchema"]:
                    yield f"the table {name} lacks the index {index['IndexName']}"
        if table.time_to_live and _time_to_live(client, name) != table.time_to_live:
            yield f"the table {name} does not expire rows by {table.time_to_live}"


def _time_to_live(client: Any, name: str) -> str | None:
    found: str | None = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get("AttributeName")
    return found
