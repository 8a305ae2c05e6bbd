"""The whole account: moto for S3, IAM, STS and DynamoDB, the fake for Bedrock and AgentCore."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.fakes.aws.agentcore.processes import AgentProcesses
from tests.fakes.aws.agentcore.runtimes import RuntimeFake
from tests.fakes.aws.bedrock.converse import BuiltinBrain, ConverseFake
from tests.fakes.aws.bedrock.knowledge import KnowledgeFake
from tests.fakes.aws.catalogue import CatalogueFake
from tests.fakes.aws.server import FakeService
from tests.fakes.aws.state import ACCOUNT, REGION, CloudState, Timings
from tests.fakes.moto import moto_server, reset

BUCKETS = ("oratio-knowledge-bases", "oratio-generated-code", "oratio-conversations")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": "testing"}
KB_ROLE = "oratio-kb"
VECTOR_BUCKET = "oratio-vectors"
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"


class Cloud:
    """One account that answers on loopback.

    Attributes:
        world: Its clock, waits, faults and the log of calls.
    """

    def __init__(self, *, now: Callable[[], float] = time.time, timings: Timings | None = None) -> None:
        self._closing = contextlib.ExitStack()
        self.moto_url = self._closing.enter_context(moto_server(self._bucket_fault))
        self.s3 = self.client("s3")
        self._iam = self.client("iam")
        self.world = CloudState(s3=self.s3, role_age=self._role_age, now=now, timings=timings or Timings())
        self.knowledge = KnowledgeFake(self.world)
        self.processes = AgentProcesses(self.environment)
        self.runtimes = RuntimeFake(self.world, self.processes)
        self.models = ConverseFake(self.world, BuiltinBrain(self.processes.root))
        streaming = frozenset({"InvokeAgentRuntime", "ConverseStream", "Converse"})
        handlers: dict[str, object] = {
            "bedrock": CatalogueFake((MODEL, "amazon.nova-2-sonic-v1:0")),
            "bedrock-agent": self.knowledge,
            "bedrock-agent-runtime": self.knowledge,
            "bedrock-agentcore-control": self.runtimes,
            "bedrock-agentcore": self.runtimes,
            "bedrock-runtime": self.models,
        }
        self._services = {
            name: FakeService(name, self.world, handler, unlocked=streaming) for name, handler in handlers.items()
        }
        self._provision()

    def _provision(self) -> None:
        self.client("s3vectors").create_vector_bucket(vectorBucketName=VECTOR_BUCKET)
        for bucket in BUCKETS:
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.kb_role_arn = self._iam.create_role(
            RoleName=KB_ROLE, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}'
        )["Role"]["Arn"]

    def client(self, service: str) -> Any:
        """A client of one of moto's services."""
        return boto3.client(
            service,
            endpoint_url=self.moto_url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def environment(self) -> dict[str, str]:
        """What a process needs to reach this account and no other."""
        urls = {
            f"AWS_ENDPOINT_URL_{name.upper().replace('-', '_')}": service.url
            for name, service in self._services.items()
        }
        return {
            "AWS_ENDPOINT_URL": self.moto_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            **CREDENTIALS,
            **urls,
        }

    def reset(self) -> None:
        """An empty account with its buckets and roles."""
        with self.world.lock:
            self.knowledge.reset()
            self.runtimes.reset()
            self.world.faults.mend()
            self.world.calls.clear()
        reset(self.moto_url)
        self._provision()

    def close(self) -> None:
        for service in self._services.values():
            service.stop()
        self.processes.close()
        self._closing.close()

    def _bucket_fault(self, bucket: str) -> tuple[str, str, str] | None:
        if bucket not in BUCKETS or not hasattr(self, "world"):
            return None
        if self.world.faults.take("foreign", bucket):
            return "403 Forbidden", "AccessDenied", "Access Denied"
        if self.world.faults.take("elsewhere", bucket):
            return "301 Moved Permanently", "PermanentRedirect", "use the endpoint of its region"
        return None

    def _role_age(self, arn: str) -> float | None:
        try:
            role = self._iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
        except ClientError:
            return None
        age: float = time.time() - role["CreateDate"].timestamp()
        return age


@contextlib.contextmanager
def cloud(**kwargs: Any) -> Iterator[Cloud]:
    running = Cloud(**kwargs)
    try:
        yield running
    finally:
        running.close()


__all__ = ["ACCOUNT", "REGION", "Cloud", "cloud"]
