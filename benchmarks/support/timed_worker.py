"""The flow worker of the tests on AWS's fakes, which also notes when each of its calls began and how long it took."""

import os
import time
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

from tests.flows.aws import walled_worker

LOG = "ORATIO_BENCH_CALLS"
"""Names the file for lines of two numbers, in seconds since 1970."""


def main() -> None:
    asked = BaseClient._make_api_call
    with Path(os.environ[LOG]).open("a", buffering=1) as log:

        def timed(client: BaseClient, operation: str, parameters: Any) -> Any:
            begun = time.time()
            try:
                return asked(client, operation, parameters)
            finally:
                log.write(f"{begun} {time.time()}\n")

        BaseClient._make_api_call = timed
        walled_worker.run()


def in_flight_s(log: Path, since: float, until: float) -> float:
    """How long, between two moments, at least one call was waited for."""
    calls = sorted((float(begun), float(ended)) for begun, ended in map(str.split, log.read_text().splitlines()))
    waited, seen = 0.0, since
    for begun, ended in calls:
        begun, ended = max(begun, seen), min(ended, until)
        if ended > begun:
            waited += ended - begun
            seen = ended
    return waited


if __name__ == "__main__":
    main()
