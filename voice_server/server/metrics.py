"""Prometheus metrics of calls."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.8, 2.5, 4, 8, 16, 30)


class VoiceMetrics:
    """One registry a server.

    Args:
        shared: Folder in which several processes of one server add up their metrics; None for a server of one.
    """

    def __init__(self, shared: Path | None = None) -> None:
        self._shared = shared
        registry = self._registry = CollectorRegistry()
        self.connections = Gauge(
            "oratio_voice_connections", "Sockets, half-open ones too.", registry=registry, multiprocess_mode="livesum"
        )
        self.calls = Gauge("oratio_voice_calls", "Live calls.", registry=registry, multiprocess_mode="livesum")
        self.refused = Counter("oratio_voice_refused", "Handshakes refused.", ("status",), registry=registry)
        self.ended = Counter("oratio_voice_ended", "Calls ended.", ("reason",), registry=registry)
        self.turns = Counter("oratio_voice_turns", "Turns ended.", ("status",), registry=registry)
        self.resumed = Counter("oratio_voice_resumed", "Calls taken up again.", registry=registry)
        self.errors = Counter("oratio_voice_errors", "Turns the agent failed.", ("code",), registry=registry)
        self.tokens = Counter("oratio_voice_tokens", "Tokens of spoken turns.", ("direction",), registry=registry)
        self.fast_path = Counter(
            "oratio_voice_fast_path", "Audio frames that passed by the library's parser.", registry=registry
        )
        self.latency = Histogram(
            "oratio_voice_latency_seconds",
            "End of the caller's speech to the first audible sample.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.dead_air = Histogram(
            "oratio_voice_dead_air_seconds",
            "Per turn: the agent owed speech and nothing played.",
            buckets=_SECONDS,
            registry=registry,
        )

    def text(self) -> bytes:
        if self._shared is None:
            return generate_latest(self._registry)
        all_of_them = CollectorRegistry()
        MultiProcessCollector(all_of_them, path=str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(all_of_them)
