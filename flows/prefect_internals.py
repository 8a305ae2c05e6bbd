"""Private names of Prefect, the only file that uses them; each has a canary in `tests/flows/test_prefect_internals.py`.

Prefect (3.8) documents `run` as what a worker type defines. What happens between the poll and `run` is its own: eight
requests that prepare infrastructure, a third of a second, of no use to a thread.
"""

import logging
from abc import ABC, abstractmethod

from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

logger = logging.getLogger(__name__)

POOL_DESCRIPTION = "Runs Oratio's flows in threads of one process."


class LocalResult(BaseWorkerResult):
    """Outcome of an execution in this process; how the flow went is in its own state."""


class DirectWorker(BaseWorker[BaseJobConfiguration, BaseVariables, LocalResult], ABC):
    """A worker type that executes a claimed run at once, in this process."""

    _description = POOL_DESCRIPTION

    @abstractmethod
    def ended(self) -> None:
        """Take notice that a run has ended and a slot is free."""

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Claim a run and execute it.

        The id stays among the submitting ones to the end, so no second execution of it can begin here.
        """
        try:
            if await self._propose_pending_state(flow_run):
                await self.run(flow_run, self.job_configuration())
        except Exception:
            logger.exception("run_id=<%s> | flow run could not be executed", flow_run.id)
            await self._propose_crashed_state(flow_run, "the flow could not be started")
        finally:
            self._submitting_flow_run_ids.discard(flow_run.id)
            self.ended()
