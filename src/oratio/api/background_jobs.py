"""Background duties of the API process: webhooks delivered, what died swept, quiet conversations ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import wraps

from oratio.bootstrap import Services
from oratio.duties import repeat

logger = logging.getLogger(__name__)

DELIVER_EVERY_S = 1.0
SWEEP_EVERY_S = 60.0


async def run(services: Services) -> None:
    """Run the jobs until cancelled."""

    def in_thread(duty: Callable[[], int]) -> Callable[[], Awaitable[int]]:
        @wraps(duty)
        async def done() -> int:
            return await asyncio.to_thread(duty)

        return done

    sweeps = (services.agents.sweep, services.retention.end_idle, services.retention.forget_old)
    await asyncio.gather(
        repeat(services.webhooks.deliver, DELIVER_EVERY_S, logger=logger),
        *(repeat(in_thread(sweep), SWEEP_EVERY_S, logger=logger) for sweep in sweeps),
    )
