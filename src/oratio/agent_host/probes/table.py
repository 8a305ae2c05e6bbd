"""Runs the attempts in a tier, and says what is expected of each."""

import asyncio
import os
import socket

from oratio.agent_host.forkserver_client import ForkserverClient
from oratio.agent_host.probes.attempts import ATTEMPTS, write_tmp
from oratio.agent_host.sandbox.confinement import Confinement, Tier
from oratio.agentkit.platform.framing import BadFrame, receive_frame
from oratio.errors import Unavailable

TIMEOUT_S = 20.0

# All that may succeed. In tier A `/tmp` is the process's own, 64 MB in memory, and goes with it.
ALLOWED: dict[Tier, frozenset[str]] = {
    Tier.A: frozenset({str(write_tmp.__doc__)}),
    Tier.B: frozenset(),
}


async def attempts_in(parent: ForkserverClient, confinement: Confinement) -> dict[str, bool]:
    """Every attempt's outcome, in a process that `parent` forks and confines.

    Raises:
        Unavailable: The process could not be confined, or ended before it had tried everything.
    """
    control, theirs = socket.socketpair()
    null = os.open(os.devnull, os.O_WRONLY)
    listening = socket.socket(socket.AF_UNIX)
    try:
        with theirs:
            descriptors = [listening.fileno(), theirs.fileno(), null, 2]
            spawned = await parent.spawn("probe", confinement, descriptors)
        control.settimeout(TIMEOUT_S)
        answer = await asyncio.to_thread(receive_frame, control)
        await spawned.exited
    except (OSError, BadFrame):
        answer = None
    finally:
        control.close()
        listening.close()
        os.close(null)
    outcome = answer.get("probes") if answer else None
    if not isinstance(outcome, dict) or len(outcome) != len(ATTEMPTS):
        raise Unavailable("a process could not be confined")
    return outcome


def escapes(tier: Tier, outcome: dict[str, bool]) -> list[str]:
    """The attempts that succeeded although the tier is to stop them."""
    return sorted(name for name, succeeded in outcome.items() if succeeded and name not in ALLOWED[tier])
