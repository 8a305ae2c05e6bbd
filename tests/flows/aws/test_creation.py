"""The whole life of agents on the fakes' account, and what goes wrong in it."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oratio.domain.agents.agent import Agent, AgentStatus, Step
from oratio.domain.conversations.conversation import TurnResult
from oratio.ports.agent_runtime import LIVE, Invocation
from oratio.services.knowledge.uploads import StagedFile
from oratio.settings import child_environment
from tests.fakes.aws.agentcore.orphans import orphans
from tests.fakes.aws.cloud import MODEL
from tests.fakes.issuer import issuer_process
from tests.flows.aws.services import service
from tests.flows.aws.stack import AwsStack, aws_stack
from tests.flows.stack import ref_of, staged

pytestmark = [pytest.mark.xdist_group("aws-flows"), pytest.mark.slow, pytest.mark.timeout(600)]

CODE = "oratio-generated-code"
SMOKE = Path(__file__).parents[3] / "deployments" / "aws" / "smoke.py"
WARRANTY = "The router warranty lasts twenty four months from the day of purchase."


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    with aws_stack(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def stack(_running: AwsStack) -> Iterator[AwsStack]:
    _running.cloud.world.calls.clear()
    yield _running
    _running.cloud.world.faults.mend()


def active(stack: AwsStack, **files: str) -> Agent:
    return stack.until_status(stack.submit(**files), AgentStatus.ACTIVE)


def deleted(stack: AwsStack, agent: Agent) -> None:
    stack.services.agents.delete(agent.user_id, agent.agent_id)
    stack.until_gone(agent)


def ask(stack: AwsStack, agent: Agent, prompt: str) -> TurnResult:
    record = stack.platform.versions.get(ref_of(agent).model_copy(update={"version": agent.current_version}))
    assert record.runtime_id

    async def turn() -> TurnResult:
        call = Invocation(session_id="conversation-000000000000000000000001", prompt=prompt, replay=True)
        *_, last = [event async for event in stack.platform.runtime.invoke(str(record.runtime_id), LIVE, call)]
        assert isinstance(last, TurnResult)
        return last

    return asyncio.run(turn())


def update(stack: AwsStack, agent: Agent, **files: str) -> Agent:
    """Version n+1 with these files, live."""
    with staged(stack.services, files) as received:
        return _updated(stack, agent, received)


def _updated(stack: AwsStack, agent: Agent, received: list[StagedFile]) -> Agent:
    version = stack.services.agents.update(agent.user_id, agent.agent_id, {}, received, activate=True)
    stack.until(lambda: stack.agent(agent).current_version == version)
    return stack.agent(agent)


def test_an_agent_is_made_asked_updated_rolled_back_and_deleted_and_nothing_is_left(stack: AwsStack) -> None:
    agent = active(stack, manual_txt=WARRANTY)
    first = ask(stack, agent, "How long does the warranty of the router last?")
    assert "twenty four months" in first.answer
    assert [citation.path for citation in first.citations] == ["manual.txt"]
    assert first.model.startswith("bedrock/")

    newer = update(stack, agent, manual_txt=WARRANTY.replace("twenty four", "thirty six"))
    assert "thirty six months" in ask(stack, newer, "How long does the warranty of the router last?").answer

    stack.services.deployment.switch(agent.user_id, agent.agent_id, 1)
    older = stack.agent(agent)
    assert "twenty four months" in ask(stack, older, "How long does the warranty of the router last?").answer

    counts = stack.cloud.world.calls.counts()
    for made in ("CreateKnowledgeBase", "CreateDataSource"):
        assert counts[f"bedrock-agent {made}"] == 1, made
    assert counts["bedrock-agent StartIngestionJob"] == 2
    assert not [error for error in stack.cloud.world.calls.errors() if "Fake" in error or "Internal" in error]

    deleted(stack, agent)
    assert orphans(stack.cloud, agent.agent_id) == []
    assert stack.refused() == []


# Each fault passes by itself or by the task's own retries; the agent becomes active without anybody's help.
PASSING: list[tuple[str, str, dict[str, Any]]] = [
    ("throttle", "CreateKnowledgeBase", {}),
    ("throttle", "GetKnowledgeBase", {}),
    ("throttle", "CreateDataSource", {}),
    ("throttle", "StartIngestionJob", {}),
    ("throttle", "GetIngestionJob", {}),
    ("throttle", "CreateAgentRuntime", {}),
    ("throttle", "CreateAgentRuntimeEndpoint", {}),
    ("error", "CreateKnowledgeBase", {"code": "InternalServerException", "message": "again"}),
    ("error", "GetAgentRuntime", {"code": "InternalServerException", "message": "again"}),
    ("role_age", "CreateKnowledgeBase", {"seconds": 1e9}),
    ("role_age", "CreateAgentRuntime", {"seconds": 1e9}),
]


def test_faults_that_pass_leave_nothing_doubled_and_in_the_end_nothing(stack: AwsStack) -> None:
    for name, operation, data in PASSING:
        stack.cloud.world.faults.add(name, operation, times=1, **data)
    agent = active(stack, manual_txt=WARRANTY)
    assert agent.attempt == 1
    left = orphans(stack.cloud, agent.agent_id)
    for kind in ("knowledge base", "runtime", "role"):
        assert sum(line.startswith(f"{kind} ") for line in left) == 1, left
    struck = stack.cloud.world.calls.errors()
    assert sum(struck.values()) >= len(PASSING)
    for operation in ("DeleteDataSource", "DeleteKnowledgeBase", "DeleteAgentRuntime"):
        stack.cloud.world.faults.add("undeletable", operation, times=1, reason="in use")
    stack.cloud.world.faults.throttle("DeleteKnowledgeBase", 1)
    deleted(stack, agent)
    assert orphans(stack.cloud, agent.agent_id) == []


# (fault, operation, data, the step that fails, words of the message)
LASTING: list[tuple[str, str, dict[str, Any], Step, str]] = [
    ("failed", "CreateKnowledgeBase", {"reason": "no room"}, Step.PROVISION_KNOWLEDGE_BASE, "no room"),
    ("failed", "CreateDataSource", {"reason": "bad bucket"}, Step.PROVISION_KNOWLEDGE_BASE, "bad bucket"),
    ("failed", "StartIngestionJob", {"reason": "storage away"}, Step.PROVISION_KNOWLEDGE_BASE, "storage away"),
    ("partial", "StartIngestionJob", {"suffix": ".txt", "reason": "unsound"}, Step.PROVISION_KNOWLEDGE_BASE, "unsound"),
    (
        "error",
        "CreateKnowledgeBase",
        {"code": "ServiceQuotaExceededException", "message": "10,000 knowledge bases"},
        Step.PROVISION_KNOWLEDGE_BASE,
        "Service Quotas",
    ),
    (
        "error",
        "CreateKnowledgeBase",
        {"code": "ExpiredTokenException", "message": "expired"},
        Step.PROVISION_KNOWLEDGE_BASE,
        "renew the AWS credentials",
    ),
    (
        "error",
        "GetIngestionJob",
        {"code": "ResourceNotFoundException", "message": "gone"},
        Step.PROVISION_KNOWLEDGE_BASE,
        "is not there",
    ),
    ("role_age", "CreateKnowledgeBase", {"seconds": 1e9}, Step.PROVISION_KNOWLEDGE_BASE, "cannot assume the role"),
    (
        "foreign",
        CODE,
        {},
        Step.PROVISION_KNOWLEDGE_BASE,
        f"the bucket {CODE} is not allowed: give this role the right, check the owner",
    ),
    ("elsewhere", CODE, {}, Step.PROVISION_KNOWLEDGE_BASE, f"the bucket {CODE} is in another region"),
    (
        "error",
        "ConverseStream",
        {"code": "AccessDeniedException", "message": "You don't have access to the model with the specified model ID."},
        Step.AUTHOR_AGENT,
        f"the model {MODEL} may not be called: enable it under Model access",
    ),
    ("failed", "CreateAgentRuntime", {"reason": "not arm64"}, Step.REHEARSE_AGENT, "not arm64"),
    (
        "error",
        "CreateAgentRuntime",
        {"code": "AccessDeniedException", "message": "User is not authorized to perform: CreateAgentRuntime"},
        Step.REHEARSE_AGENT,
        "is not allowed",
    ),
]


@pytest.mark.parametrize(
    ("fault", "operation", "data", "step", "words"),
    # One of each step; the whole matrix in `make soak`.
    [
        LASTING[2],
        next(row for row in LASTING if row[1] == "CreateAgentRuntime"),
        *(pytest.param(*row, marks=pytest.mark.soak) for row in LASTING),
    ],
)
def test_a_fault_that_lasts_fails_the_step_with_a_reason_and_a_retry_goes_on_after_the_mend(
    stack: AwsStack, fault: str, operation: str, data: dict[str, Any], step: Step, words: str
) -> None:
    stack.cloud.world.faults.add(fault, operation, times=None, **data)
    agent = stack.until_status(stack.submit(manual_txt=WARRANTY), AgentStatus.FAILED)
    assert agent.error
    assert agent.error.step == step
    assert words in agent.error.message
    assert "Traceback" not in agent.error.message

    stack.cloud.world.faults.mend()
    stack.services.agents.retry(agent.user_id, agent.agent_id)
    agent = stack.until_status(agent, AgentStatus.ACTIVE)
    left = orphans(stack.cloud, agent.agent_id)
    for kind in ("knowledge base", "runtime", "role"):
        assert sum(line.startswith(f"{kind} ") for line in left) == 1, left
    deleted(stack, agent)
    assert orphans(stack.cloud, agent.agent_id) == []


def test_a_knowledge_base_deleted_behind_our_back_is_made_anew_by_the_next_version(stack: AwsStack) -> None:
    agent = active(stack, manual_txt=WARRANTY)
    (lost,) = stack.cloud.knowledge.bases
    del stack.cloud.knowledge.bases[lost]
    newer = update(stack, agent, manual_txt=WARRANTY + " Keep the receipt.")
    assert "twenty four months" in ask(stack, newer, "How long does the warranty of the router last?").answer
    deleted(stack, agent)
    assert orphans(stack.cloud, agent.agent_id) == []


@pytest.mark.soak
def test_the_smoke_script_finds_nothing_wrong_with_this_account_and_leaves_nothing(stack: AwsStack) -> None:
    before = orphans(stack.cloud)
    with (
        issuer_process("oratio") as (issuer, _),
        service(stack, "oratio.api", "api", {}, jwt_issuer=issuer.url, jwt_audience="oratio") as address,
    ):
        command = [sys.executable, str(SMOKE), "--api", f"http://{address}", "--token", issuer.token(sub="smoke")]
        done = subprocess.run(command, capture_output=True, text=True, env=child_environment(stack.settings, "flows"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fault" not in done.stdout
    assert done.stdout.count("ok   ") == 16
    assert orphans(stack.cloud) == before
