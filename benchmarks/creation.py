"""Submit to `active` for the telecom folder, on a real Oratio: the steps, and what lies between them."""

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import Row
from benchmarks.startup import command
from oratio.client import Brief, Client, FileSource
from oratio.domain.agents.agent import AgentStatus
from oratio.protocol.http import AgentDetail

TELECOM = Path(__file__).parents[1] / "examples" / "telecom" / "documents"
LEFT_OUT = {"main_policy.md", "LICENSE"}
CREATIONS = 3
QUESTIONS = ("What is MMS?", "What does check_sim_status do?", "What internet speed counts as slow?")
TURNS = 30


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="oratio-bench-") as scratch:
        folder = str(Path(scratch) / "data")
        try:
            command("up", "--detach", "--no-console", "--data", folder)
            return measure(command("token", "--data", folder)[1].strip())
        finally:
            command("down", "--data", folder)


def measure(token: str) -> list[Row]:
    with Client("http://127.0.0.1:8400", token) as client:
        created = [create(client) for _ in range(CREATIONS)]
        turns = [turn(client, created[-1][1].agent_id, number) for number in range(TURNS + 5)][5:]
    # The first creation of a data folder also loads the embedding model and the agents' warm parent.
    seconds = [total for total, _ in created]
    _, detail = created[seconds.index(median(seconds))]
    return [
        Row("submit to active", median(seconds), "s", 10, f"median of {CREATIONS}; 5 files, 3 of them PDFs"),
        Row("submit to active, first", seconds[0], "s", note="embedding model not yet loaded"),
        Row("between the steps", median(total - working(agent) for total, agent in created), "s", note="median"),
        *(Row(f"step {name}", length, "s", note="in the median creation") for name, length in steps(detail).items()),
        Row("warm text turn, p50", median(turns) * 1000, "ms", 100, f"at the HTTP API, {TURNS} turns"),
    ]


def create(client: Client) -> tuple[float, AgentDetail]:
    """Seconds from the submit to the event that says `active`, and the agent."""
    files: list[tuple[str, FileSource]] = [
        (path.relative_to(TELECOM).as_posix(), path)
        for path in sorted(TELECOM.rglob("*"))
        if path.is_file() and path.name not in LEFT_OUT
    ]
    brief = Brief(
        agent_name="Telecom",
        agent_type="text",
        sop=(TELECOM / "main_policy.md").read_text(),
        knowledge_base_description="Any question about phone service, mobile data or MMS",
        human_handoff_description="When the caller asks for a human or the problem cannot be solved",
    )
    started = time.perf_counter()
    accepted = client.create_agent(brief, files)
    for _ in client.events(accepted.agent_id):
        pass
    seconds = time.perf_counter() - started
    detail = client.agent(accepted.agent_id)
    assert detail.status is AgentStatus.ACTIVE, detail.error
    return seconds, detail


def steps(agent: AgentDetail) -> dict[str, float]:
    """Seconds of each step."""
    return {entry.step: ((entry.ended_at or 0) - (entry.started_at or 0)) / 1000 for entry in agent.progress}


def working(agent: AgentDetail) -> float:
    return sum(steps(agent).values())


def turn(client: Client, agent_id: str, number: int) -> float:
    started = time.perf_counter()
    assert client.ask(agent_id, QUESTIONS[number % len(QUESTIONS)]).answered
    return time.perf_counter() - started
