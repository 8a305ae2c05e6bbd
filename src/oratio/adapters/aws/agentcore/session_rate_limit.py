"""How fast one process begins new sessions at AgentCore, whose quota for them is the account's."""

import asyncio
import threading
import time

from oratio.token_bucket import TokenBucket


class SessionRateLimit:
    """Lets `per_second` begin in a second, evenly; the others wait in their order. For any number of event loops."""

    def __init__(self, per_second: float) -> None:
        self._bucket = TokenBucket(per_second, 1, time.monotonic() * 1000)
        self._lock = threading.Lock()

    async def wait(self) -> None:
        with self._lock:
            wait_s = self._bucket.reserve(1, time.monotonic() * 1000)
        if wait_s:
            await asyncio.sleep(wait_s)
