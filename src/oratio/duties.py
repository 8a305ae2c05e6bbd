"""Repetition of a process's background duties, with back-off after failures."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from oratio.errors import OratioError

type Duty = Callable[[], Awaitable[int | None]]
"""One round of a duty; may return how much it did."""


async def repeat(
    duty: Duty,
    every_s: float,
    *,
    logger: logging.Logger,
    expected: tuple[type[Exception], ...] = (OratioError,),
    most_s: float = 300.0,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Do a duty again and again until cancelled: at once while a round did something, else after a pause.

    A failed round is logged, and the pause doubles with each that fails in a row.

    Args:
        duty: Its name is in the log.
        every_s: The pause after a round that went well and did nothing.
        logger: Of the process's module.
        expected: Failures of other services, logged as one line; any other has its traceback in the log.
        most_s: The longest pause.
        pause: Waits that many seconds, or less.
    """
    failures, name = 0, getattr(duty, "__name__", "duty")
    while True:
        done: int | None = 0
        try:
            done = await duty()
            failures = 0
        except expected as error:
            failures += 1
            what = error.code if isinstance(error, OratioError) else type(error).__name__
            logger.warning("duty=<%s> failures=<%d> | %s", name, failures, what)
        except Exception:
            failures += 1
            logger.exception("duty=<%s> failures=<%d> | failed", name, failures)
        if not done:
            # The exponent is bounded: after days of failures the power itself would be too large for a float.
            await pause(min(every_s * 2 ** min(failures, 32), most_s))
