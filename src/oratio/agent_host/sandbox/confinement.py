"""How an agent process is confined: the tiers, and what each does before and after the fork.

| tier | what is around an agent |
|---|---|
| A    | namespaces, Landlock, seccomp, resource limits, own user |
| B    | Landlock, seccomp, resource limits, own user where the host is root |
| none | resource limits only; refused unless the operator allows it in words |
"""

import os
import sys
from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from oratio.agent_host.sandbox import limits


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


class Confiner(Protocol):
    """Forks processes and, inside each, gives up everything an agent is not to have.

    Contract:
    1. Made before anything heavy is imported; `prepare` after, and after it nothing is imported from elsewhere.
    2. `confine` runs in the child, in its only thread, before it has seen anything of its agent. It raises rather
       than leave out a part.
    """

    @abstractmethod
    def prepare(self) -> None: ...

    @abstractmethod
    def fork(self) -> int: ...

    @abstractmethod
    def confine(self, confinement: Confinement) -> None: ...


def confiner(tier: Tier) -> Confiner:
    """Enter what the parent itself has to be in, and return what confines its children.

    Raises:
        OSError: The machine refuses.
    """
    match tier:
        case Tier.A:
            return Namespaced()
        case Tier.B:
            return KernelOnly()
        case Tier.NONE:
            return Unconfined()


class Unconfined(Confiner):
    """Limits, and never root: all that can be had anywhere."""

    def prepare(self) -> None:
        """Nothing to prepare."""

    def fork(self) -> int:
        return os.fork()

    def confine(self, confinement: Confinement) -> None:
        from oratio.agent_host.sandbox import privileges

        limits.apply(own_user=confinement.uid is not None)
        if confinement.uid is not None:
            privileges.become_user(confinement.uid)
        if sys.platform == "linux":
            privileges.die_with_parent()


class KernelOnly(Confiner):
    """Landlock and seccomp, where user namespaces are refused."""

    def __init__(self) -> None:
        from oratio.agent_host.sandbox import landlock, namespaces

        if landlock.abi() < 1:
            raise OSError("the kernel has no Landlock")
        self._readable = namespaces.python_folders()

    def prepare(self) -> None:
        """Nothing to prepare."""

    def fork(self) -> int:
        return os.fork()

    def confine(self, confinement: Confinement) -> None:
        limits.apply(own_user=confinement.uid is not None)
        _lock_down(confinement, self._readable, [])


class Namespaced(Confiner):
    """Everything."""

    def __init__(self) -> None:
        from oratio.agent_host.sandbox import namespaces

        self._readable = namespaces.python_folders()
        namespaces.enter()
        self._namespaces = namespaces.AgentNamespaces(self._readable)
        self._build_root = namespaces.build_root

    def prepare(self) -> None:
        self._build_root(self._readable)

    def fork(self) -> int:
        return self._namespaces.fork()

    def confine(self, confinement: Confinement) -> None:
        self._namespaces.settle()
        limits.apply(own_user=True)
        _lock_down(confinement, self._readable, ["/tmp"])  # noqa: S108 - the agent's own


def _lock_down(confinement: Confinement, readable: list[str], writable: list[str]) -> None:
    """In this order: each step needs what the next one takes away."""
    from oratio.agent_host.sandbox import landlock, privileges, seccomp

    os.setsid()
    if confinement.uid is not None:
        privileges.become_user(confinement.uid)
    privileges.drop_capabilities()
    privileges.hide_memory()
    privileges.die_with_parent()
    privileges.forbid_new_privileges()
    landlock.restrict(readable=readable, writable=writable)
    seccomp.install()
