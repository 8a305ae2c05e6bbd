import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strands import Agent

from oratio.authoring.author import Authored, author
from tests.unit.authoring.samples import SOPS, brief, text_of
from tests.unit.authoring.scripted_model import ScriptedAuthor


class StubContext:
    """What a generated agent is given, keeping what it was asked."""

    prompt = "Be kind."

    def __init__(self) -> None:
        self.model = ScriptedAuthor([])
        self.steps: list[tuple[str, ...]] = []

    def search(self, query: str) -> dict[str, Any]:
        return {"status": "success", "content": [{"json": {"query": query}}]}

    def hand_off(self, reason: str, summary: str) -> dict[str, Any]:
        return {"status": "success", "content": [{"json": {"reason": reason, "summary": summary}}]}

    def step(self, *step_ids: str) -> dict[str, Any]:
        self.steps.append(step_ids)
        return {"status": "success", "content": [{"json": {"steps": list(step_ids)}}]}


def loaded(made: Authored) -> tuple[Agent, StubContext]:
    scope: dict[str, Any] = {}
    exec(compile(made.code, "agent_file.py", "exec", dont_inherit=True), scope)
    context = StubContext()
    agent = scope["build_agent"](context)
    assert isinstance(agent, Agent)
    return agent, context


def call(agent: Agent, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        use: Any = {"toolUseId": "t", "name": name, "input": arguments}
        events = [event async for event in agent.tool_registry.registry[name].stream(use, {})]
        return dict(getattr(events[-1], "tool_result", events[-1]))

    return asyncio.run(run())


SAMPLE = {"string": "x", "number": 2.0, "boolean": True}


def arguments_for(agent: Agent, name: str) -> dict[str, Any]:
    """One value for each argument, by the tool's own schema."""
    schema = agent.tool_registry.registry[name].tool_spec["inputSchema"]["json"]
    kinds = {key: [value, *value.get("anyOf", [])] for key, value in schema["properties"].items()}
    return {
        key: next(SAMPLE[kind["type"]] for kind in options if kind.get("type") in SAMPLE)
        for key, options in kinds.items()
    }


@pytest.mark.parametrize("name", SOPS)
def test_every_tool_of_every_sample_answers(name: str) -> None:
    made = author(brief(text_of(name)))
    agent, context = loaded(made)
    assert set(agent.tool_names) == {
        "search_knowledge_base",
        "hand_off_to_human",
        *(p.name for p in made.plan.procedures),
    }
    for tool in agent.tool_names:
        assert call(agent, tool, arguments_for(agent, tool))["status"] == "success"
    known = {step.step_id for step in made.plan.steps}
    assert {step_id for ids in context.steps for step_id in ids} <= known


def test_a_tool_asks_until_everything_is_known() -> None:
    agent, context = loaded(author(brief(text_of("telecom"))))
    for arguments in (
        {},
        {"data_refuel": 2.0},
        {"data_refuel": 2.0, "price_confirmed": False},
        {"data_refuel": 2.0, "price_confirmed": True},
    ):
        call(agent, "data_refueling", arguments)
    asked, confirm, again, done = context.steps
    assert asked[-1] == "s039"
    assert confirm == again == ("s040",)
    assert done[-1] == "s041"


@given(st.lists(st.text(max_size=30).map(lambda words: f"- ask for the {words}"), max_size=8).map("\n".join))
@settings(max_examples=40, deadline=None)
def test_whatever_is_asked_for_strands_accepts_the_tools(sop: str) -> None:
    agent, _ = loaded(author(brief(sop)))
    for tool in agent.tool_names:
        assert call(agent, tool, arguments_for(agent, tool))["status"] == "success"


def test_facts_named_like_python_or_pydantic_become_arguments() -> None:
    words = ("class", "schema", "json", "copy", "model config", "type", "id", "self", "ctx", "agent", "date", "format")
    agent, _ = loaded(author(brief("\n".join(f"- ask for the {word}" for word in words))))
    assert call(agent, "procedure", arguments_for(agent, "procedure"))["status"] == "success"
