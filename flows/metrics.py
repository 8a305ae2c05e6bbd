"""Prometheus metrics of the flow runs on this worker."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)


class FlowMetrics:
    """Metrics of a process, in one registry."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._executing = Gauge("oratio_flow_runs_executing", "Flow runs under way here.", registry=registry)
        self.runs = Counter("oratio_flow_runs", "Flow runs, by how they ended.", ("flow", "outcome"), registry=registry)
        self.run_seconds = Histogram(
            "oratio_flow_run_seconds", "Time of a flow run.", ("flow",), buckets=_SECONDS, registry=registry
        )
        self.steps = Counter("oratio_steps", "Steps, by how they ended.", ("step", "outcome"), registry=registry)
        self.step_seconds = Histogram(
            "oratio_step_seconds", "Time of a step.", ("step",), buckets=_SECONDS, registry=registry
        )
        self.restarts = Counter("oratio_flow_restarts", "Flows started again by the reconciler.", registry=registry)

    def count_executing(self, count: Callable[[], int]) -> None:
        """Ask `count` whenever the metrics are read."""
        self._executing.set_function(count)

    def text(self) -> bytes:
        return generate_latest(self._registry)


METRICS = FlowMetrics()
"""Metrics of this process; global, because flows are module-level functions and get nothing injected."""
