"""Prometheus metrics of the API: requests, their latency, uploads in progress, agents at work."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.conversations.conversation import Usage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ApiMetrics:
    """Metrics of one app, in its own registry; routes are labelled by their template, never by the path."""

    def __init__(self, unfinished: Callable[[], list[Agent]]) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "oratio_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self.latency = Histogram(
            "oratio_http_request_seconds",
            "Time to the end of the answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.turns = Histogram(
            "oratio_turn_seconds", "Time from prompt to whole answer.", buckets=_BUCKETS, registry=self._registry
        )
        self.tokens = Counter("oratio_turn_tokens", "Tokens of turns.", ("direction",), registry=self._registry)
        self.errors = Counter("oratio_errors", "Calls refused or failed, by code.", ("code",), registry=self._registry)
        self.watchers = Gauge("oratio_event_watchers", "Open event streams.", registry=self._registry)
        self._registry.register(_Agents(unfinished))

    def turn(self, latency_ms: int, usage: Usage) -> None:
        """Count one whole answer."""
        self.turns.observe(latency_ms / 1000)
        self.tokens.labels("input").inc(usage.input_tokens)
        self.tokens.labels("output").inc(usage.output_tokens)

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Agents(Collector):
    """Collector of the agents that a flow works on, counted at each scrape."""

    def __init__(self, unfinished: Callable[[], list[Agent]]) -> None:
        self._unfinished = unfinished

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [GaugeMetricFamily("oratio_agents", "Agents a flow works on, by status.", labels=("status",))]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        found = [agent.status for agent in self._unfinished()]
        family = GaugeMetricFamily("oratio_agents", "Agents a flow works on, by status.", labels=("status",))
        for status in AgentStatus:
            if status is not AgentStatus.FAILED:
                label = "updating" if status is AgentStatus.ACTIVE else status.value
                family.add_metric((label,), found.count(status))
        yield family
