"""The rates AWS publishes for an account, counted over a moving window of real time."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

CONTROL, DATA, RETRIEVAL = "bedrock-agentcore-control", "bedrock-agentcore", "bedrock-agent-runtime"


class Rate(NamedTuple):
    """At most `most` calls in `within_s` seconds.

    Attributes:
        verbs: What the operations it counts begin with.
        each: The parameter it is counted by; empty for the account.
        fresh: Only the first call of each value counts, against the whole account.
    """

    words: str
    service: str
    verbs: tuple[str, ...]
    most: int
    within_s: float
    each: str = ""
    fresh: bool = False


RATES = (
    Rate("AgentCore changes: 50 a second", CONTROL, ("Create", "Update", "Delete"), 50, 1.0),
    Rate("AgentCore Get: 150 a second", CONTROL, ("Get",), 150, 1.0),
    Rate("AgentCore List: 25 a second", CONTROL, ("List",), 25, 1.0),
    Rate("InvokeAgentRuntime: 1,000 a second", DATA, ("InvokeAgentRuntime",), 1_000, 1.0),
    Rate("new sessions: 25 a second", DATA, ("InvokeAgentRuntime",), 25, 1.0, "runtimeSessionId", fresh=True),
    Rate("Retrieve: 25 a second a knowledge base", RETRIEVAL, ("Retrieve",), 25, 1.0, "knowledgeBaseId"),
    Rate("Retrieve: 600 a minute a knowledge base", RETRIEVAL, ("Retrieve",), 600, 60.0, "knowledgeBaseId"),
)


class Rates:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[tuple[str, str], deque[float]] = {}
        self._sessions: set[str] = set()

    def over(self, service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
        """The rates that this call passes over."""
        now = time.monotonic()
        with self._lock:
            return [rate.words for rate in RATES if self._counts(rate, service, operation, params, now)]

    def _counts(self, rate: Rate, service: str, operation: str, params: Mapping[str, Any], now: float) -> bool:
        if service != rate.service or not operation.startswith(rate.verbs):
            return False
        value = str(params.get(rate.each, ""))
        if rate.fresh:
            if value in self._sessions:
                return False
            self._sessions.add(value)
        times = self._times.setdefault((rate.words, "" if rate.fresh else value), deque())
        while times and times[0] <= now - rate.within_s:
            times.popleft()
        times.append(now)
        return len(times) > rate.most
