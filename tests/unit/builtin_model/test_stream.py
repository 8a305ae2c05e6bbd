from collections.abc import Sequence
from typing import Any, cast

import pytest
from pydantic import BaseModel
from strands.types.content import Messages

from oratio.adapters.local.builtin_model import PROVENANCE_EVENT, BuiltinModel
from oratio.agentkit.guidance import guided
from oratio.errors import InvalidInput
from tests.unit.builtin_model.conftest import HANDBOOK
from tests.unit.builtin_model.talk import SAMPLES, authored

TOOLS: list[Any] = [
    {"name": name, "description": "", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    for name in ("search_knowledge_base", "hand_off_to_human")
]


@pytest.fixture(scope="module")
def model() -> BuiltinModel:
    return BuiltinModel(authored(SAMPLES["Telecom support"]).plan)


async def events(model: BuiltinModel, messages: Sequence[Any], tools: list[Any] | None = None) -> list[dict[str, Any]]:
    return [cast(dict[str, Any], event) async for event in model.stream(cast(Messages, messages), tools)]


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def searched(question: str, result: dict[str, Any]) -> list[dict[str, Any]]:
    use = {"toolUseId": "t1", "name": "search_knowledge_base", "input": {"query": question}}
    answer = {"toolUseId": "t1", "status": "success", "content": [{"json": result}]}
    return [
        user(question),
        {"role": "assistant", "content": [{"toolUse": use}]},
        {"role": "user", "content": [{"toolResult": answer}]},
    ]


async def test_a_question_streams_one_whole_tool_use(model: BuiltinModel) -> None:
    start, block, delta, stop, end, metadata = await events(model, [user("How long is delivery?")], TOOLS)
    assert start == {"messageStart": {"role": "assistant"}}
    assert block["contentBlockStart"]["start"]["toolUse"]["name"] == "search_knowledge_base"
    assert delta["contentBlockDelta"]["delta"]["toolUse"]["input"] == '{"query": "How long is delivery?"}'
    assert stop == {"contentBlockStop": {}}
    assert end == {"messageStop": {"stopReason": "tool_use"}}
    assert metadata["metadata"]["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


async def test_a_reply_tells_what_it_rests_on_just_before_it_stops(model: BuiltinModel) -> None:
    passages = [{"id": "h1", "path": "handbook.md", "text": HANDBOOK, "score": 1.0, "similarity": 0.5}]
    seen = await events(model, searched("How long does delivery take?", {"passages": passages}), TOOLS)
    assert seen[-3] == {PROVENANCE_EVENT: {"answered": True, "passageIds": ["h1"], "stepIds": []}}
    assert seen[-2] == {"messageStop": {"stopReason": "end_turn"}}
    text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in seen if "contentBlockDelta" in event)
    assert text == "According to handbook.md: Delivery takes three working days."


@pytest.mark.parametrize("result", [{}, {"passages": None}, {"passages": [3, {"id": 1}]}, {"passages": [{"text": ""}]}])
async def test_malformed_search_results_are_an_honest_refusal(model: BuiltinModel, result: dict[str, Any]) -> None:
    seen = await events(model, searched("How long does delivery take?", result), TOOLS)
    assert seen[-3] == {PROVENANCE_EVENT: {"answered": False, "passageIds": [], "stepIds": []}}


@pytest.mark.parametrize(
    "messages", [[], [{"role": "assistant", "content": [{"text": "hi"}]}], [{"role": "user", "content": []}]]
)
async def test_odd_histories_get_a_reply(model: BuiltinModel, messages: list[Any]) -> None:
    assert (await events(model, messages, TOOLS))[-2] == {"messageStop": {"stopReason": "end_turn"}}


async def test_without_tools_it_neither_searches_nor_hands_over(model: BuiltinModel) -> None:
    for text in ("How long is delivery in Peru?", "give me a human"):
        seen = await events(model, [user(text)], None)
        assert seen[-3][PROVENANCE_EVENT]["answered"] is False


async def test_the_same_messages_give_the_same_reply(model: BuiltinModel) -> None:
    assert await events(model, [user("hello")], TOOLS) == await events(model, [user("hello")], TOOLS)


def test_structured_output_is_refused_with_what_to_do(model: BuiltinModel) -> None:
    with pytest.raises(InvalidInput, match="ORATIO_MODEL"):
        model.structured_output(BaseModel, [])


def test_only_its_own_settings_can_be_changed() -> None:
    model = BuiltinModel(authored(SAMPLES["Retail desk"]).plan, answer_threshold=0.5)
    model.update_config(answer_threshold=0.7)
    assert model.get_config() == {"model_id": "builtin", "answer_threshold": 0.7}
    with pytest.raises(InvalidInput, match="temperature"):
        model.update_config(temperature=1)


async def test_guidance_of_an_operator_is_searched_with_and_never_said(model: BuiltinModel) -> None:
    told = guided("You are a help desk.", ["The caller means the power button."])
    passage = {
        "id": "p1",
        "path": "manual.md",
        "text": "To restart the phone, hold the power button for ten seconds.",
        "excerpt": "To restart the phone, hold the power button for ten seconds.",
        "score": 0.9,
        "similarity": 0.8,
        "page": None,
        "heading": None,
    }
    call = [cast(Any, event) async for event in model.stream(cast(Messages, [user("How do I do it?")]), TOOLS, told)]
    asked = next(event["contentBlockDelta"]["delta"] for event in call if "contentBlockDelta" in event)
    if "toolUse" in asked:
        assert "power button" in asked["toolUse"]["input"]
    messages = searched("How do I do it?", {"passages": [passage], "note": ""})
    said = [cast(Any, event) async for event in model.stream(cast(Messages, messages), TOOLS, told)]
    text = "".join(
        event["contentBlockDelta"]["delta"].get("text", "") for event in said if "contentBlockDelta" in event
    )
    assert "The caller means" not in text
    assert "ten seconds" in text
