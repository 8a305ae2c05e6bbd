"""`oratio explain` against the real API: what is told of a reply is what was stored of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from oratio.authoring.explanation import explained
from oratio.cli.agents.explain import explain, explanation
from oratio.client import Brief, Client
from oratio.domain.conversations.conversation import Citation, Handoff, SopStep, ToolCall, Turn, TurnResult
from oratio.errors import NotFound
from oratio.settings import load
from tests.api.conftest import World
from tests.api.live import serving

SOP = "1. Greet the caller.\n\n2. Ask what is wrong.\n3. Say how to mend it."
BEHIND = TurnResult(
    answer="Hold the power button.",
    answered=True,
    citations=(Citation(path="manual.md", excerpt="Hold the power button.", score=0.8, heading="Start"),),
    sop_steps=(SopStep(step_id="s002", title="Ask", line_start=2, line_end=3),),
    tool_calls=(ToolCall(name="search_knowledge_base", status="success", ms=12),),
    model="builtin",
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(load(data=tmp_path))


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    with serving(world) as base, Client(base, world.token()) as client:
        yield client


@pytest.fixture
def agent_id(world: World, client: Client) -> str:
    words = Brief(
        agent_name="Help desk",
        agent_type="text",
        sop=SOP,
        knowledge_base_description="Devices.",
        human_handoff_description="Asked for.",
    )
    made = client.create_agent(words, [("manual.md", b"# Manual\n")]).agent_id
    world.go_live("alice", made)
    return made


def test_a_reply_is_told_with_its_lines_files_tools_and_version(
    world: World, client: Client, agent_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.runtime.result = BEHIND
    conversation = client.ask(agent_id, "How does it start?").session_id
    explain("Help desk", conversation, api=client.base_url, token=world.token())
    out = capsys.readouterr().out
    assert f"conversation {conversation} with version 1" in out
    assert "> How does it start?" in out
    assert "SOP line 3: 2. Ask what is wrong." in out
    assert "file: manual.md, Start" in out
    assert "tool: search_knowledge_base (success, 12 ms)" in out


def test_the_newest_conversation_is_told_as_json(
    world: World, client: Client, agent_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client.ask(agent_id, "Hello?")
    world.runtime.result = BEHIND.model_copy(update={"handoff": Handoff(reason="asked", summary="a person")})
    newest = client.ask(agent_id, "A human, please.").session_id
    explain(agent_id, as_json=True, api=client.base_url, token=world.token())
    told = json.loads(capsys.readouterr().out)
    assert told["conversationId"] == newest
    assert told["replies"][0]["handoff"]["reason"] == "asked"
    assert told["replies"][0]["steps"][0]["lines"] == [{"number": 3, "text": "2. Ask what is wrong."}]
    assert set(told) >= {"codeSha256", "promptSha256", "planSha256", "version"}


def test_own_words_are_called_so(
    world: World, client: Client, agent_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.runtime.result = TurnResult(answer="Hello.", answered=True, model="builtin")
    client.ask(agent_id, "Hello?")
    explain(agent_id, api=client.base_url, token=world.token())
    assert "neither SOP nor documents: builtin's own words" in capsys.readouterr().out


def test_another_agents_conversation_and_none_at_all_are_not_found(client: Client, agent_id: str, world: World) -> None:
    with pytest.raises(NotFound, match="no conversation yet"):
        explanation(client, agent_id, None)
    conversation = client.ask(agent_id, "Hello?").session_id
    with pytest.raises(NotFound, match="of this agent"):
        explanation(client, "another", conversation)


def test_lines_that_the_sop_does_not_have_are_left_out() -> None:
    step = SopStep(step_id="s009", title="Gone", line_start=4, line_end=9)
    turn = Turn(at=1, prompt="?", result=BEHIND.model_copy(update={"sop_steps": (step,)}), latency_ms=1)
    (reply,) = explained(SOP, [turn])
    assert [line.number for line in reply.steps[0].lines] == [4]
