"""What the fake's services share: the clock, the waits, ids, and things that change by themselves."""

import secrets
import string
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.fakes.aws.calls import CallLog, Faults
from tests.fakes.aws.model import AwsError
from tests.fakes.aws.rates import Rates

ACCOUNT = "123456789012"
REGION = "us-east-1"
_ID = string.digits + string.ascii_uppercase


@dataclass(slots=True)
class Timings:
    """How long things take, in seconds of the fake's clock; the defaults hurry."""

    create: float = 0.05
    ingestion_starting: float = 0.02
    ingestion: float = 0.05
    delete: float = 0.03
    endpoint: float = 0.02
    between_ingestions: float = 10.0


@dataclass(slots=True)
class CloudState:
    """One account in one region.

    Attributes:
        s3: A client of the S3 the fake reads.
        role_age: Seconds since a role was made; None when there is no such role.
        lock: Held by every operation but the streaming ones.
    """

    s3: Any
    role_age: Callable[[str], float | None]
    now: Callable[[], float] = time.time
    timings: Timings = field(default_factory=Timings)
    faults: Faults = field(default_factory=Faults)
    calls: CallLog = field(default_factory=CallLog)
    rates: Rates = field(default_factory=Rates)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def stamp(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def require_role(self, arn: str, operation: str) -> None:
        """As the service: a role it cannot assume, or one made just now, is refused.

        Raises:
            AwsError: So it is here.
        """
        age = self.role_age(arn)
        if age is None:
            raise AwsError("ValidationException", f"Bedrock cannot assume the role {arn}: it does not exist")
        fault = self.faults.take("role_age", operation)
        if fault is not None and age < fault.data["seconds"]:
            raise AwsError("AccessDeniedException", f"cannot assume the role {arn}")


def new_id() -> str:
    return "".join(secrets.choice(_ID) for _ in range(10))


@dataclass(slots=True)
class Slow:
    """A resource that reaches a state by itself.

    Attributes:
        value: What `Get` shows, without what changes.
        status: Where it is now; `becomes` after `at` on the clock, when that is set.
    """

    value: dict[str, Any]
    status: str
    becomes: str | None = None
    at: float = 0.0
    reasons: list[str] = field(default_factory=list)

    def later(self, status: str, at: float) -> None:
        self.becomes, self.at = status, at

    def settle(self, now: float) -> str:
        if self.becomes is not None and now >= self.at:
            self.status, self.becomes = self.becomes, None
        return self.status


class Tokens:
    """Client tokens: the same one again gives what it gave before; with other parameters it is a conflict."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[Mapping[str, Any], str]] = {}

    def known(self, operation: str, params: Mapping[str, Any]) -> str | None:
        token = params.get("clientToken")
        found = self._seen.get((operation, str(token))) if token else None
        if found is None:
            return None
        before, resource = found
        if before != {key: value for key, value in params.items() if key != "clientToken"}:
            raise AwsError("ConflictException", "the client token was used with other parameters")
        return resource

    def keep(self, operation: str, params: Mapping[str, Any], resource: str) -> None:
        if token := params.get("clientToken"):
            rest = {key: value for key, value in params.items() if key != "clientToken"}
            self._seen[(operation, str(token))] = (rest, resource)
