"""Limits over all workers: Prefect's global concurrency limits, created by the worker when it deploys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.concurrency.asyncio import concurrency

from tasks.context import platform

MODEL_SLOTS = "oratio-model"
_LEASE_S = 60.0


@asynccontextmanager
async def model_slot() -> AsyncIterator[None]:
    """Hold one of the slots that the model's quota allows; at once where the settings set no limit."""
    if platform().settings.prefect.model_flow_limit is None:
        yield
        return
    async with concurrency(MODEL_SLOTS, occupy=1, strict=True, lease_duration=_LEASE_S):
        yield
