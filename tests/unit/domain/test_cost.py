"""Estimates of what a conversation costs: known prices alone, and nothing rather than a guess."""

import pytest

from oratio.bootstrap.prices import prices_of
from oratio.domain.agents.agent import Step
from oratio.domain.conversations.analytics import rehearsal_use, report, tally
from oratio.domain.conversations.conversation import Channel, Conversation, ToolCall, Turn, TurnResult, Usage
from oratio.domain.conversations.conversation_stats import ConversationStats, ModelUse
from oratio.domain.cost import CostEstimate, Prices, StageUse, conversation_cost, stage_cost
from oratio.domain.plan.agent_plan import Scenario
from oratio.domain.plan.rehearsal import RehearsalReport, judge, rehearsed_turn
from oratio.errors import InvalidInput
from oratio.settings import load

SONNET = "bedrock/us.anthropic.claude-v1:0"
PRICED = f"{SONNET}=3:15,openai/gpt=0.5:1.25"
SEARCH = ToolCall(name="search_knowledge_base", status="success", ms=3)
HOUR_MS = 3_600_000


def turn(model: str = SONNET, *, tokens: tuple[int, int] = (1_000_000, 200_000), latency_ms: int = 36_000) -> Turn:
    usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1])
    result = TurnResult(answer="10.", answered=True, tool_calls=(SEARCH,), usage=usage, model=model)
    return Turn(at=1, prompt="How much?", result=result, latency_ms=latency_ms)


def conversation(*turns: Turn, channel: Channel = Channel.TEXT, lasted_ms: int = 0) -> Conversation:
    return Conversation(
        user_id="alice", agent_id="a1", conversation_id="c1", version=1, channel=channel, started_at=0,
        updated_at=lasted_ms, turns=len(turns), tally=tally(turns),
    )  # fmt: skip


def amounts(estimate: CostEstimate | None) -> dict[str, float]:
    assert estimate is not None
    assert estimate.amount == pytest.approx(sum(part.amount for part in estimate.parts))
    return {part.name: part.amount for part in estimate.parts}


def test_on_one_machine_builtin_costs_nothing() -> None:
    estimate = conversation_cost(conversation(turn("builtin", tokens=(0, 0))), prices_of(load()))
    assert estimate == CostEstimate(amount=0, currency="USD", parts=())


def test_a_models_tokens_cost_what_the_setting_says() -> None:
    prices = prices_of(load(model_prices=PRICED))
    estimate = conversation_cost(conversation(turn(), turn()), prices)
    assert amounts(estimate) == {f"{SONNET} input": 6, f"{SONNET} output": 6}


def test_a_model_of_this_machine_needs_no_price() -> None:
    assert amounts(conversation_cost(conversation(turn("ollama/qwen")), prices_of(load()))) == {}


def test_without_a_models_price_there_is_no_estimate() -> None:
    assert conversation_cost(conversation(turn("openai/other")), prices_of(load(model_prices=PRICED))) is None


def test_tokens_of_nobody_known_give_no_estimate() -> None:
    assert conversation_cost(conversation(turn("")), prices_of(load(model_prices=PRICED))) is None


def test_a_head_kept_before_this_was_counted_has_no_estimate() -> None:
    old = conversation(turn()).model_copy(update={"tally": ConversationStats.model_validate({"answered": 1})})
    assert conversation_cost(old, prices_of(load(model_prices=PRICED))) is None


def test_on_aws_searches_agents_and_minutes_of_call_are_paid() -> None:
    prices = prices_of(load(platform="aws", model_prices=PRICED, speech="nova-sonic"))
    called = conversation(turn(), channel=Channel.VOICE, lasted_ms=HOUR_MS)
    assert amounts(conversation_cost(called, prices)) == {
        f"{SONNET} input": 3,
        f"{SONNET} output": 3,
        "speech": 0.9,
        "knowledge base": 0.001,
        "agent processor": 0.000895,
        "agent memory": pytest.approx(0.00945 * 1.25, abs=1e-6),
    }


def test_what_is_paid_by_a_measure_that_is_not_kept_gives_no_estimate() -> None:
    vectors = prices_of(load(platform="aws", model_prices=PRICED, knowledge_kind="VECTOR"))
    assert conversation_cost(conversation(turn()), vectors) is None
    spoken = prices_of(load(model_prices=PRICED, speech="openai/realtime"))
    assert conversation_cost(conversation(turn(), channel=Channel.VOICE), spoken) is None
    assert conversation_cost(conversation(turn()), spoken) is not None


def test_a_reports_sum_is_there_when_every_part_of_it_is() -> None:
    prices = prices_of(load(model_prices=PRICED))
    known, unknown = conversation(turn()), conversation(turn("openai/other"))
    assert amounts(sum_of([known, known], prices))[f"{SONNET} input"] == 6
    assert sum_of([known, unknown], prices) is None
    assert sum_of([], prices) == CostEstimate(amount=0, currency="USD", parts=())


def sum_of(conversations: list[Conversation], prices: Prices) -> CostEstimate | None:
    told = report(conversations, since=0, until=1, offset_minutes=0, complete=True, prices=prices)
    return told.total.cost_estimate


@pytest.mark.parametrize("text", ["bedrock/x", "bedrock/x=3", "bedrock/x=3:a", "=3:15", "x=3:15;y=1:2", "x=-1:2"])
def test_prices_of_another_form_are_refused_by_the_settings_name(text: str) -> None:
    with pytest.raises(InvalidInput, match="model_prices"):
        load(model_prices=text)


def test_a_rehearsal_costs_what_its_turns_took() -> None:
    played = rehearsed_turn("How much?", turn().result, 36_000)
    scenario = Scenario(scenario_id="r001", title="Prices", prompts=("How much?",), expect="reply")
    results = (judge(scenario, [played, played]), judge(scenario, [played]))
    use = rehearsal_use(RehearsalReport(version=1, model=SONNET, started_at=0, ended_at=1, results=results))
    cost = stage_cost(
        Step.REHEARSE_AGENT, use, prices_of(load(platform="aws", model_prices=PRICED, speech="nova-sonic"))
    )

    assert use == StageUse(
        models=(ModelUse(model=SONNET, input_tokens=3_000_000, output_tokens=600_000),), searches=3, busy_ms=108_000
    )
    assert amounts(cost.cost_estimate) == {
        f"{SONNET} input": 9,
        f"{SONNET} output": 9,
        "knowledge base": 0.003,
        "agent processor": 0.002685,
    }


def test_a_stage_whose_price_is_not_known_has_no_estimate() -> None:
    use = StageUse(models=(ModelUse(model="openai/other", input_tokens=1, output_tokens=1),))
    assert stage_cost(Step.AUTHOR_AGENT, use, prices_of(load(model_prices=PRICED))).cost_estimate is None
