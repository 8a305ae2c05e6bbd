"""Retry policy of tasks: decided by the error's type alone, in this one place."""

import asyncio
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.tasks import Task

from oratio import tracing
from oratio.errors import NotReady, OratioError, StepFailed

# Seconds between two polls of something that is becoming ready; the last one repeats.
POLL_DELAYS = (0.02, 0.03, 0.05, 0.05, 0.1, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
POLL_LIMIT_S = 2 * 3600.0
RETRY_DELAYS = [0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


async def is_retryable(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return True if the same call may succeed later by itself; Prefect asks after a failed attempt."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, OratioError) and error.retryable


# No cache: a step asks our journal whether it was done, and a step in doubt is repeated, which does no harm.
RETRYING: dict[str, Any] = {
    "retries": len(RETRY_DELAYS),
    "retry_delay_seconds": RETRY_DELAYS,
    "retry_condition_fn": is_retryable,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}


class Unexpected(Exception):
    """Foreign error, reported to Prefect by type and place only: its message may hold document text."""

    def __init__(self, original: BaseException) -> None:
        frames = traceback.extract_tb(original.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else "an unknown place"
        super().__init__(f"{type(original).__name__} at {place}")
        self.original = original


@contextmanager
def worded() -> Iterator[None]:
    """Raise only our own errors as they are: Prefect stores and shows the message of every error."""
    try:
        yield
    except (OratioError, Unexpected):
        raise
    except Exception as error:
        raise Unexpected(error) from None


def task_span() -> tracing.Span:
    """Return the current Prefect task as a span; outside of one, nothing is traced."""
    running = TaskRunContext.get()
    if running is None:
        return tracing.NOTHING
    return tracing.span(f"task {running.task.name}", attempt=running.task_run.run_count)


async def call[**P, R](service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call as `_call` does, in a span of the task's own."""
    with task_span():
        return await _call(service, *args, **kwargs)


async def _call[**P, R](service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a blocking service call outside the event loop.

    A cancelled caller waits for the call to end: a run that has released its version has nothing running any more.

    Raises:
        OratioError: As the service raised it.
        Unexpected: It raised anything else.
    """
    running = asyncio.ensure_future(asyncio.to_thread(service, *args, **kwargs))
    try:
        with worded():
            return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def poll[**P, R](service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call until it no longer raises `NotReady`; the awaited resource is in our records, so a kill loses nothing.

    Raises:
        StepFailed: It was not ready within `POLL_LIMIT_S`.
    """
    until = time.monotonic() + POLL_LIMIT_S
    with task_span():
        for delay in _delays():
            try:
                return await _call(service, *args, **kwargs)
            except NotReady as error:
                if time.monotonic() > until:
                    raise StepFailed(f"waited {POLL_LIMIT_S / 3600:g} hours: {error}", hint="retry it") from error
                wait = delay if error.retry_after_s is None else min(error.retry_after_s, POLL_DELAYS[-1])
            await asyncio.sleep(wait)
    raise AssertionError("the delays never end")


def _delays() -> Iterator[float]:
    yield from POLL_DELAYS
    while True:
        yield POLL_DELAYS[-1]
