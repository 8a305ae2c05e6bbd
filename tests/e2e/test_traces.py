"""What a collector learns of a creation and a question: everything about the way, nothing about the words."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.fakes.otlp import Collector, SeenSpan, collecting

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"
CANARY = "zebra-quartz-7261"
SOP = f"""# Support

1. Greet the caller as {CANARY}-sop.
2. Ask which router they have, then look the question up in the manual.
3. If they want a person, hand over.
"""
WAIT_S = 60.0


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Installation]:
    """An Oratio that exports its traces and logs JSON."""
    os.environ |= {"TRACED_ORATIO_OTLP_ENDPOINT": collector.endpoint, "TRACED_ORATIO_LOG_FORMAT": "json"}
    installation = Installation(
        tmp_path_factory.mktemp("traced") / "data",
        environment={"ORATIO_OTLP_ENDPOINT": collector.endpoint, "ORATIO_LOG_FORMAT": "json"},
    )
    installation.up("--no-console")
    yield installation
    installation.down()
