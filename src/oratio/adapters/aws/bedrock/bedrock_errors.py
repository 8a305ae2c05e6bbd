"""What only a person can fix before a model of Bedrock's answers; anything else a caller may go on without."""

from botocore.exceptions import BotoCoreError, ClientError

from oratio.adapters.aws.session import as_oratio_error, error_code
from oratio.errors import CloudRefused, OratioError


def model_refusal(model_id: str, error: Exception) -> OratioError | None:
    """The error to stop with: no access to the model, no credentials that hold, a quota; None for all others.

    Args:
        model_id: Which model was asked.
        error: As Strands raised it, which may wrap AWS's own.
    """
    cause = getattr(error, "original_exception", error)
    if not isinstance(cause, ClientError | BotoCoreError):
        return None
    if error_code(cause) == "AccessDeniedException":
        return CloudRefused(
            f"the model {model_id} may not be called",
            reason="AccessDeniedException",
            hint="enable it under Model access in the Bedrock console, or give this role the right to it, then retry",
        )
    told = as_oratio_error(cause, f"the model {model_id}")
    return told if isinstance(told, CloudRefused) and told.hint else None
