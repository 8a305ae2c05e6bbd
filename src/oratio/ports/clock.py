"""Time, so that tests can move it."""

from abc import abstractmethod
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time for records and a sleep for pollers."""

    @abstractmethod
    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    @abstractmethod
    def sleep(self, seconds: float) -> None: ...
