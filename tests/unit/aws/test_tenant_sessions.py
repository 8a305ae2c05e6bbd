"""Rows and objects of a tenant are asked for in a session of the tenant's own; what is no tenant's, as the process."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from oratio.adapters.aws.session import AwsSession
from oratio.errors import CloudRefused
from oratio.tenancy import acting_for, tenant
from tests.fakes.aws.tenant_wall import PolicyQuestion, allowed

ROLE = "arn:aws:iam::123456789012:role/oratio-tenant-test"


class TenantAccount:
    """One AWS account of moto's: who asked for what, by access key and session."""

    def __init__(self) -> None:
        self.session = AwsSession("us-east-1", tenant_role_arn=ROLE)
        self.assumed: list[dict[str, Any]] = []
        sts = self.session.client("sts", "data")
        sts.meta.events.register("before-parameter-build", self._note)
        self._keys: list[str] = []

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self.assumed.append(params)

    def signer(self, service: str, call: Callable[[Any], object]) -> str:
        """The access key a call was signed with."""
        seen: list[str] = []
        events = self.session.client(service, "data").meta.events

        def look(request: Any, **_: Any) -> None:
            seen.append(request.headers["Authorization"].decode().partition("Credential=")[2].partition("/")[0])

        events.register("before-send", look, unique_id="look")
        with suppress(ClientError):  # nothing is there; it was asked for all the same
            call(self.session.client(service, "data"))
        events.unregister("before-send", unique_id="look")
        return seen[0]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[TenantAccount]:
    with mock_aws():
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "process")
        yield TenantAccount()


def test_each_tenant_has_a_session_that_carries_its_id_and_lasts_a_quarter_of_an_hour(account: TenantAccount) -> None:
    keys = []
    for user_id in ("ada", "eve", "ada"):
        with acting_for(user_id):
            keys.append(account.signer("dynamodb", lambda tables: tables.list_tables()))
    assert keys[0] == keys[2]
    assert len({*keys, "process"}) == 3
    assert [(asked["RoleArn"], asked["Tags"], asked["DurationSeconds"]) for asked in account.assumed] == [
        (ROLE, [{"Key": "userId", "Value": user_id}], 900) for user_id in ("ada", "eve")
    ]


@pytest.mark.parametrize("user_id", [None, "auth0|ada", "x" * 257])
def test_work_for_nobody_or_for_an_id_no_tag_can_hold_is_the_processs_own(
    account: TenantAccount, user_id: str | None
) -> None:
    with acting_for(user_id) if user_id else nullcontext():
        assert account.signer("s3", lambda s3: s3.list_buckets()) == "process"
    assert account.assumed == []


@pytest.mark.parametrize(
    "call",
    [
        lambda s3: s3.get_object(Bucket="code", Key=".oratio/last-ingestion-start.json"),
        lambda s3: s3.list_multipart_uploads(Bucket="code", Prefix="ada/"),
    ],
)
def test_what_all_tenants_share_is_the_processs_own(account: TenantAccount, call: Callable[[Any], object]) -> None:
    with acting_for("ada"):
        assert account.signer("s3", call) == "process"


def test_a_role_that_may_not_be_assumed_is_named(account: TenantAccount) -> None:
    with Stubber(account.session.client("sts", "data")) as sts, acting_for("ada"):
        sts.add_client_error("assume_role", "AccessDenied", "not authorized")
        with pytest.raises(CloudRefused, match="oratio-tenant-test is not allowed"):
            account.session.client("dynamodb", "data").list_tables()


def test_who_acts_is_forgotten_afterwards() -> None:
    with acting_for("ada"):
        assert tenant() == "ada"
    assert tenant() is None


@pytest.mark.parametrize(
    "ask",
    [
        PolicyQuestion("dynamodb:GetItem", "table/oratio-agents", ("eve",)),
        PolicyQuestion("dynamodb:BatchGetItem", "table/oratio-agents", ("ada", "eve")),
        PolicyQuestion("dynamodb:Query", "table/oratio-agents/index/work-index", ("ada",)),
        PolicyQuestion("dynamodb:Scan", "table/oratio-agents"),
        PolicyQuestion("dynamodb:Query", "table/oratio-knowledgebases/index/userId-index", ("eve",)),
        PolicyQuestion("s3:GetObject", "oratio-knowledge-bases/eve/a1/manual.md"),
        PolicyQuestion("s3:GetObject", "oratio-knowledge-bases/ada2/a1/manual.md"),
        PolicyQuestion("s3:ListBucket", "oratio-knowledge-bases", prefix=""),
        PolicyQuestion("s3:ListBucket", "oratio-knowledge-bases", prefix="ada"),
        PolicyQuestion("s3:PutObject", "oratio-generated-code/.oratio/agent-bases/base.zip"),
    ],
)
def test_a_session_is_refused_what_is_another_tenants(ask: PolicyQuestion) -> None:
    assert not allowed(ask, "ada")


@pytest.mark.parametrize(
    "ask",
    [
        PolicyQuestion("dynamodb:Query", "table/oratio-agents/index/listed-index", ("ada",)),
        PolicyQuestion("dynamodb:PutItem", "table/oratio-knowledgebases", ("kb-1",)),
        PolicyQuestion("s3:GetObject", "oratio-knowledge-bases/ada/a1/manual.md"),
        PolicyQuestion("s3:ListBucket", "oratio-conversations", prefix="ada/a1/"),
    ],
)
def test_a_session_is_allowed_what_is_its_own(ask: PolicyQuestion) -> None:
    assert allowed(ask, "ada")
