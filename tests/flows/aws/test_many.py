"""A hundred creations at once keep to every rate that AWS publishes for an account."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from oratio.domain.agents.agent import AgentStatus
from tests.fakes.aws.agentcore.orphans import orphans
from tests.fakes.aws.instant import InstantAgents
from tests.fakes.aws.state import Timings
from tests.flows.aws.stack import AwsStack, aws_stack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

CREATIONS = 100
INTERVAL_S = 1.0
"""Between two starts of ingestion, for us and for the account: a tenth of what it is, so that the test takes less."""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[AwsStack]:
    timings = Timings(between_ingestions=INTERVAL_S)
    more: Mapping[str, object] = {
        "ingestion_interval_seconds": INTERVAL_S,
        # More at once only wait for moto, which answers all of them in this one process.
        "flow_limit": 25,
        "rehearsal_required": False,  # what is counted is what the creations ask of AWS, not what agents say
        "lease_seconds": 60,
    }
    with aws_stack(tmp_path, timings, **more) as running:
        running.patience_s = 3000.0
        running.poll_s = 2.0
        running.cloud.runtimes.processes = InstantAgents()
        yield running


def test_a_hundred_creations_at_once_pass_over_no_rate_of_aws(stack: AwsStack) -> None:
    manual = "Router {} has its reset button on the back."
    made = [stack.submit(f"tenant{number % 7}", manual_txt=manual.format(number)) for number in range(CREATIONS)]
    for agent in made:
        stack.until_status(agent, AgentStatus.ACTIVE)
    assert dict(stack.cloud.world.calls.violations) == {}
    left = orphans(stack.cloud)
    for kind in ("knowledge base", "runtime", "role"):
        assert sum(line.startswith(f"{kind} ") for line in left) == CREATIONS
    assert stack.refused() == []
