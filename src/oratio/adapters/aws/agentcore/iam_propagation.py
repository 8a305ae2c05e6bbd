"""A role made seconds ago is refused by the services that are to assume it; for a minute that means: not yet."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from oratio.adapters.aws.session import error_code
from oratio.errors import CloudRefused, NotReady
from oratio.ports.clock import Clock

PATIENCE_MS = 60_000
_CODES = ("AccessDeniedException", "ValidationException")
_SIGNS = ("assume", "unable to verify the specified embedding model", "role validation failed")


class IamPropagation:
    """Remembers when a role was first refused."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, int] = {}

    @contextmanager
    def patience(self, role_arn: str) -> Iterator[None]:
        """Around a call that hands the role over.

        Raises:
            NotReady: The role is refused, and was first refused less than a minute ago.
            CloudRefused: It is still refused.
        """
        try:
            yield
        except ClientError as error:
            said = str(error.response.get("Error", {}).get("Message", ""))
            if error_code(error) not in _CODES or not any(sign in said.lower() for sign in _SIGNS):
                raise
            now = self._clock.now_ms()
            since = self._since.setdefault(role_arn, now)
            if now - since < PATIENCE_MS:
                raise NotReady(f"the role {role_arn} is not known everywhere yet") from error
            self._since.pop(role_arn, None)  # a retry begins a new minute
            raise CloudRefused(
                f"AWS cannot assume the role {role_arn}",
                reason=error_code(error),
                hint="check that it exists and trusts the service (deployments/aws/template.yaml), then retry",
            ) from error
        self._since.pop(role_arn, None)
