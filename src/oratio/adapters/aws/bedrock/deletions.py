"""Deletions that AWS failed at and was asked for once more: the second failure is reported, and tried again later."""

import threading


class Deletions:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tried: set[str] = set()

    def tried(self, resource_id: str) -> bool:
        """Whether this failure is the second in a row; the one after it counts as the first again."""
        with self._lock:
            second = resource_id in self._tried
            (self._tried.discard if second else self._tried.add)(resource_id)
            return second
