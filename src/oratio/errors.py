"""Tree of the errors that Oratio raises on purpose.

    OratioError                      something a person or a program can act on
    ├── InvalidInput          422    a field or file breaks a rule; `problems` lists each
    │   └── TooLarge          413    a size limit was passed
    ├── NotAuthenticated      401    no token or key, or an invalid one
    ├── NotAllowed            403    the token or key is valid but not for this
    ├── NotFound              404    not found for this tenant
    ├── Conflict              409    the thing is in a state that forbids this
    │   ├── StaleRecord       409    another process wrote the record first        (retryable)
    │   └── LeaseLost         409    another run took over this version
    ├── NotReady              503    not finished yet, ask again                 (retryable)
    ├── Unavailable           503    a dependency does not answer                (retryable)
    ├── RateLimited           429    over a limit; `retry_after_s` says when     (retryable)
    ├── CloudRefused          503    the cloud says no until a person fixes credentials, rights, quota or settings
    └── StepFailed            500    a step of the pipeline cannot succeed as things are
        ├── NoDocumentsIndexed       not one document could be read
        ├── CodeRejected             the generated code did not pass review
        ├── RehearsalFailed          the agent did not pass its rehearsal
        └── AgentFailed       502    a running agent answered with a failure or not at all

`code` is the stable name programs match on; `status` the HTTP status; `retryable` says whether the same
call may succeed later without any change. Messages are written for an operator: they name
the field, file or resource and the fix, and never hold document text, SOP text, transcripts or secrets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Problem of one field or file of a request.

    Attributes:
        loc: Its path in the request, outermost first: `("files", "a/b.pdf")`, `("sop",)`.
        msg: One sentence: the problem and its fix.
    """

    loc: tuple[str, ...]
    msg: str


class OratioError(Exception):
    """Root of the tree; raised only through its subclasses."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class InvalidInput(OratioError):
    """Request that breaks a rule; nothing of it was stored."""

    code = "invalid_input"
    status = 422

    def __init__(self, message: str, problems: Sequence[FieldProblem] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class TooLarge(InvalidInput):
    """File, field or request over its size limit."""

    code = "too_large"
    status = 413


class NotAuthenticated(OratioError):
    code = "not_authenticated"
    status = 401


class NotAllowed(OratioError):
    code = "not_allowed"
    status = 403


class NotFound(OratioError):
    code = "not_found"
    status = 404


class Conflict(OratioError):
    code = "conflict"
    status = 409


class StaleRecord(Conflict):
    """Compare-and-set that found a newer record than the one it was given."""

    code = "stale_record"
    retryable = True


class LeaseLost(Conflict):
    """Lease on (agent, version) that has moved to another run; this one must stop."""

    code = "lease_lost"


class NotReady(OratioError):
    """Work that is not finished yet; `retry_after_s`, where it is known, says when to ask again."""

    code = "not_ready"
    status = 503
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Unavailable(OratioError):
    code = "unavailable"
    status = 503
    retryable = True


class RateLimited(OratioError):
    code = "rate_limited"
    status = 429
    retryable = True

    def __init__(self, message: str, *, retry_after_s: float = 1.0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class CloudRefused(OratioError):
    """Refusal of the cloud, which repeats until a person changes something there; `reason` is the cloud's own code."""

    code = "cloud_refused"
    status = 503

    def __init__(self, message: str, *, reason: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class StepFailed(OratioError):
    """Pipeline step that will fail again until its inputs change."""

    code = "step_failed"


class NoDocumentsIndexed(StepFailed):
    code = "no_documents_indexed"


class CodeRejected(StepFailed):
    code = "code_rejected"


class RehearsalFailed(StepFailed):
    code = "rehearsal_failed"


class AgentFailed(StepFailed):
    code = "agent_failed"
    status = 502
