"""Makes every AWS client, and says in Oratio's own errors what AWS said.

Endpoints other than AWS's own come from `AWS_ENDPOINT_URL_<SERVICE>` alone, which botocore reads by itself.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from oratio.adapters.aws.call_spans import trace_calls
from oratio.adapters.aws.tenant_sessions import SERVICES, TenantSessions
from oratio.errors import CloudRefused, Conflict, NotFound, OratioError, RateLimited, Unavailable

type Kind = Literal["control", "data", "stream"]

_KINDS: Mapping[Kind, Mapping[str, Any]] = {
    # A task repeats it, so botocore must not: two layers would multiply.
    "control": {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "total_max_attempts": 1}},
    # Called from requests that no one repeats.
    "data": {"connect_timeout": 2, "read_timeout": 20, "retries": {"mode": "standard", "total_max_attempts": 4}},
    # Turns of agents are not idempotent and may be long.
    "stream": {"connect_timeout": 5, "read_timeout": 900, "retries": {"mode": "standard", "total_max_attempts": 1}},
}
_POOL = 50
_MOST_WORDS = 300

_SIGN_IN = "renew the AWS credentials (`aws sso login`, or the role of this task)"
_REGION = "check ORATIO_AWS_REGION"
_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "TokenRefreshRequired",
}
_RIGHTS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AllAccessDisabled", "Forbidden", "403"}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "SlowDown",
    "EC2ThrottledException",
    "BandwidthLimitExceeded",
}
_QUOTA = {"ServiceQuotaExceededException", "LimitExceededException", "TooManyBuckets"}
_MISSING = {"ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NotFound", "404"}
_CONFLICT = {"ConflictException", "ResourceInUseException", "RetryableConflictException", "OperationAborted", "409"}
_WRONG_REGION = {
    "PermanentRedirect",
    "301",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "UnknownEndpoint",
}
_PASSING = {
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ModelNotReadyException",
    "RequestTimeout",
    "RequestTimeoutException",
    "DependencyFailedException",
    "BadGatewayException",
    "TransactionInProgressException",
}


class AwsSession:
    """The clients of one process; each is made once, when first asked for, and may be used by all threads.

    Args:
        region: Where; None is what the AWS profile says.
        tenant_role_arn: What is done for one tenant is done with this role and the tenant's tag; None: as the process.
    """

    def __init__(self, region: str | None = None, *, tenant_role_arn: str | None = None) -> None:
        self._region = region
        self._tenants = TenantSessions(self._assume, tenant_role_arn) if tenant_role_arn else None
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[tuple[str, Kind], Any] = {}

    def client(self, service: str, kind: Kind = "control") -> Any:
        """A boto3 client.

        Args:
            service: boto3's name of it: `s3`, `bedrock-agent`.
            kind: `control` never repeats a call; `data` repeats as botocore does; `stream` waits long and never does.

        Raises:
            CloudRefused: No region is set, or the profile does not exist.
        """
        with self._lock, translated(f"the AWS client of {service}"):
            if (service, kind) not in self._clients:
                self._session = self._session or boto3.session.Session(region_name=self._region)
                config = Config(max_pool_connections=_POOL, tcp_keepalive=True, **_KINDS[kind])
                client = self._session.client(service, config=config)
                trace_calls(client)
                if self._tenants and service in SERVICES:
                    self._tenants.attach(client)
                self._clients[service, kind] = client
            return self._clients[service, kind]

    def _assume(self, **asked: Any) -> Mapping[str, Any]:
        with translated(f"the role {asked['RoleArn']}"):
            given: Mapping[str, Any] = self.client("sts", "data").assume_role(**asked)
        return given

    @property
    def credentials(self) -> Any:
        """Botocore's credentials, which renew themselves, for requests that are signed by hand.

        Raises:
            CloudRefused: There are none.
        """
        self.client("sts")
        with translated("AWS"):
            found = self._session.get_credentials()
            if found is None:
                raise NoCredentialsError
            return found.get_frozen_credentials()

    @property
    def region(self) -> str:
        """The region that clients use.

        Raises:
            CloudRefused: None is set.
        """
        with self._lock:
            self._session = self._session or boto3.session.Session(region_name=self._region)
            found = self._session.region_name
        if not found:
            raise as_oratio_error(NoRegionError(), "AWS")
        return str(found)


def error_code(error: Exception) -> str:
    """AWS's own code of an error, or the name of botocore's."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__


@contextmanager
def translated(resource: str) -> Iterator[None]:
    """Raise what AWS says about a resource as an error of our tree; `resource` is how a message names it."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise as_oratio_error(error, resource) from error


def as_oratio_error(error: ClientError | BotoCoreError, resource: str) -> OratioError:
    """What AWS said, in our tree: `retryable` when waiting may help, `hint` says what a person must do when not."""
    code = error_code(error)
    if isinstance(error, ClientError):
        return _answered(error, code, resource)
    if isinstance(error, NoRegionError | InvalidRegionError):
        return CloudRefused("no usable AWS region is set", reason=code, hint="set ORATIO_AWS_REGION")
    no_credentials = NoCredentialsError | PartialCredentialsError | CredentialRetrievalError
    if isinstance(error, no_credentials | SSOError | TokenRetrievalError | ProfileNotFound):
        return CloudRefused(f"there are no AWS credentials to reach {resource}", reason=code, hint=_SIGN_IN)
    if isinstance(error, HTTPClientError | AwsConnectionError | IncompleteReadError):
        return Unavailable(f"{resource} does not answer ({code})", hint=f"check the network; {_REGION}")
    return CloudRefused(f"{resource} could not be asked ({code}: {_words(error)})", reason=code)


def _answered(error: ClientError, code: str, resource: str) -> OratioError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _CREDENTIALS:
        return CloudRefused(f"the AWS credentials are not valid for {resource} ({code})", reason=code, hint=_SIGN_IN)
    if code in _RIGHTS:
        return CloudRefused(
            f"{error.operation_name} on {resource} is not allowed",
            reason=code,
            hint="give this role the right, check the owner of the resource, or `oratio doctor --platform aws`",
        )
    if code in _THROTTLED or status == 429:
        return RateLimited(f"{resource} is asked too often ({code})")
    if code in _QUOTA:
        return CloudRefused(
            f"a quota is reached at {resource} ({code}: {_words(error)})",
            reason=code,
            hint="ask AWS to raise it in Service Quotas, then retry",
        )
    if code in _WRONG_REGION:
        return CloudRefused(f"{resource} is in another region ({code})", reason=code, hint=_REGION)
    if code in _MISSING:
        return NotFound(f"{resource} is not there")
    if code in _CONFLICT:
        return Conflict(f"{resource} is in a state that forbids {error.operation_name} ({_words(error)})")
    if code in _PASSING or status >= 500:
        return Unavailable(f"{resource} does not answer ({code})", hint="try again later")
    return CloudRefused(f"{error.operation_name} on {resource} was refused ({code}: {_words(error)})", reason=code)


def _words(error: Exception) -> str:
    """What AWS or botocore said, in one line of bounded length."""
    said = error.response.get("Error", {}).get("Message", "") if isinstance(error, ClientError) else str(error)
    return " ".join(said.split())[:_MOST_WORDS]
