"""Execution of one flow run in a thread of this process, with an event loop of its own."""

import asyncio
import logging
import threading
from typing import Any

from prefect import (
    Flow,
    task_engine,  # noqa: F401 - otherwise the first flow run pays for its import
)
from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import run_flow_async

logger = logging.getLogger(__name__)


class Execution:
    """Single execution of a flow run; may be cancelled from any thread, also before it has started."""

    def __init__(self, flow: Flow[..., Any], flow_run: FlowRun) -> None:
        self._flow = flow
        self._flow_run = flow_run
        self._lock = threading.Lock()
        # Both set while the flow's coroutine runs.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self.cancelled = False

    def run(self) -> None:
        """Run the flow to its end; its outcome is in Prefect and in our journal."""
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            logger.info("run_id=<%s> | flow run cancelled", self._flow_run.id)
        except Exception:
            logger.exception("run_id=<%s> | flow run stopped", self._flow_run.id)

    def cancel(self) -> None:
        """Cancel the flow at its next await; a second call changes nothing."""
        with self._lock:
            if self.cancelled:
                return
            self.cancelled = True
            if self._loop and self._task:
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _main(self) -> None:
        with self._lock:
            if self.cancelled:
                return
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        try:
            await run_flow_async(
                self._flow, flow_run=self._flow_run, parameters=self._flow_run.parameters, return_type="state"
            )
        finally:
            with self._lock:
                self._loop = self._task = None
