"""Rate and concurrency limits of keys, tenants and addresses: token buckets and counted slots.

Kept in this process alone: there is one API process, and a restart resets every limit.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oratio.api.caller import Caller
from oratio.errors import RateLimited
from oratio.settings import Settings

_MOST_NAMES = 20_000
_SLOT_WAIT_S = 1.0


class Buckets:
    """Token buckets by name: a minute's worth of calls may come at once, and refills over a minute."""

    def __init__(self, per_minute: int, now: Callable[[], float]) -> None:
        self._capacity = float(per_minute)
        self._now = now
        self._levels: dict[str, tuple[float, float]] = {}

    def wait(self, name: str) -> float:
        """Return the seconds until the next call of this name would be admitted; 0 when it would be now."""
        return max(0.0, (1.0 - self._level(name)) * 60 / self._capacity)

    def take(self, name: str) -> float:
        """Count one call and return 0, or return the seconds until one may be made."""
        if wait := self.wait(name):
            return wait
        level = self._level(name)
        if len(self._levels) >= _MOST_NAMES:
            self._forget()
        self._levels[name] = (level - 1.0, self._now())
        return 0.0

    def _level(self, name: str) -> float:
        level, at = self._levels.get(name, (self._capacity, 0.0))
        return min(self._capacity, level + (self._now() - at) * self._capacity / 60)

    def _forget(self) -> None:
        """Drop the names whose buckets are full again, and the oldest ones until a quarter is free."""
        kept = [(name, held) for name, held in self._levels.items() if self._level(name) < self._capacity]
        self._levels = dict(kept[-_MOST_NAMES * 3 // 4 :])


class CallLimits:
    """Limits of one API process. All methods run in the event loop."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.monotonic) -> None:
        self._keys = Buckets(settings.calls_per_minute_key, now)
        self._tenants = Buckets(settings.calls_per_minute_tenant, now)
        self._failures = Buckets(settings.failed_auth_per_minute, now)
        self._turns_per_key = settings.turns_per_key
        self._turns_per_tenant = settings.turns_per_tenant
        self._turns: Counter[str] = Counter()

    def admit(self, caller: Caller) -> None:
        """Count one call of a key and its tenant.

        Raises:
            RateLimited: Either is over its calls a minute.
        """
        if caller.key is not None and (wait := self._keys.take(caller.key.key_id)):
            raise _over("this API key makes too many calls", wait)
        if wait := self._tenants.take(caller.user_id):
            raise _over("this tenant makes too many calls", wait)

    def count_failure(self, address: str) -> None:
        """Count an invalid credential.

        A valid credential is admitted however many failures came from its address: many callers may share one
        (a proxy, this machine), and with 256 bits to guess the limit is against the noise, not the guessing.

        Raises:
            RateLimited: The address has sent too many of them.
        """
        if wait := self._failures.take(address):
            raise _over("too many invalid tokens and keys from this address", wait)

    @contextmanager
    def turn(self, caller: Caller) -> Iterator[None]:
        """Hold a place for one turn until the answer has been sent.

        Raises:
            RateLimited: The key or the tenant has as many turns open as it may.
        """
        held = {f"tenant {caller.user_id}": self._turns_per_tenant}
        if caller.key is not None:
            held[f"key {caller.key.key_id}"] = self._turns_per_key
        for name, most in held.items():
            if self._turns[name] >= most:
                what = name.partition(" ")[0]
                raise RateLimited(f"{most} turns of this {what} are being answered", retry_after_s=_SLOT_WAIT_S)
        self._turns.update(held.keys())
        try:
            yield
        finally:
            for name in held:
                self._turns[name] -= 1
                if not self._turns[name]:
                    del self._turns[name]


def _over(what: str, wait_s: float) -> RateLimited:
    seconds = max(1, math.ceil(wait_s))
    return RateLimited(what, retry_after_s=seconds, hint=f"try again in {seconds} s")
