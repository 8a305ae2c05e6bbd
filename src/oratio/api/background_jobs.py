"""Background jobs of the API process: webhook delivery, clean-up after crashes, ending quiet conversations."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import wraps

from oratio.bootstrap import Services
from oratio.errors import OratioError

logger = logging.getLogger(__name__)

DELIVER_EVERY_S = 1.0
SWEEP_EVERY_S = 60.0
_MOST_PATIENCE_S = 300.0


async def run(services: Services) -> None:
    """Run the jobs until cancelled."""

    def in_thread(duty: Callable[[], int]) -> Callable[[], Awaitable[int]]:
        @wraps(duty)
        async def done() -> int:
            return await asyncio.to_thread(duty)

        return done

    sweeps = (services.agents.sweep, services.retention.end_idle, services.retention.forget_old)
    await asyncio.gather(
        _repeat(services.webhooks.deliver, DELIVER_EVERY_S),
        *(_repeat(in_thread(sweep), SWEEP_EVERY_S) for sweep in sweeps),
    )


async def _repeat(duty: Callable[[], Awaitable[int]], every_s: float) -> None:
    """Repeat a job, at once while it finds work; log a failed round and wait longer before the next."""
    failures = 0
    while True:
        done = 0
        try:
            done = await duty()
            failures = 0
        except OratioError as error:
            failures += 1
            logger.warning("duty=<%s> failures=<%d> | %s", duty.__name__, failures, error.code)
        except Exception:
            failures += 1
            logger.exception("duty=<%s> failures=<%d> | failed", duty.__name__, failures)
        if not done:
            await asyncio.sleep(min(every_s * 2**failures, _MOST_PATIENCE_S))
