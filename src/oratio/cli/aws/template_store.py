"""Where CloudFormation reads a template that is too long to be sent with the call: a small bucket of this account."""

import hashlib

from oratio.adapters.aws.session import AwsSession, translated
from oratio.adapters.aws.setup import create_buckets

INLINE_CHARS = 51_200
"""What CloudFormation takes with the call."""


class TemplateStore:
    """The bucket `oratio-templates-<account>-<region>`, made when it is first needed; a template is kept by content."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def argument(self, body: str) -> dict[str, str]:
        """The template as an argument of CloudFormation's calls: itself, or where it lies now.

        Raises:
            CloudRefused: The bucket cannot be made or used, or is somebody else's.
        """
        if len(body) <= INLINE_CHARS:
            return {"TemplateBody": body}
        with translated("the AWS account"):
            account = self._session.client("sts").get_caller_identity()["Account"]
        bucket = f"oratio-templates-{account}-{self._session.region}"
        key = f"{hashlib.sha256(body.encode()).hexdigest()[:32]}.json"
        create_buckets(self._session, [bucket])
        client = self._session.client("s3")
        with translated(f"the bucket {bucket}"):
            client.put_object(Bucket=bucket, Key=key, Body=body.encode(), ExpectedBucketOwner=account)
        return {"TemplateURL": f"{client.meta.endpoint_url}/{bucket}/{key}"}
