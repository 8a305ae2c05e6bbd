"""On AWS a creation is one trace down to each call of AWS, a turn of a call one to its last sound; no word is in it."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from oratio.domain.agents.agent import AgentStatus
from tests.fakes.issuer import issuer_process
from tests.fakes.otlp import Collector, SeenSpan, collecting
from tests.flows.aws.services import service, voice_server
from tests.flows.aws.stack import aws_stack
from tests.flows.stack import SOP

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"
CANARY = "zebra-quartz-7261"
QUESTION = "How long does the warranty of the router last?"
FORM = {
    "agentName": f"Tess {CANARY}",
    "agentType": "voice",
    "sop": f"{SOP}\nNever say {CANARY}.\n",
    "knowledgeBaseDescription": f"Routers, {CANARY}.",
    "humanHandoffDescription": f"When the caller asks for a person, {CANARY}.",
}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> list[SeenSpan]:
    """An agent created over HTTP by a caller with a trace of its own, and called once."""
    folder: Path = tmp_path_factory.mktemp("aws-traces")
    with (
        aws_stack(folder, otlp_endpoint=collector.endpoint) as stack,
        issuer_process("oratio") as (issuer, _),
        service(stack, "oratio.api", "api", {}, jwt_issuer=issuer.url, jwt_audience="oratio") as address,
    ):
        agent_id = _submitted(address, issuer.token(sub="ada"))
        stack.until(lambda: stack.services.agents.get("ada", agent_id).status is not AgentStatus.CREATING)
        agent = stack.services.agents.get("ada", agent_id)
        assert agent.status is AgentStatus.ACTIVE, agent.error
        with voice_server(stack) as voice:
            assert "twenty four" in voice.ask(agent, QUESTION)
    deadline = time.monotonic() + 20
    while not any(span.name == "voice turn" for span in collector.spans) and time.monotonic() < deadline:
        time.sleep(0.1)
    return collector.spans


def _submitted(address: str, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}", "traceparent": CALLER}
    manual = f"The router warranty lasts twenty four months. {CANARY}"
    files = [("files", ("manual.txt", manual.encode(), "text/plain"))]
    url = f"http://{address}/api/agents"
    answer = httpx.post(url, data=FORM, files=files, headers=headers, trust_env=False, timeout=60)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["agentId"])


def above(spans: list[SeenSpan], span: SeenSpan) -> list[str]:
    """The names from a span's parent up to the root."""
    by_id = {found.span_id: found for found in spans}
    names = []
    while (parent := by_id.get(span.parent_id)) is not None:
        names.append(parent.name)
        span = parent
    return names


@pytest.mark.parametrize(
    ("call", "task"),
    [
        ("aws bedrock-agent.CreateKnowledgeBase", "step provision_knowledge_base"),
        ("aws bedrock-agent.StartIngestionJob", "step provision_knowledge_base"),
        ("aws bedrock-agentcore-control.CreateAgentRuntime", "step rehearse_agent"),
        ("aws bedrock-agentcore.InvokeAgentRuntime", "step rehearse_agent"),
    ],
)
def test_a_call_of_aws_stands_under_its_task_its_step_the_flow_and_the_request(
    spans: list[SeenSpan], call: str, task: str
) -> None:
    made = [above(spans, span) for span in spans if span.name == call and span.trace_id == TRACE]
    chains = [names for names in made if task in names]
    assert chains
    for names in chains:
        assert any(name.startswith("task ") for name in names[: names.index(task)])
        assert names[-2:] == ["flow create-agent", "POST /api/agents"]


def test_a_turn_of_a_call_goes_from_the_callers_words_to_agentcore_and_back(spans: list[SeenSpan]) -> None:
    [call] = [
        span for span in spans if span.name.endswith(".InvokeAgentRuntime") and "voice turn" in above(spans, span)
    ]
    assert above(spans, call) == ["turn", "voice turn"]
    by_id = {span.span_id: span for span in spans}
    turn = by_id[call.parent_id]
    voice = by_id[turn.parent_id]
    assert {turn.service, voice.service, call.service} == {"voice"}
    # Nova said "One moment." and went on with the call while the agent was asked, so the turn had ended by then.
    assert voice.begun_ns <= turn.begun_ns <= call.begun_ns <= call.ended_ns <= turn.ended_ns
    searches = [span for span in spans if span.name == "tool" and span.parent_id == turn.span_id]
    assert "search_knowledge_base" in {span.attributes["gen_ai.tool.name"] for span in searches}


def test_no_word_of_what_was_sent_leaves_with_the_traces(spans: list[SeenSpan], collector: Collector) -> None:
    assert spans
    assert not any(word.encode() in body for body in collector.bodies for word in (CANARY, "warranty"))
