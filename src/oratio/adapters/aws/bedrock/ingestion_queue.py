"""Queue for the start of ingestion jobs: AWS takes one start in ten seconds from a whole account.

The time of the last start is in one object of the code bucket; who replaces exactly the one it has read has the
turn, and writes the time again when AWS has answered, so that the interval is never too short for the next. This works
with any number of workers on any number of machines.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError

from oratio.adapters.aws.session import error_code, translated
from oratio.errors import NotReady, OratioError
from oratio.ports.clock import Clock

KEY = ".oratio/last-ingestion-start.json"
# For clocks of several machines that differ.
SLACK_S = 0.5
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class IngestionQueue:
    """Each start inside a `turn`; `interval_s` apart."""

    def __init__(self, s3: Any, bucket: str, owner: str, clock: Clock, interval_s: float) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._owner = {"ExpectedBucketOwner": owner}
        self._clock = clock
        self._interval_ms = round((interval_s + min(SLACK_S, interval_s / 10)) * 1000)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Inside, this start is the account's next; the wait of the one after it begins when the block ends.

        Raises:
            NotReady: It is not yet; `retry_after_s` says when to ask again.
        """
        etag = self._take()
        try:
            yield
        finally:
            # The job may have started by now, whatever becomes of this.
            with suppress(OratioError):
                self._put(self._clock.now_ms(), {"IfMatch": etag})

    def _take(self) -> str:
        last, etag = self._last()
        now = self._clock.now_ms()
        if last is not None and now - last < self._interval_ms:
            raise _later(self._interval_ms - (now - last))
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        # As if it were later, so that a start which is slow on its way is not overtaken by the next.
        return self._put(now + self._interval_ms, condition)

    def _put(self, at_ms: int, condition: Mapping[str, str]) -> str:
        body = json.dumps({"at": at_ms}).encode()
        with translated(f"the bucket {self._bucket}"):
            try:
                put = self._s3.put_object(Bucket=self._bucket, Key=KEY, Body=body, **condition, **self._owner)
            except ClientError as error:
                if error_code(error) in _TAKEN:
                    raise _later(self._interval_ms) from None
                raise
        return str(put["ETag"])

    def _last(self) -> tuple[int | None, str | None]:
        with translated(f"the bucket {self._bucket}"):
            try:
                found = self._s3.get_object(Bucket=self._bucket, Key=KEY, **self._owner)
            except ClientError as error:
                if error_code(error) == "NoSuchKey":
                    return None, None
                raise
        return int(json.loads(found["Body"].read())["at"]), found["ETag"]


def _later(wait_ms: int) -> NotReady:
    return NotReady("ingestion waits for its turn: AWS starts one in 10 s", retry_after_s=wait_ms / 1000)
