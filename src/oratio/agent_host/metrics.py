"""Prometheus metrics of agents at work: turns, the processes behind them, and what those ask of the host."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class AgentHostMetrics:
    """One registry a host; labels come from small sets, never from what an agent says."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._processes = Gauge("oratio_agent_processes", "Agent processes alive.", registry=registry)
        self.starts = Counter("oratio_agent_starts", "Agent processes started.", ("outcome",), registry=registry)
        self.ended = Counter("oratio_agent_ended", "Agent processes that ended by themselves.", registry=registry)
        self.turns = Counter("oratio_agent_turns", "Turns, by how they ended.", ("outcome",), registry=registry)
        self.turn_seconds = Histogram(
            "oratio_agent_turn_seconds", "Time of a turn in the host.", buckets=_SECONDS, registry=registry
        )
        self.calls = Counter("oratio_gateway_calls", "Calls of agents.", ("operation", "outcome"), registry=registry)
        self.call_seconds = Histogram(
            "oratio_gateway_seconds", "Time of an agent's call.", ("operation",), buckets=_SECONDS, registry=registry
        )
        self.tokens = Counter("oratio_model_tokens", "Tokens of agents' models.", ("direction",), registry=registry)

    def count_processes(self, count: Callable[[], int]) -> None:
        """Ask `count` whenever the metrics are read."""
        self._processes.set_function(count)

    def text(self) -> bytes:
        return generate_latest(self._registry)
