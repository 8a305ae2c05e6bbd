"""Starting, memory and turns of agent processes: the warm parent and the sandbox against doing without."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks import Row
from oratio.adapters.local.runtime_store import RuntimeStore, StoredRuntime
from oratio.agent_host.host import AgentHost
from oratio.agent_host.sandbox.confinement import Tier
from oratio.domain.refs import VersionRef
from tests.fakes.agents import MemoryKnowledge, ScriptedModel, is_signed, passage, prompt_script, signed_package

STARTS, AT_ONCE, WARM_UP, TURNS, PLAIN_STARTS = 15, 10, 10, 150, 3
SESSION = "benchmark-session-0000000000000000001"

PLAIN = """
import sys
from pathlib import Path
from oratio.agentkit.app import create_app
from oratio.agentkit.definition import AgentDefinition
from oratio.agentkit.platform.gateway import Gateway
import socket
definition = AgentDefinition.from_folder(Path(sys.argv[1]), model="none")
create_app(definition, Gateway(socket.socketpair()[0])).run(port=int(sys.argv[2]))
"""


def deployed(store: RuntimeStore, name: str) -> tuple[str, str]:
    ref = VersionRef(user_id="benchmark", agent_id=name, version=1)
    package = signed_package()
    record = StoredRuntime(ref=ref, engine_id="kb", signature=package.signature, token="t", created_at=0, tags={})
    runtime_id = store.runtime_id(ref)
    return runtime_id, store.add(runtime_id, package, record)


@asynccontextmanager
async def started(root: Path, tier: Tier) -> AsyncIterator[AgentHost]:
    passages = [passage("p1", "manual.md", "The warranty lasts twenty four months from the day of purchase.")]
    host = AgentHost(
        root=root,
        knowledge=MemoryKnowledge({"kb": passages}),
        models=lambda ref, plan: ScriptedModel(prompt_script),
        model_name="scripted",
        verify=is_signed,
        allow_unsandboxed=True,
        strongest=tier,
    )
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


PAUSE_S = 0.07  # the gateway lets a process make 50 calls a second in the long run, and a turn makes three


async def healthy_ms(host: AgentHost, key: tuple[str, str]) -> float:
    """From nothing to an answered `/ping`."""
    begun = time.perf_counter()
    process = await host._process(key)
    assert await process.ping()
    return (time.perf_counter() - begun) * 1000


async def turn_ms(host: AgentHost, key: tuple[str, str]) -> float:
    begun = time.perf_counter()
    payload = {"prompt": "search warranty", "deadlineMs": 10_000}
    last = None
    async for event in await host.invoke(*key, SESSION, payload):
        last = event
    assert last is not None
    assert last["type"] == "done", last
    return (time.perf_counter() - begun) * 1000


def plain_start_ms(folder: Path, port: int) -> float:
    """`python` with the same agent and application, no host, no sandbox, until `/ping` answers."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", PLAIN, str(folder), str(port)], stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/ping", trust_env=False)
                return (time.perf_counter() - begun) * 1000
            except httpx.TransportError:
                time.sleep(0.01)
    finally:
        process.kill()
        process.wait()


def memory(host: AgentHost) -> tuple[float, float]:
    """Largest resident and proportional set of the agents, MiB."""
    family = psutil.Process(host.isolation.parent.pid).children(recursive=True)
    agents = [process for process in family if process.memory_info().rss and process.children() == []]
    infos = [process.memory_full_info() for process in agents]
    return max(info.rss for info in infos) / 2**20, max(info.pss for info in infos) / 2**20


async def measure(root: Path) -> list[Row]:
    store = RuntimeStore(root)
    async with started(root, Tier.A) as host, started(root, Tier.NONE) as bare:
        tier = f"tier {host.isolation.tier}"
        starts = [await healthy_ms(host, deployed(store, f"start-{number}")) for number in range(STARTS)]
        keys = [deployed(store, f"at-once-{number}") for number in range(AT_ONCE)]
        begun = time.perf_counter()
        await asyncio.gather(*(healthy_ms(host, key) for key in keys))
        at_once_s = time.perf_counter() - begun
        key = keys[0]
        firsts = [await turn_ms(host, other) for other in keys]
        for _ in range(WARM_UP):
            await turn_ms(host, key), await turn_ms(bare, key)
            await asyncio.sleep(PAUSE_S)
        confined, unconfined = [], []
        for number in range(TURNS):
            await asyncio.sleep(PAUSE_S)
            first, second = (host, bare) if number % 2 else (bare, host)  # neither always goes first
            times = {id(first): await turn_ms(first, key), id(second): await turn_ms(second, key)}
            confined.append(times[id(host)])
            unconfined.append(times[id(bare)])
        rss, pss = memory(host)
        plain = [plain_start_ms(root / key[0] / key[1], 18_990 + number) for number in range(PLAIN_STARTS)]
    # The fastest tenth of each: on a busy machine the rest measures the other processes.
    overhead = statistics.quantiles(confined, n=10)[0] - statistics.quantiles(unconfined, n=10)[0]
    return [
        Row("agent process, cold to healthy, median", statistics.median(starts), "ms", 100, f"warm parent, {tier}"),
        Row("the same from plain python, median", statistics.median(plain), "ms", None, "no host, no sandbox"),
        Row(f"{AT_ONCE} agents started at once, all healthy", at_once_s, "s", 2, tier),
        Row("agent process, resident, largest", rss, "MiB", 72, "after its turns; most of it shared"),
        Row("agent process, proportional, largest", pss, "MiB", None, "its share of what it shares"),
        Row("first turn of a process, median", statistics.median(firsts), "ms", None, "one search, scripted model"),
        Row("warm turn, median", statistics.median(confined), "ms", None, f"the same, {tier}, host to host"),
        Row("sandbox overhead on a warm turn", overhead, "ms", 3, f"{tier} less none, fastest tenth of {TURNS} pairs"),
    ]


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(Path(folder)))
