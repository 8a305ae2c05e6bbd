"""Every kind of GET among many agents, taken in turns so that what else the machine does falls on all alike."""

import http.client
import json
import statistics
import time
from collections.abc import Mapping, Sequence

from benchmarks import Row
from oratio.bootstrap import Platform
from oratio.client import Client
from oratio.domain.conversations.conversation import Channel, Citation, Conversation, Turn, TurnResult
from oratio.domain.storage_layout import CODE_FILE, PLAN_FILE, PROMPT_FILE, transcript_key, version_key
from oratio.settings import Settings

ROUNDS, WARM_UP = 300, 20
CONVERSATIONS, TURNS, KEYS = 1_000, 10, 5
TARGET_MS = 5
_ASKED = "c00000000"


def rows(platform: Platform, config: Settings, user_id: str, agent_id: str, among: str) -> list[Row]:
    """Each kind's median in ms, over one connection that is kept."""
    assert platform.token_issuer is not None
    token = platform.token_issuer.issue(user_id, ttl_s=3600)
    _converse(platform, user_id, agent_id)
    connection = http.client.HTTPConnection("127.0.0.1", config.port("api"), timeout=30)

    def ask(path: str) -> bytes:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    with Client(config.api_base, token) as client:
        for _ in range(KEYS):
            client.create_key(agent_id, "A key")
        client.create_webhook("https://hooks.example/a", ["agent.active"])
    took: Mapping[str, list[float]] = {path: [] for path in _paths(agent_id)}
    nexts = {path: f"{path}&cursor={json.loads(ask(path))['nextCursor']}" for path in took if "limit" in path}
    took = {**took, **{path: [] for path in nexts.values()}}
    for _ in range(ROUNDS):
        for path, taken in took.items():
            begun = time.perf_counter()
            ask(path)
            taken.append((time.perf_counter() - begun) * 1000)
    connection.close()
    return [_row(path.replace(agent_id, "{id}"), sorted(taken[WARM_UP:]), among) for path, taken in took.items()]


def _paths(agent_id: str) -> Sequence[str]:
    agent = f"/api/agents/{agent_id}"
    return (
        agent,
        "/api/agents?limit=10",
        f"{agent}/versions",
        f"{agent}/versions/1",
        f"{agent}/api-keys",
        f"{agent}/conversations?limit=10",
        f"/api/conversations?agentId={agent_id}&limit=10",
        f"/api/conversations/{_ASKED}",
        f"/api/calls?agentId={agent_id}",
        "/api/webhooks",
        "/api/system",
        "/healthz",
    )


def _row(path: str, taken: Sequence[float], among: str) -> Row:
    path, _, cursor = path.partition("&cursor=")
    p95 = taken[int(len(taken) * 0.95)]
    name = f"GET {path}{', page 2' if cursor else ''}, p50"
    return Row(name, statistics.median(taken), "ms", TARGET_MS, f"{among}; p95 {p95:.1f} ms")


def _converse(platform: Platform, user_id: str, agent_id: str) -> None:
    """Conversations of the agent, one with a transcript, and what was written for its version."""
    for number in range(CONVERSATIONS):
        platform.conversations.add(
            Conversation(
                user_id=user_id, agent_id=agent_id, conversation_id=f"c{number:08d}", version=1, channel=Channel.TEXT,
                started_at=1_000 + number, updated_at=2_000 + number, turns=TURNS,
            )
        )  # fmt: skip
    result = TurnResult(
        answer="Hold the power button for ten seconds. " * 5,
        answered=True,
        citations=(Citation(path="manual.md", excerpt="Hold the power button. " * 10, score=0.9),),
    )
    turn = Turn(at=1, prompt="How do I restart it?", result=result, latency_ms=50)
    lines = "".join(turn.model_dump_json() + "\n" for _ in range(TURNS)).encode()
    platform.recordings.put(transcript_key(user_id, agent_id, _ASKED), lines, tags={})
    for file, text in ((CODE_FILE, "x = 1\n" * 1000), (PROMPT_FILE, "You help.\n" * 500), (PLAN_FILE, '{"steps": []}')):
        platform.code.put(version_key(user_id, agent_id, 1, file), text.encode(), tags={})
