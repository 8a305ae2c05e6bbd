"""What a service is to the supervisor: a command, how to tell that it is well, and how to stop it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from oratio.cli.supervisor.health import HealthCheck


class Address(NamedTuple):
    """Where a service listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SupervisedService:
    """One row of the service table.

    Attributes:
        name: Stable name, as in `oratio status`.
        command: Program and arguments.
        environment: The whole environment of the process.
        health: Tells whether it answers.
        url: What a person or program is told to use; None for a service that nobody calls.
        address: The port that must be free before it starts; None when it listens nowhere.
        stop_stage: Services of a lower stage are stopped, and gone, before those of a higher.
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
