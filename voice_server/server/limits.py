"""Token buckets, one or many by key; time is given, never read."""

from collections import OrderedDict


class TokenBucket:
    """Lets `rate` per second through, and `burst` at once."""

    __slots__ = ("_burst", "_level", "_rate", "_seen_ms")

    def __init__(self, rate: float, burst: float, now_ms: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._seen_ms = now_ms

    def take(self, amount: float, now_ms: float) -> bool:
        """Whether `amount` fits now; what does not fit is not counted."""
        self._refill(now_ms)
        if amount > self._level:
            return False
        self._level -= amount
        return True

    def wait_s(self, amount: float, now_ms: float) -> float:
        """Seconds until `amount` would fit."""
        self._refill(now_ms)
        return max(0.0, (min(amount, self._burst) - self._level) / self._rate)

    def _refill(self, now_ms: float) -> None:
        if now_ms > self._seen_ms:
            level = self._level + (now_ms - self._seen_ms) * self._rate / 1000
            self._level = level if level < self._burst else self._burst
            self._seen_ms = now_ms


class KeyedBuckets:
    """A bucket for each key; at most `capacity` keys are remembered, the longest unused are forgotten."""

    def __init__(self, rate: float, burst: float, *, capacity: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._capacity = capacity
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, key: str, now_ms: float) -> bool:
        return self._bucket(key, now_ms).take(1, now_ms)

    def wait_s(self, key: str, now_ms: float) -> float:
        return self._bucket(key, now_ms).wait_s(1, now_ms)

    def _bucket(self, key: str, now_ms: float) -> TokenBucket:
        bucket = self._buckets.pop(key, None) or TokenBucket(self._rate, self._burst, now_ms)
        self._buckets[key] = bucket
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return bucket
