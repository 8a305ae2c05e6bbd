"""What AWS says becomes an error of our tree that names the resource and the mend."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

from oratio.adapters.aws.session import AwsSession, translated
from oratio.errors import CloudRefused, Conflict, NotFound, OratioError, RateLimited, Unavailable

BUCKET = "the bucket oratio-knowledge-bases"


def refusal(code: str, status: int = 400, message: str = "said so") -> ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")


@pytest.mark.parametrize(
    ("code", "status", "expected", "retryable", "mend"),
    [
        ("ExpiredTokenException", 400, CloudRefused, False, "renew the AWS credentials"),
        ("InvalidClientTokenId", 403, CloudRefused, False, "renew the AWS credentials"),
        ("AccessDenied", 403, CloudRefused, False, "give this role the right"),
        ("PermanentRedirect", 301, CloudRefused, False, "ORATIO_AWS_REGION"),
        ("ServiceQuotaExceededException", 402, CloudRefused, False, "Service Quotas"),
        ("ValidationException", 400, CloudRefused, False, ""),
        ("ThrottlingException", 429, RateLimited, True, ""),
        ("SlowDown", 503, RateLimited, True, ""),
        ("InternalServerException", 500, Unavailable, True, "later"),
        ("SomethingNew", 503, Unavailable, True, "later"),
        ("ResourceNotFoundException", 404, NotFound, False, ""),
        ("ConflictException", 409, Conflict, False, ""),
    ],
)
def test_a_refusal_says_what_and_how_to_mend_it(
    code: str, status: int, expected: type[OratioError], retryable: bool, mend: str
) -> None:
    with pytest.raises(expected) as caught, translated(BUCKET):
        raise refusal(code, status)
    assert caught.value.retryable is retryable
    assert BUCKET in caught.value.message
    assert mend in caught.value.hint


def test_no_answer_may_be_asked_again() -> None:
    for error in (EndpointConnectionError(endpoint_url="http://x"), ConnectTimeoutError(endpoint_url="http://x")):
        with pytest.raises(Unavailable) as caught, translated(BUCKET):
            raise error
        assert "ORATIO_AWS_REGION" in caught.value.hint


def test_missing_credentials_are_for_a_person_to_mend() -> None:
    with pytest.raises(CloudRefused, match="no AWS credentials"), translated(BUCKET):
        raise NoCredentialsError()


def test_a_long_message_of_aws_is_cut_and_kept_to_one_line() -> None:
    with pytest.raises(CloudRefused) as caught, translated(BUCKET):
        raise refusal("ValidationException", message="line\n" * 1_000)
    assert len(caught.value.message) < 500
    assert "\n" not in caught.value.message


def test_our_own_errors_pass_unchanged() -> None:
    with pytest.raises(NotFound, match="ours"), translated(BUCKET):
        raise NotFound("ours")


def test_a_missing_region_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(CloudRefused) as caught:
        AwsSession().client("bedrock-agent")
    assert "ORATIO_AWS_REGION" in caught.value.hint


def test_only_the_data_plane_repeats_by_itself() -> None:
    session = AwsSession("us-east-1")
    attempts = {
        kind: session.client("s3", kind).meta.config.retries["total_max_attempts"] for kind in ("control", "data")
    }
    assert attempts == {"control": 1, "data": 4}
    assert session.client("s3", "data") is session.client("s3", "data")
    assert session.region == "us-east-1"
