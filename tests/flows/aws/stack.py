"""The flows on `aws`: a real Prefect server and the product's own worker, against moto and the fakes.

The worker and the services here are the product's as they are; only `AWS_ENDPOINT_URL_*` differ from an account. What
the worker asks of a tenant's rows and objects is held against the template's rights, which moto does not do.
"""

import contextlib
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from oratio.adapters.aws.dynamodb.tables import names
from oratio.adapters.aws.session import AwsSession
from oratio.adapters.aws.setup import create_tables
from oratio.bootstrap import Platform, Services, build_platform, build_services
from oratio.ports.secrets import SecretName
from oratio.settings import Settings, load
from tests import prefect_server
from tests.fakes.aws.cloud import ACCOUNT, KB_ROLE, MODEL, REGION, Cloud, cloud
from tests.fakes.aws.state import Timings
from tests.fakes.aws.tenant_wall import refusals
from tests.flows.stack import LocalStack


class AwsStack(LocalStack):
    """`cloud` is the account; everything in it is seen and may be made to fail."""

    worker_module = "tests.flows.aws.walled_worker"
    patience_s = 240.0  # an agent's processes and its rehearsal are real
    poll_s = 0.25  # a look at a record is a call of moto, in this process

    def __init__(self, data: Path, account: Cloud, **more: object) -> None:
        """`more` are settings."""
        self.cloud = account
        self._more = more
        super().__init__(data)

    def refused(self) -> list[str]:
        """What AWS would have refused of the worker's calls for a tenant."""
        return refusals(self.settings.data / "wall.log")

    def _settings(self, data: Path) -> Settings:
        given: Mapping[str, object] = {"port_base": prefect_server.free_port_base(), "lease_seconds": 6, **self._more}
        return aws_settings(data, **given)

    def _build(self) -> tuple[Platform, Services]:
        prepare(self.settings)
        platform = build_platform(self.settings)
        return platform, build_services(platform)


def aws_settings(data: Path, **more: object) -> Settings:
    """Settings of an installation on the fakes' account."""
    given: Mapping[str, object] = {
        "platform": "aws",
        "model": f"bedrock/{MODEL}",
        "data": data,
        "environment": "test",
        "aws_region": REGION,
        "aws_account_id": ACCOUNT,
        "tenant_role_arn": f"arn:aws:iam::{ACCOUNT}:role/oratio-tenant-test",
        "knowledge_role_arn": f"arn:aws:iam::{ACCOUNT}:role/{KB_ROLE}",
        "ingestion_interval_seconds": 0,
        "agent_base": data / "agent-base-test.zip",
        "secrets_folder": data / "secrets",
        "jwt_issuer": "https://issuer.test",
        "jwt_audience": "oratio",
        **more,
    }
    return load(**given)


def prepare(settings: Settings) -> None:
    """What an operator does once: tables, secrets, the zip of the agents' dependencies."""
    create_tables(AwsSession(settings.aws.aws_region), names(settings))
    folder, base = settings.aws.secrets_folder, settings.aws.agent_base
    assert folder
    assert base
    folder.mkdir(parents=True, exist_ok=True)
    for name in SecretName:
        if not (folder / name).exists():
            (folder / name).write_bytes(secrets.token_bytes(32))
    with zipfile.ZipFile(base, "w") as archive:
        # What an agent imports is installed where its process runs here.
        archive.writestr("base.txt", "nothing")


@contextlib.contextmanager
def aws_stack(data: Path, timings: Timings | None = None, **more: object) -> Iterator[AwsStack]:
    """A stack with a worker that runs, in an environment that leads to the fakes."""
    with (
        cloud(timings=timings or Timings(between_ingestions=0.0)) as account,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in account.environment().items():
            environment.setenv(name, value)
        stack = AwsStack(data, account, **more)
        try:
            stack.start_worker()
            yield stack
        finally:
            stack.close()
