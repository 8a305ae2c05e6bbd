"""The CloudFormation template: sound by the linter, the same tables as the code's, the settings that exist."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from oratio.adapters.aws.dynamodb.tables import TABLES
from oratio.adapters.aws.setup import definition
from oratio.cli.aws.template import read_template, template_body, template_path
from oratio.ports.secrets import SecretName
from oratio.settings import FIELDS, SECRETS

TREE = read_template(template_path())
REGIONS = ("us-east-1", "us-west-2", "ap-northeast-1")


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in TREE["Resources"].items() if entry["Type"] == kind}


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    command = [str(linter), "--regions", *REGIONS, "--", str(template_path())]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_no_longer_than_cloudformation_takes() -> None:
    assert len(template_body(TREE).encode()) < 1_000_000


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.setting)
def test_a_table_is_as_the_code_describes_it(table: Any) -> None:
    name = FIELDS[table.setting].default
    found = [entry["Properties"] for entry in of_kind("AWS::DynamoDB::Table").values()]
    made = next(entry for entry in found if entry["TableName"] == name)
    assert {key: made[key] for key in definition(table)} == definition(table)
    assert made.get("TimeToLiveSpecification", {}).get("AttributeName") == table.time_to_live
    assert made["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_every_table_and_secret_of_the_code_is_made_and_no_other() -> None:
    assert len(of_kind("AWS::DynamoDB::Table")) == len(TABLES)
    names = {entry["Properties"]["Name"] for entry in of_kind("AWS::SecretsManager::Secret").values()}
    assert names == {f"oratio/{name}" for name in SecretName} | {"oratio/prefect-auth"}


def test_what_holds_data_outlives_the_stack() -> None:
    kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")
    kept = [entry for kind in kinds for entry in of_kind(kind).values()]
    assert {(entry["DeletionPolicy"], entry["UpdateReplacePolicy"]) for entry in kept} == {("Retain", "Retain")}


@pytest.mark.parametrize("name", of_kind("AWS::S3::Bucket"))
def test_a_bucket_is_versioned_encrypted_closed_and_reached_by_tls_alone(name: str) -> None:
    bucket = TREE["Resources"][name]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    [policy] = [
        entry["Properties"]["PolicyDocument"]["Statement"]
        for entry in of_kind("AWS::S3::BucketPolicy").values()
        if entry["Properties"]["Bucket"] == {"Ref": name}
    ]
    tls = next(statement for statement in policy if statement["Sid"] == "TlsOnly")
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def containers() -> list[Any]:
    return [
        pytest.param(entry["Properties"]["ContainerDefinitions"][0], id=name)
        for name, entry in of_kind("AWS::ECS::TaskDefinition").items()
    ]


@pytest.mark.parametrize("container", containers())
def test_a_container_is_given_settings_that_exist(container: dict[str, Any]) -> None:
    given = [entry["Name"] for key in ("Environment", "Secrets") for entry in container.get(key, ())]
    known = {f"ORATIO_{name.upper()}" for name in FIELDS}
    assert {name for name in given if name.startswith("ORATIO_")} <= known
    assert len(given) == len(set(given))


@pytest.mark.parametrize("container", containers())
def test_a_container_is_given_only_the_secrets_that_its_process_needs(container: dict[str, Any]) -> None:
    given = {entry["Name"] for entry in container.get("Secrets", ()) if entry["Name"].startswith("ORATIO_")}
    command = container.get("Command", [])
    process = command[2] if command[:2] == ["oratio", "run"] else None
    allowed = SECRETS[process] if process else frozenset()
    assert given <= {f"ORATIO_{name.upper()}" for name in allowed}


@pytest.mark.parametrize("container", containers())
def test_a_container_holds_no_secret_in_the_open(container: dict[str, Any]) -> None:
    words = ("PASSWORD", "AUTH", "TOKEN", "SECRET", "KEY")
    assert not [entry["Name"] for entry in container.get("Environment", ()) if entry["Name"].endswith(words)]
