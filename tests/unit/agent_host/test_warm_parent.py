import os
import signal
import subprocess
import sys

import psutil
import pytest

from oratio.agent_host.sandbox.confinement import Tier

pytestmark = pytest.mark.xdist_group("agent-host")

HOST = """
import asyncio, os, socket, sys
from oratio.agent_host.isolation import confinement
from oratio.agent_host.sandbox.confinement import Tier
from oratio.agent_host.forkserver_client import TierRefused, ForkserverClient

async def main():
    parent = ForkserverClient(Tier(sys.argv[1]))
    try:
        await parent.start()
    except TierRefused as refused:
        print("refused", refused, flush=True)
        return
    ends = [socket.socketpair() for _ in range(2)]
    out = os.open(os.devnull, os.O_WRONLY)
    for listening, control in ((socket.socket(socket.AF_UNIX), end[1]) for end in ends):
        await parent.spawn("serve", confinement(1), [listening.fileno(), control.fileno(), out, out])
    print("up", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("tier", list(Tier))
def test_a_host_that_is_killed_leaves_no_process_behind(tier: Tier) -> None:
    with subprocess.Popen([sys.executable, "-c", HOST, tier.value], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        said = host.stdout.readline()
        if said.startswith("refused"):
            pytest.skip(said)
        family = psutil.Process(host.pid).children(recursive=True)
        assert len(family) >= 3
        os.kill(host.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
