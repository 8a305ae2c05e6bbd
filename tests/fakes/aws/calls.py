"""What was asked of the fake, and what it is told to do wrong."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One request and how it ended: the operation's name, its parameters, and the error's code or `""`."""

    at: float
    service: str
    operation: str
    params: Mapping[str, Any]
    error: str = ""


class CallLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[RecordedCall] = []
        self.violations: Counter[str] = Counter()

    def note(self, call: RecordedCall) -> None:
        with self._lock:
            self._calls.append(call)

    def violated(self, limit: str) -> None:
        with self._lock:
            self.violations[limit] += 1

    def all(self, operation: str = "") -> list[RecordedCall]:
        with self._lock:
            return [call for call in self._calls if not operation or call.operation == operation]

    def counts(self) -> Counter[str]:
        """How often each operation was asked."""
        return Counter(f"{call.service} {call.operation}" for call in self.all())

    def errors(self) -> Counter[str]:
        return Counter(f"{call.operation} {call.error}" for call in self.all() if call.error)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self.violations.clear()


@dataclass(slots=True)
class PlannedFault:
    """Something to go wrong: `name` says what, at most `left` times (None: until it is mended)."""

    name: str
    operation: str
    left: int | None = 1
    data: dict[str, Any] = field(default_factory=dict)


class Faults:
    """By name:

    `error` (data: code, message)      the operation answers that error
    `throttle`                         the operation answers ThrottlingException
    `role_age` (data: seconds)         operations that take a role are denied until it is so old
    `failed` (data: reason)            what the operation makes ends FAILED
    `stuck`                            what the operation makes stays CREATING
    `partial` (data: suffix, reason)   the ingestion completes without the files whose names end so
    `foreign`, `elsewhere`             a bucket (as the operation) is another account's, or in another region
    `undeletable` (data: reason)       what the operation deletes ends DELETE_UNSUCCESSFUL
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[PlannedFault] = []

    def add(self, name: str, operation: str, *, times: int | None = 1, **data: Any) -> PlannedFault:
        fault = PlannedFault(name, operation, times, data)
        with self._lock:
            self._faults.append(fault)
        return fault

    def error(self, operation: str, code: str, message: str, *, times: int | None = 1) -> PlannedFault:
        return self.add("error", operation, times=times, code=code, message=message)

    def throttle(self, operation: str, times: int) -> PlannedFault:
        return self.add("throttle", operation, times=times)

    def mend(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    def take(self, name: str, operation: str) -> PlannedFault | None:
        """The fault that strikes now, used up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.name != name or fault.operation not in (operation, "*"):
                    continue
                if fault.left is not None:
                    fault.left -= 1
                    if fault.left <= 0:
                        self._faults.remove(fault)
                return fault
        return None
