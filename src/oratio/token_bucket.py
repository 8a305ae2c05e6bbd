"""Token buckets, one or many by key; the time is an argument, in ms of any clock that only moves forward."""

from collections import OrderedDict

# A level is a sum of many small floats: what is missing by less than this is there.
_NOISE = 1e-9


class TokenBucket:
    """Lets `rate` per second through, and `burst` at once."""

    __slots__ = ("_burst", "_level", "_rate", "_seen_ms")

    def __init__(self, rate: float, burst: float, now_ms: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._seen_ms = now_ms

    def take(self, amount: float, now_ms: float) -> bool:
        """Return True if `amount` fits now; what does not fit is not counted."""
        self._refill(now_ms)
        if amount > self._level + _NOISE:
            return False
        self._level -= amount
        return True

    def wait_s(self, amount: float, now_ms: float) -> float:
        """Return the seconds until `amount` fits; 0 when it fits now."""
        self._refill(now_ms)
        missing = min(amount, self._burst) - self._level
        return missing / self._rate if missing > _NOISE else 0.0

    def reserve(self, amount: float, now_ms: float) -> float:
        """Count `amount` whether it fits or not, and return the seconds until it does: a place in a queue."""
        self._refill(now_ms)
        self._level -= amount
        return max(0.0, -self._level / self._rate)

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

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now_ms: float) -> bool:
        """Return True if one more of this key fits now, and count it."""
        return self._bucket(key, now_ms).take(1, now_ms)

    def wait_s(self, key: str, now_ms: float) -> float:
        """Return the seconds until one more of this key fits."""
        return self._bucket(key, now_ms).wait_s(1, now_ms)

    def _bucket(self, key: str, now_ms: float) -> TokenBucket:
        bucket = self._buckets.pop(key, None) or TokenBucket(self._rate, self._burst, now_ms)
        self._buckets[key] = bucket
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return bucket
