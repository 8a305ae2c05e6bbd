"""`oratio aws`: proposals are shown before they are made, and every end is told in one line."""

from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from oratio.adapters.aws.session import AwsSession
from oratio.cli.aws.commands import parameters_of
from oratio.cli.aws.stack import Change, CloudFormationStack, Event
from oratio.cli.aws.template_store import INLINE_CHARS, TemplateStore
from oratio.errors import CloudRefused, Conflict, InvalidInput, StepFailed

NAME = {"StackName": "oratio"}
PROPOSAL = {**NAME, "ChangeSetName": "oratio"}
ARN = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/oratio/1"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return AwsSession("us-east-1")


@pytest.fixture
def cloud(session: AwsSession) -> Any:
    with Stubber(session.client("cloudformation")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def stack(session: AwsSession, cloud: Any) -> CloudFormationStack:
    return CloudFormationStack(session, "oratio", sleep=lambda _: None)


def there(status: str, **more: Any) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "oratio", "CreationTime": 0, "StackStatus": status, **more}]}


def missing(cloud: Any, operation: str = "describe_stacks") -> None:
    cloud.add_client_error(operation, "ValidationError", "Stack with id oratio does not exist", 400)


def event(number: int, name: str, status: str, reason: str = "") -> dict[str, Any]:
    why = {"ResourceStatusReason": reason} if reason else {}
    return {
        "StackId": "s",
        "EventId": str(number),
        "StackName": "oratio",
        "LogicalResourceId": name,
        "ResourceStatus": status,
        "Timestamp": 0,
        **why,
    }


def propose(stack: CloudFormationStack) -> list[Change]:
    given, names = {"Image": "repo/oratio:1"}, ["Image", "VpcId", "Environment"]
    return stack.propose({"TemplateBody": "{}"}, given, parameters=names, tags={"platform": "oratio"})


def test_a_new_stack_is_proposed_whole(stack: CloudFormationStack, cloud: Any) -> None:
    missing(cloud)
    missing(cloud)
    cloud.add_client_error("delete_change_set", "ValidationError", "Stack [oratio] does not exist", 400)
    asked = {
        **PROPOSAL,
        "ChangeSetType": "CREATE",
        "TemplateBody": "{}",
        "Parameters": [{"ParameterKey": "Image", "ParameterValue": "repo/oratio:1"}],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "platform", "Value": "oratio"}],
    }
    cloud.add_response("create_change_set", {"Id": ARN}, asked)
    cloud.add_response("describe_change_set", {"Status": "CREATE_IN_PROGRESS"}, PROPOSAL)
    change = {"Action": "Add", "LogicalResourceId": "ApiRole", "ResourceType": "AWS::IAM::Role"}
    page = {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": change}], "NextToken": "2"}
    cloud.add_response("describe_change_set", page, PROPOSAL)
    other = {**change, "Action": "Modify", "Replacement": "True", "LogicalResourceId": "Database"}
    page = {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": other}]}
    cloud.add_response("describe_change_set", page, {**PROPOSAL, "NextToken": "2"})
    assert propose(stack) == [
        Change("Add", "ApiRole", "AWS::IAM::Role", False),
        Change("Modify", "Database", "AWS::IAM::Role", True),
    ]


def test_a_parameter_once_given_stays(stack: CloudFormationStack, cloud: Any) -> None:
    known = there("UPDATE_COMPLETE", Parameters=[{"ParameterKey": "VpcId", "ParameterValue": "vpc-1"}])
    cloud.add_response("describe_stacks", known, NAME)
    cloud.add_response("describe_stacks", known, NAME)
    cloud.add_response("delete_change_set", {}, PROPOSAL)
    asked = {
        **PROPOSAL,
        "ChangeSetType": "UPDATE",
        "TemplateBody": "{}",
        "Parameters": [
            {"ParameterKey": "Image", "ParameterValue": "repo/oratio:1"},
            {"ParameterKey": "VpcId", "UsePreviousValue": True},
        ],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": "platform", "Value": "oratio"}],
    }
    cloud.add_response("create_change_set", {"Id": ARN}, asked)
    reason = "The submitted information didn't contain changes. Submit different information to create a change set."
    cloud.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason}, PROPOSAL)
    cloud.add_response("delete_change_set", {}, PROPOSAL)
    assert propose(stack) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [("ROLLBACK_COMPLETE", "never finished.*aws destroy"), ("UPDATE_IN_PROGRESS", "is UPDATE_IN_PROGRESS: wait")],
)
def test_a_stack_that_is_not_at_rest_is_left_alone(
    stack: CloudFormationStack, cloud: Any, status: str, words: str
) -> None:
    cloud.add_response("describe_stacks", there(status), NAME)
    with pytest.raises(Conflict, match=words):
        propose(stack)


def test_events_are_told_once_each_until_the_stack_is_at_rest(stack: CloudFormationStack, cloud: Any) -> None:
    old = event(1, "oratio", "REVIEW_IN_PROGRESS")
    cloud.add_response("describe_stack_events", {"StackEvents": [old]}, NAME)
    cloud.add_response("execute_change_set", {}, PROPOSAL)
    cloud.add_response("describe_stacks", there("CREATE_IN_PROGRESS"), NAME)
    begun = event(2, "ApiRole", "CREATE_IN_PROGRESS")
    cloud.add_response("describe_stack_events", {"StackEvents": [begun, old]}, NAME)
    cloud.add_response("describe_stacks", there("CREATE_COMPLETE"), NAME)
    made = event(3, "ApiRole", "CREATE_COMPLETE")
    cloud.add_response("describe_stack_events", {"StackEvents": [made, begun, old]}, NAME)
    told = list(stack.execute())
    assert told == [Event("ApiRole", "CREATE_IN_PROGRESS", ""), Event("ApiRole", "CREATE_COMPLETE", "")]


def test_a_failed_change_says_so(stack: CloudFormationStack, cloud: Any) -> None:
    cloud.add_response("describe_stack_events", {"StackEvents": []}, NAME)
    cloud.add_response("execute_change_set", {}, PROPOSAL)
    cloud.add_response("describe_stacks", there("ROLLBACK_COMPLETE"), NAME)
    broken = event(1, "Database", "CREATE_FAILED", "the class is not offered here")
    cloud.add_response("describe_stack_events", {"StackEvents": [broken]}, NAME)
    told: list[Event] = []
    with pytest.raises(StepFailed, match="ended ROLLBACK_COMPLETE"):
        told.extend(stack.execute())


def test_a_stack_that_goes_away_has_ended_well(stack: CloudFormationStack, cloud: Any) -> None:
    cloud.add_response("describe_stack_events", {"StackEvents": []}, NAME)
    cloud.add_response("delete_stack", {}, NAME)
    missing(cloud)
    assert list(stack.delete()) == []


def test_credentials_that_have_expired_are_named_with_the_mend(stack: CloudFormationStack, cloud: Any) -> None:
    cloud.add_client_error("describe_stacks", "ExpiredToken", "The security token is expired", 403)
    with pytest.raises(CloudRefused, match="aws sso login"):
        stack.status()


DECLARED = {"Image": {"Description": "Image in ECR"}, "Environment": {"Default": "prod"}}


def test_every_wrong_or_missing_parameter_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        parameters_of(["Colour=red", "nonsense"], DECLARED)
    assert [problem.loc[0] for problem in raised.value.problems] == ["Colour", "nonsense", "Image"]
    assert "Image in ECR" in str(raised.value)


def test_a_parameter_of_an_earlier_deploy_need_not_be_given() -> None:
    assert parameters_of(["Environment=a=b"], DECLARED, known=["Image"]) == {"Environment": "a=b"}


def test_a_short_template_goes_with_the_call(session: AwsSession) -> None:
    assert TemplateStore(session).argument("{}") == {"TemplateBody": "{}"}


@mock_aws
def test_a_long_template_lies_in_a_closed_bucket_of_the_account(session: AwsSession) -> None:
    body = "{}" + " " * INLINE_CHARS
    for _ in range(2):
        url = TemplateStore(session).argument(body)["TemplateURL"]
    bucket, key = url.removeprefix("https://s3.amazonaws.com/").split("/")
    assert bucket == "oratio-templates-123456789012-us-east-1"
    s3 = session.client("s3")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body.encode()
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
