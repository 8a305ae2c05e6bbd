"""How an agent process is confined: the tiers, and what each does before and after the fork."""

import os
from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    A = "A"
    B = "B"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one agent process is confined to.

    Attributes:
        uid: The dedicated user id it drops to when the host is root; None otherwise.
    """

    uid: int | None = None


class Parent:
    def __init__(self, tier: Tier) -> None:
        self._tier = tier

    def fork(self, confinement: Confinement) -> int:
        return os.fork()

    def confine(self, confinement: Confinement) -> None:
        pass


def prepare_parent(tier: Tier) -> Parent:
    from oratio.agent_host.lean_imports import warm_up

    warm_up()
    return Parent(tier)
