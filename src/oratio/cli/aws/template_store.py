"""Bucket of this account for templates that are too long to be sent with the call."""

import hashlib

from oratio.adapters.aws.session import AwsSession, translated
from oratio.adapters.aws.setup import create_buckets

INLINE_CHARS = 51_200
"""CloudFormation's limit of a template sent with the call."""


class TemplateStore:
    """Bucket `oratio-templates-<account>-<region>`, created when first needed; a template's key is its hash."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def argument(self, body: str) -> dict[str, str]:
        """Return the template as an argument of CloudFormation's calls: itself, or its new URL.

        Raises:
            CloudRefused: The bucket cannot be created or used, or is another account's.
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
