"""Named deadlines of one session, on a clock that is handed in."""

from enum import Enum, auto


class Timer(Enum):
    START = auto()
    IDLE = auto()
    CALL = auto()
    RESUME = auto()
    DRAIN = auto()
    DTMF = auto()
    MICROPHONE = auto()
    HANDOFF = auto()
    OPERATOR = auto()
    OPERATOR_STILL = auto()
    HOLD = auto()
    BARGE_IN = auto()
    CUT = auto()
    HOLDING_LINE = auto()


class Timers:
    def __init__(self) -> None:
        self._due: dict[Timer, float] = {}

    def set(self, timer: Timer, at_ms: float) -> None:
        self._due[timer] = at_ms

    def clear(self, *timers: Timer) -> None:
        for timer in timers:
            self._due.pop(timer, None)

    def clear_all(self) -> None:
        self._due.clear()

    def pending(self, timer: Timer) -> bool:
        return timer in self._due

    def next_ms(self) -> float | None:
        return min(self._due.values(), default=None)

    def expired(self, now_ms: float) -> Timer | None:
        """The longest overdue timer, taken off the list; None when none is due."""
        if not self._due:
            return None
        timer = min(self._due, key=self._due.__getitem__)
        if self._due[timer] > now_ms:
            return None
        del self._due[timer]
        return timer
