"""What an agent costs on `aws` beside what AWS itself takes: packaging it, and the orchestration of its creation.

Both against moto and the fakes, which work in this process and share its processor: their time is in the figures.
"""

import os
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import Row
from benchmarks.orchestration import one_agent
from benchmarks.support.timed_worker import LOG, in_flight_s
from oratio.adapters.aws.agentcore.agent_base import entry
from oratio.adapters.aws.agentcore.agent_packages import AgentPackages
from oratio.domain.refs import VersionRef
from tests.fakes.agents import signed_package
from tests.fakes.aws.cloud import ACCOUNT, cloud
from tests.fakes.aws.instant import InstantAgents
from tests.fakes.aws.state import Timings
from tests.flows.aws.stack import AwsStack, aws_stack

RUNS = 7
FILES, FILE_BYTES = 3_000, 10_000
"""About the size of the real base: 30 MB in some thousand files that compress badly."""


def run() -> list[Row]:
    return [*packaging(), *orchestration()]


def orchestration() -> list[Row]:
    """From submit to active on engines without latency, less the author's and the reviewer's time."""
    nothing = Timings(0, 0, 0, 0, 0, 0)
    with (
        tempfile.TemporaryDirectory(prefix="oratio-bench-") as folder,
        _timing(Path(folder) / "calls.log") as log,
        aws_stack(Path(folder), nothing, rehearsal_required=False) as stack,
    ):
        stack.cloud.runtimes.processes = InstantAgents()
        one_agent(stack)  # finds the worker cold
        whole, passed, own = [], [], []
        for _ in range(RUNS):
            begun = time.time()
            took, orchestration, _ = one_agent(stack)
            whole.append(took)
            passed.append(orchestration)
            own.append(orchestration - in_flight_s(log, begun, time.time()))
        calls = len(log.read_text().splitlines()) / (RUNS + 1)
    note = f"median of {RUNS}; whole submit to active {statistics.median(whole):.2f} s"
    shown = f"{calls:.0f} calls, answered by moto and the fakes on this machine's two cores"
    return [
        Row("orchestration of one agent on aws", statistics.median(own), "s", 3.0, f"{note}, less what calls took"),
        Row("the same with the fakes' own work", statistics.median(passed), "s", None, shown),
    ]


@contextmanager
def _timing(log: Path) -> Iterator[Path]:
    """A worker that notes its calls in `log`."""
    log.touch()
    with (
        patch.object(AwsStack, "worker_module", "benchmarks.support.timed_worker"),
        patch.dict(os.environ, {LOG: str(log)}),
    ):
        yield log


def packaging() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="oratio-bench-") as folder, cloud() as account:
        base = Path(folder) / "agent-base-bench.zip"
        _base(base)
        sent = SentBytes(account.client("s3"))
        packages = AgentPackages(sent, "oratio-generated-code", ACCOUNT, base)
        packages.upload(_ref(0), signed_package())  # puts the base in the bucket
        seconds: list[float] = []
        own: list[float] = []
        for number in range(1, RUNS + 1):
            sent.bytes, sent.seconds = 0, 0.0
            begun = time.perf_counter()
            packages.upload(_ref(number), signed_package())
            seconds.append(time.perf_counter() - begun)
            own.append(seconds[-1] - sent.seconds)
    note = f"median of {RUNS}, base of {base_mb(FILES * FILE_BYTES):.0f} MB, S3 is moto on this machine"
    return [
        Row("packaging an agent once the base exists", statistics.median(seconds), "s", 1.0, note),
        Row("of which Oratio's own", statistics.median(own), "s", None, "without the calls of S3"),
        Row("sent for one version", sent.bytes / 1e6, "MB", None, "its own files and the zip's directory"),
    ]


def base_mb(size: int) -> float:
    return size / 1e6


def _ref(number: int) -> VersionRef:
    return VersionRef(user_id="ada", agent_id=f"agent{number}", version=1)


def _base(path: Path) -> None:
    import random

    with zipfile.ZipFile(path, "w") as archive:
        for number in range(FILES):
            archive.writestr(entry(f"package/module_{number}.py"), random.Random(number).randbytes(FILE_BYTES))


class SentBytes:
    """A client of S3 that counts the bytes of the bodies it sends, and the time of its calls."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.bytes = 0
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            body = kwargs.get("Body")
            self.bytes += len(body) if isinstance(body, bytes) else 0
            begun = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - begun

        return counted
