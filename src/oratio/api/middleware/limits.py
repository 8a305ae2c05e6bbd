"""Limits of calls and turns by key, tenant and address: token buckets and counted slots.

A minute's worth of calls may come at once, and comes back over a minute. Kept in this process alone: there is one API
process, and a restart forgives everyone.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from oratio.api.caller import Caller
from oratio.errors import RateLimited
from oratio.settings import Settings
from oratio.token_bucket import KeyedBuckets

_MOST_NAMES = 20_000
_SLOT_WAIT_S = 1.0


class CallLimits:
    """Limits of one API process. All methods run in the event loop."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._keys = _per_minute(settings.limits.calls_per_minute_key)
        self._tenants = _per_minute(settings.limits.calls_per_minute_tenant)
        self._failures = _per_minute(settings.limits.failed_auth_per_minute)
        self._turns_per_key = settings.limits.turns_per_key
        self._turns_per_tenant = settings.limits.turns_per_tenant
        self._turns: Counter[str] = Counter()

    def admit(self, caller: Caller) -> None:
        """Count one call of a key and its tenant.

        Raises:
            RateLimited: Either is over its calls a minute.
        """
        if caller.key is not None and (wait := self._take(self._keys, caller.key.key_id)):
            raise _over("this API key makes too many calls", wait)
        if wait := self._take(self._tenants, caller.user_id):
            raise _over("this tenant makes too many calls", wait)

    def _take(self, buckets: KeyedBuckets, name: str) -> float:
        """Count one call, if it may be made; else return the seconds until it may."""
        now_ms = self._now() * 1000
        return 0.0 if buckets.take(name, now_ms) else buckets.wait_s(name, now_ms)

    def count_failure(self, address: str) -> None:
        """Count an invalid credential.

        A valid credential is admitted however many failures came from its address: many callers may share one
        (a proxy, this machine), and with 256 bits to guess the limit is against the noise, not the guessing.

        Raises:
            RateLimited: The address has sent too many of them.
        """
        if wait := self._take(self._failures, address):
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


def _per_minute(calls: int) -> KeyedBuckets:
    return KeyedBuckets(calls / 60, calls, capacity=_MOST_NAMES)


def _over(what: str, wait_s: float) -> RateLimited:
    seconds = max(1, math.ceil(round(wait_s, 3)))  # 12.000000000000002 is 12
    return RateLimited(what, retry_after_s=seconds, hint=f"go on in {seconds} s")
