"""What a conversation, or the making of a version, is likely to cost at the providers.

Where a price is not known there is no estimate, rather than a guess.
"""

from collections.abc import Iterable, Mapping

from oratio.domain.agents.agent import Step
from oratio.domain.conversations.conversation import Channel, Conversation
from oratio.domain.conversations.conversation_stats import ModelUse
from oratio.domain.refs import Value

CURRENCY = "USD"
SEARCH = 0.001
VCPU_HOUR = 0.0895
GB_HOUR = 0.00945
CALL_MINUTE = 0.015
"""Published prices (docs/aws.md): a search of a managed knowledge base, AgentCore's, a minute of Nova Sonic."""

IDLE_MS = 900_000
"""How long AgentCore holds a session's machine after its last turn."""

_AGENT_GB = 1.0
_FREE = ("ollama", "llamacpp")
_MS_PER_HOUR = 3_600_000
_DIGITS = 6


class CostPart(Value):
    """One line of an estimate: `quantity` of `unit` came to `amount`."""

    name: str
    quantity: float
    unit: str
    amount: float


class CostEstimate(Value):
    """The sum of its parts; parts that cost nothing are left out."""

    amount: float
    currency: str
    parts: tuple[CostPart, ...]


class TokenPrice(Value):
    """Of a million tokens."""

    input: float
    output: float


class Prices(Value):
    """What one deployment pays; zero is free, None is not known.

    Attributes:
        models: By `TurnResult.model`; `builtin` and models on a machine of one's own need no entry.
        idle_ms: How long an agent's machine is paid for after its last turn.
    """

    models: Mapping[str, TokenPrice] = {}
    search: float | None = 0
    vcpu_hour: float = 0
    gb_hour: float = 0
    call_minute: float | None = 0
    idle_ms: int = 0


NO_PRICES = Prices()


class StageUse(Value):
    """What one step of making a version took at the providers.

    Attributes:
        searches: Searches of the knowledge base.
        busy_ms: How long the agent was at work, in all.
    """

    models: tuple[ModelUse, ...] = ()
    searches: int = 0
    busy_ms: int = 0


class StageCost(Value):
    """A step, what it took, and what that is likely to cost; None when a price it needs is not known."""

    step: Step
    use: StageUse
    cost_estimate: CostEstimate | None


def conversation_cost(conversation: Conversation, prices: Prices) -> CostEstimate | None:
    """The estimate of one conversation; None when a price it needs is not known, or what it used was not counted."""
    tally = conversation.tally
    if tally.models is None:
        return None
    parts = _used(StageUse(models=tally.models, searches=tally.searches, busy_ms=tally.busy_ms), prices)
    if parts is None:
        return None
    lasted_ms = max(0, conversation.updated_at - conversation.started_at)
    if conversation.channel is Channel.VOICE:
        if prices.call_minute is None:
            return None
        parts.append(_part("speech", lasted_ms / 60_000, "minute", prices.call_minute))
    held_hours = (lasted_ms + prices.idle_ms) / _MS_PER_HOUR if conversation.turns else 0
    parts.append(_part("agent memory", held_hours * _AGENT_GB, "GB-hour", prices.gb_hour))
    return _estimate(parts)


def stage_cost(step: Step, use: StageUse, prices: Prices) -> StageCost:
    parts = _used(use, prices)
    return StageCost(step=step, use=use, cost_estimate=None if parts is None else _estimate(parts))


def total_cost(estimates: Iterable[CostEstimate | None]) -> CostEstimate | None:
    """The sum, part by part; None when one of them is not known."""
    sums: dict[tuple[str, str], CostPart] = {}
    for estimate in estimates:
        if estimate is None:
            return None
        for part in estimate.parts:
            known = sums.get((part.name, part.unit))
            sums[part.name, part.unit] = part if known is None else _sum(known, part)
    return _estimate(sums.values())


def token_prices(text: str) -> dict[str, TokenPrice]:
    """`model=input:output,…`, dollars a million tokens, as the setting's pattern lets through."""
    found: dict[str, TokenPrice] = {}
    for entry in filter(None, text.split(",")):
        model, _, price = entry.rpartition("=")
        into, _, out_of = price.partition(":")
        found[model.strip()] = TokenPrice(input=float(into), output=float(out_of))
    return found


def _used(use: StageUse, prices: Prices) -> list[CostPart] | None:
    """Models, searches and processor; None when a price is not known."""
    parts: list[CostPart] = []
    for model in use.models:
        if _free(model.model) or not model.input_tokens + model.output_tokens:
            continue
        price = prices.models.get(model.model)
        if price is None:
            return None
        parts.append(_part(f"{model.model} input", model.input_tokens, "token", price.input / 1e6))
        parts.append(_part(f"{model.model} output", model.output_tokens, "token", price.output / 1e6))
    if use.searches:
        if prices.search is None:
            return None
        parts.append(_part("knowledge base", use.searches, "search", prices.search))
    parts.append(_part("agent processor", use.busy_ms / _MS_PER_HOUR, "vCPU-hour", prices.vcpu_hour))
    return parts


def _free(model: str) -> bool:
    return model == "builtin" or model.partition("/")[0] in _FREE


def _part(name: str, quantity: float, unit: str, price: float) -> CostPart:
    return CostPart(name=name, quantity=round(quantity, _DIGITS), unit=unit, amount=quantity * price)


def _sum(one: CostPart, other: CostPart) -> CostPart:
    summed = {"quantity": round(one.quantity + other.quantity, _DIGITS), "amount": one.amount + other.amount}
    return one.model_copy(update=summed)


def _estimate(parts: Iterable[CostPart]) -> CostEstimate:
    held = [part for part in parts if part.amount]
    rounded = tuple(part.model_copy(update={"amount": round(part.amount, _DIGITS)}) for part in held)
    return CostEstimate(amount=round(sum(part.amount for part in held), _DIGITS), currency=CURRENCY, parts=rounded)
