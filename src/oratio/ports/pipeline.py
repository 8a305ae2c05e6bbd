"""The engine that runs flows: Prefect."""

from abc import abstractmethod
from typing import Protocol

from oratio.domain.refs import VersionRef


class Pipeline(Protocol):
    """Starts flows; only ids travel.

    Contract:
    1. The same (flow, ref, attempt) starts one run, however often it is asked; the run's id comes back.
    2. Raises `Unavailable` when the engine does not answer; the records are then the reconciler's to continue.
    """

    @abstractmethod
    def start_create(self, ref: VersionRef, attempt: int) -> str: ...

    @abstractmethod
    def start_update(self, ref: VersionRef, attempt: int) -> str: ...

    @abstractmethod
    def start_delete(self, user_id: str, agent_id: str, attempt: int) -> str: ...

    @abstractmethod
    def cancel(self, run_id: str) -> None:
        """Ask a run to stop; not an error when it has ended or never was."""
        ...

    @abstractmethod
    def run_url(self, run_id: str) -> str: ...
