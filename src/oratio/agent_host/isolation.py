"""Finds the strongest isolation this machine offers, by trying it."""

import logging
import os
from dataclasses import dataclass

from oratio.agent_host.forkserver_client import ForkserverClient, TierRefused
from oratio.agent_host.probes.table import attempts_in, escapes
from oratio.agent_host.sandbox.confinement import Confinement, Tier
from oratio.errors import Unavailable

logger = logging.getLogger(__name__)

FIRST_UID = 1_610_612_736
"""Dedicated user ids start here: above every range that distributions, containers or directories hand out."""
UIDS = 65_536


def confinement(number: int) -> Confinement:
    """What the `number`th process of a host is confined to: a user id of its own where the host is root."""
    return Confinement(uid=FIRST_UID + number % UIDS if os.geteuid() == 0 else None)


@dataclass(slots=True)
class Isolation:
    """The tier in force, why not a stronger one, and the warm parent that forks into it."""

    tier: Tier
    reason: str
    parent: ForkserverClient


async def choose_isolation(*, allow_unsandboxed: bool, strongest: Tier = Tier.A) -> Isolation:
    """Start a warm parent in the strongest tier that stops every escape attempt.

    Args:
        strongest: Where to begin; for tests of the weaker tiers.

    Raises:
        Unavailable: Neither tier A nor B works, and running without is not allowed.
    """
    reasons: list[str] = []
    for tier in (Tier.A, Tier.B):
        if tier == Tier.A != strongest or strongest == Tier.NONE:
            continue
        parent = ForkserverClient(tier)
        try:
            await parent.start()
            if through := escapes(tier, await attempts_in(parent, confinement(0))):
                raise TierRefused(f"it lets through: {', '.join(through)}")
        except (TierRefused, Unavailable) as error:
            reasons.append(f"tier {tier}: {error}")
            await parent.stop()
            continue
        if reasons:
            logger.warning("reason=<%s> | isolation is tier %s, not the strongest", "; ".join(reasons), tier)
        return Isolation(tier, "; ".join(reasons), parent)
    reason = "; ".join(reasons)
    if not allow_unsandboxed:
        raise Unavailable(
            f"this machine offers no sandbox for generated code ({reason})",
            hint="use Linux with Landlock, or set ORATIO_ALLOW_UNSANDBOXED=i-understand on a machine of your own",
        )
    parent = ForkserverClient(Tier.NONE)
    await parent.start()
    return Isolation(Tier.NONE, reason, parent)
