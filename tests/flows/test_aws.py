from collections.abc import Iterator

import pytest

from oratio.domain.agent import AgentStatus
from tests.flows.aws_stack import AwsStack, aws_stack

pytestmark = [pytest.mark.xdist_group("aws-flows"), pytest.mark.slow]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    with aws_stack(tmp_path_factory.mktemp("aws")) as running:
        yield running


def test_a_submitted_folder_ends_as_an_active_agent(stack: AwsStack) -> None:
    agent = stack.until_status(stack.submit(), AgentStatus.ACTIVE)
    assert agent.current_version == 1
