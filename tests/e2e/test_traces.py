"""What a collector learns of a creation and a question: everything about the way, nothing about the words."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.installation import Installation
from tests.fakes.otlp import Collector, SeenSpan, collecting

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("traces"), pytest.mark.timeout(600)]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"
CANARY = "zebra-quartz-7261"
ASKED = "violet-otter-9940"  # not the same: a prompt with words of the hand-off is handed over
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
    installation = Installation(
        tmp_path_factory.mktemp("traced") / "data",
        environment={"ORATIO_OTLP_ENDPOINT": collector.endpoint, "ORATIO_LOG_FORMAT": "json"},
    )
    installation.up("--no-console")
    yield installation
    installation.down()


def _until(collector: Collector, names: set[str]) -> list[SeenSpan]:
    """The spans of the caller's trace, once all of these names, and the parents of all, are among them."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = [span for span in collector.spans if span.trace_id == TRACE]
        if (names <= {span.name for span in found} and not orphans(found)) or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def orphans(spans: list[SeenSpan]) -> list[str]:
    """The names of spans whose parent nobody sent."""
    known = {span.span_id for span in spans} | {CALLER.split("-")[2]}
    return [span.name for span in spans if span.parent_id not in known]


@pytest.fixture(scope="module")
def spans(traced: Installation, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> list[SeenSpan]:
    """An agent created and asked, by a caller with a trace of its own."""
    manual = f"# Router X9\n\nThe {CANARY}-doc lamp of the Router X9 blinks red when the fuse is broken.\n"
    with traced.client() as http:
        form = {
            "agentName": f"Tess {CANARY}-name",
            "agentType": "text",
            "sop": SOP,
            "knowledgeBaseDescription": f"Router questions, {CANARY}-kbd",
            "humanHandoffDescription": f"When the caller asks for a person, {CANARY}-handoff",
            "folderFileDescriptions": json.dumps({"manual.md": f"The manual, {CANARY}-description"}),
        }
        files = [("files", ("manual.md", manual.encode(), "text/markdown"))]
        headers = {"traceparent": CALLER}
        created = http.post("/api/agents", data=form, files=files, headers=headers)
        agent_id = created.json()["agentId"]
        deadline = time.monotonic() + WAIT_S
        while (status := http.get(f"/api/agents/{agent_id}").json()["status"]) != "active":
            assert status == "creating", http.get(f"/api/agents/{agent_id}").json()["error"]
            assert time.monotonic() < deadline
            time.sleep(0.2)
        question = {"prompt": f"When does the lamp of the Router X9 blink red? {ASKED}"}
        answer = http.post(f"/api/agents/{agent_id}/invocations", json=question, headers=headers).json()
        assert answer["answered"], answer
    # The last span of each process; a process's spans come in their order.
    last = {"POST /api/agents/{agentId}/invocations", "flow create-agent", "agent turn", "agent search"}
    return _until(collector, last)


def test_a_creation_and_a_question_are_one_connected_trace(spans: list[SeenSpan]) -> None:
    assert orphans(spans) == []


def test_the_trace_goes_through_every_process(spans: list[SeenSpan]) -> None:
    assert {span.service for span in spans} == {"api", "flows", "agent-host"}


def test_every_step_and_its_tasks_are_under_the_flow_run(spans: list[SeenSpan]) -> None:
    by_id = {span.span_id: span for span in spans}
    steps = [span for span in spans if span.name.startswith("step ")]
    assert [by_id[span.parent_id].name for span in steps] == ["flow create-agent"] * 7
    tasks = {span.name: by_id[span.parent_id].name for span in spans if span.name.startswith("task ")}
    assert tasks["task ingest_file"] == "step ingest_folder"
    assert tasks["task await_ingestion"] == "step provision_knowledge_base"
    assert tasks["task rehearse"] == "step rehearse_agent"


def test_a_tool_stands_in_its_turn_with_its_name_and_time(spans: list[SeenSpan]) -> None:
    by_id = {span.span_id: span for span in spans}
    tools = {span.attributes["gen_ai.tool.name"]: span for span in spans if span.name == "tool"}
    tool = tools["search_knowledge_base"]
    turn = by_id[tool.parent_id]
    assert turn.name == "turn"
    assert turn.begun_ns <= tool.begun_ns <= tool.ended_ns <= turn.ended_ns


def test_a_question_names_its_agent_conversation_and_tokens(spans: list[SeenSpan]) -> None:
    turn = next(span for span in spans if span.name == "turn")
    named = {"oratio.agent.id", "oratio.conversation.id", "oratio.tenant.id", "gen_ai.usage.input_tokens"}
    assert named <= set(turn.attributes)
    assert turn.attributes["oratio.status"] == "answered"


def test_no_word_of_anybody_reaches_the_collector(spans: list[SeenSpan], collector: Collector) -> None:
    assert spans
    assert not any(word.encode() in body for body in collector.bodies for word in (CANARY, ASKED))


def test_logs_are_json_with_the_ids_of_what_they_tell(spans: list[SeenSpan], traced: Installation) -> None:
    flow = next(span for span in spans if span.name == "flow create-agent")
    lines = (traced.data / "logs" / "flows.log").read_text().splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    told = [record for record in records if record.get("trace_id") == TRACE]
    assert {record["agent_id"] for record in told} == {flow.attributes["oratio.agent.id"]}
    assert {record["run_id"] for record in told} == {flow.attributes["oratio.run.id"]}
    logs = "".join(log.read_text() for log in (traced.data / "logs").glob("*.log"))
    assert not any(word in logs for word in (CANARY, ASKED))


def test_every_process_answers_what_prometheus_asks(spans: list[SeenSpan], traced: Installation) -> None:
    wanted = {0: "oratio_turn_seconds_count 1.0", 3: 'oratio_agent_turns_total{outcome="answered"}'}
    wanted |= {1: "oratio_voice_calls 0.0", 5: 'oratio_flow_runs_total{flow="create-agent",outcome="succeeded"} 1.0'}
    for offset, line in wanted.items():
        assert line in httpx.get(f"http://127.0.0.1:{traced.base + offset}/metrics", trust_env=False).text
