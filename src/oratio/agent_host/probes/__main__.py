"""`python -m oratio.agent_host.probes`: the escape table of this machine, one column a tier."""

import asyncio
import sys

from oratio.agent_host.forkserver_client import ForkserverClient, TierRefused
from oratio.agent_host.isolation import confinement
from oratio.agent_host.probes.attempts import ATTEMPTS
from oratio.agent_host.probes.table import attempts_in, escapes
from oratio.agent_host.sandbox.confinement import Tier
from oratio.errors import Unavailable


async def outcomes(tier: Tier) -> dict[str, bool] | str:
    """What each attempt came to in a tier, or why the tier is not to be had."""
    parent = ForkserverClient(tier)
    try:
        await parent.start()
        return await attempts_in(parent, confinement(0))
    except (TierRefused, Unavailable) as error:
        return str(error)
    finally:
        await parent.stop()


def main() -> int:
    """Print the table; exit 1 when a tier lets through what it is to stop, or no tier is to be had."""
    table = {tier: asyncio.run(outcomes(tier)) for tier in Tier}
    columns = {tier: outcome for tier, outcome in table.items() if not isinstance(outcome, str)}
    print(f"{'attempt':56}" + "".join(f"{'tier ' + tier:>12}" for tier in columns))
    for attempt in ATTEMPTS:
        name = str(attempt.__doc__)
        cells = ("SUCCEEDS" if outcome[name] else "stopped" for outcome in columns.values())
        print(f"{name:56}" + "".join(f"{cell:>12}" for cell in cells))
    for tier, outcome in columns.items():
        stopped = len(outcome) - sum(outcome.values())
        print(f"tier {tier}: {stopped} of {len(outcome)} stopped")
    for tier, reason in table.items():
        if isinstance(reason, str):
            print(f"tier {tier}: not on this machine: {reason}")
    confining = [tier for tier in (Tier.A, Tier.B) if tier in columns]
    through = [f"tier {tier}: {name}" for tier in confining for name in escapes(tier, columns[tier])]
    for line in through:
        print(f"NOT STOPPED: {line}")
    return 1 if through or not confining else 0


if __name__ == "__main__":
    sys.exit(main())
