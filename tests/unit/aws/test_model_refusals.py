"""An author stops where a person must mend the way to Bedrock's model, and goes on with its draft otherwise."""

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from strands.types.exceptions import EventLoopException

from oratio.adapters.aws.bedrock.bedrock_errors import model_refusal
from oratio.errors import CloudRefused

MODEL = "anthropic.claude"


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "ConverseStream")


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (refused("AccessDeniedException"), "Model access"),
        (EventLoopException(refused("AccessDeniedException")), "Model access"),
        (refused("ExpiredTokenException"), "renew the AWS credentials"),
        (refused("ServiceQuotaExceededException"), "Service Quotas"),
        (NoCredentialsError(), "renew the AWS credentials"),
    ],
)
def test_what_a_person_must_mend_names_the_model_and_the_mend(error: Exception, mend: str) -> None:
    told = model_refusal(MODEL, error)
    assert isinstance(told, CloudRefused)
    assert MODEL in told.message
    assert mend in told.hint


@pytest.mark.parametrize(
    "error",
    [refused("ThrottlingException"), refused("ValidationException"), refused("InternalServerException"), ValueError()],
)
def test_anything_else_is_gone_on_without(error: Exception) -> None:
    assert model_refusal(MODEL, error) is None
