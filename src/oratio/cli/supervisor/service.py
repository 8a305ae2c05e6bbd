"""Service as the supervisor sees it: its command, its health check, and how it is stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from oratio.cli.supervisor.health import HealthCheck


class Address(NamedTuple):
    """Address that a service listens on."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SupervisedService:
    """Row of the service table.

    Attributes:
        name: Stable name, as in `oratio status`.
        command: Program and arguments.
        environment: The whole environment of the process.
        health: Checks that it answers.
        url: Address shown to people and programs; None for a service that is not called.
        address: The port that must be free before it starts; None when it listens nowhere.
        stop_stage: Services of a lower stage are stopped, and have ended, before those of a higher.
        grace_s: Seconds it gets after SIGTERM to end what it is doing.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: HealthCheck
    url: str | None = None
    address: Address | None = None
    stop_stage: int = 0
    grace_s: float = 5.0
