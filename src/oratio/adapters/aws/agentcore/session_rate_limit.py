"""How fast one process begins new sessions at AgentCore, whose quota for them is the account's."""

import asyncio
import threading
import time


class SessionRateLimit:
    """Lets `per_second` begin in a second, evenly; the others wait in their order. For any number of event loops."""

    def __init__(self, per_second: float) -> None:
        self._apart_s = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    async def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            begins = max(now, self._next)
            self._next = begins + self._apart_s
        if begins > now:
            await asyncio.sleep(begins - now)
