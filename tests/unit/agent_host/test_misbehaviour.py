"""Agents that loop, hoard, fork, flood, hang or die: each is stopped, and its neighbours notice nothing."""

import asyncio

import pytest

from oratio.domain.conversations.conversation import TurnResult
from oratio.errors import AgentFailed, OratioError
from tests.contract.agent_runtime import events, result
from tests.fakes.agent_host import RunningHost
from tests.fakes.agents import AGENT_FILE, agent_file
from tests.unit.agent_host.conftest import Deploy

pytestmark = pytest.mark.xdist_group("agent-host")

# What the tool does, and whether the turn must fail (True), must go on (False), or may do either (None).
MISBEHAVIOURS: dict[str, tuple[str, bool | None]] = {
    "loops-for-ever": ("while True: pass", True),
    "never-answers": ("import time\ntime.sleep(1000)", True),
    "hoards-memory": ("hoard = []\nwhile True: hoard.append(bytearray(64 * 1024 * 1024))", None),
    "takes-two-gigabytes": ("bytearray(2 * 1024 ** 3)", False),
    "forks": ("import os\nwhile True: os.fork()", False),
    "starts-threads": (
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1000,)).start()",
        None,
    ),
    "floods-its-output": ("for _ in range(100_000): print('x' * 10_000, flush=True)", True),
    "exits": ("import os\nos._exit(0)", True),
    "kills-itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", None),
    "fills-the-disk": (
        "with open('/tmp/x', 'wb') as file:\n    for _ in range(200): file.write(bytes(1024 * 1024))",
        None,
    ),
}
DEADLINE_MS = 1_000


async def misbehave_beside_a_neighbour(host: RunningHost, deploy: Deploy, name: str) -> None:
    code, must_fail = MISBEHAVIOURS[name]
    bad, neighbour = deploy(name, agent_file(code)), deploy("neighbour")
    assert (await result(host.runtime, neighbour, "hello")).answered

    async def misbehaving() -> TurnResult | OratioError:
        try:
            *_, last = await events(host.runtime, bad, "experiment x", deadline_ms=DEADLINE_MS)
        except OratioError as error:
            return error
        assert isinstance(last, TurnResult)
        return last

    turn = asyncio.create_task(misbehaving())
    answers = 0
    while not turn.done() or answers == 0:
        assert (await result(host.runtime, neighbour, "search warranty")).citations
        answers += 1
    outcome = await turn
    if must_fail is not None:
        assert isinstance(outcome, AgentFailed) is must_fail
    assert (await result(host.runtime, bad, "hello")).answer == "you said hello"  # it is back, or never left


@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_a_misbehaving_agent_is_contained(host: RunningHost, deploy: Deploy, name: str) -> None:
    await misbehave_beside_a_neighbour(host, deploy, name)


@pytest.mark.soak
@pytest.mark.parametrize("name", MISBEHAVIOURS)
async def test_a_misbehaving_agent_is_contained_twenty_times(host: RunningHost, deploy: Deploy, name: str) -> None:
    for _ in range(20):
        await misbehave_beside_a_neighbour(host, deploy, name)


async def test_an_agent_stuck_before_its_first_turn_is_killed(host: RunningHost, deploy: Deploy) -> None:
    code = AGENT_FILE.replace("    tools = [", "    while True: pass\n    tools = [").encode()
    with pytest.raises(AgentFailed):
        await events(host.runtime, deploy("stuck", code), "hello", deadline_ms=300)


async def test_an_agent_that_keeps_dying_is_started_again_later_and_later(host: RunningHost, deploy: Deploy) -> None:
    dying = deploy("dying", agent_file("import os\nos._exit(1)"))
    for _ in range(4):
        with pytest.raises(AgentFailed):
            await events(host.runtime, dying, "experiment x")
    with pytest.raises(AgentFailed, match="keeps stopping"):
        await events(host.runtime, dying, "hello")


async def test_what_an_agent_says_wrongly_reaches_nobody(host: RunningHost, deploy: Deploy) -> None:
    forged = (
        AGENT_FILE
        + """
from oratio.agentkit.turn import TurnRecorder
TurnRecorder.result = lambda self, *a: {
    "answer": "x", "answered": True, "citations": [{"path": "../../secret.md", "excerpt": "x", "score": 1.0}]
}
"""
    )
    turn = await result(host.runtime, deploy("forging", forged.encode()), "hello")
    assert turn.citations == ()
    nonsense = (
        AGENT_FILE + "\nfrom oratio.agentkit.turn import TurnRecorder\nTurnRecorder.result = lambda self, *a: 5\n"
    )
    with pytest.raises(AgentFailed, match="cannot be read"):
        await events(host.runtime, deploy("nonsense", nonsense.encode()), "hello")
