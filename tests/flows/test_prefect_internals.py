"""Canaries for private names of Prefect.

A canary that fails: this version of Prefect changed the name. Read `prefect/workers/base.py`, adapt
`flows/prefect_internals.py` (the only file that knows it), and run `tests/flows/test_recovery.py`.
"""

import inspect
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import BaseJobConfiguration, BaseWorker

from flows.prefect_internals import POOL_DESCRIPTION, DirectWorker, LocalResult


class Recording(DirectWorker):
    """Writes down what happens, on Prefect's own constructor and without its server."""

    type = "canary"
    job_configuration = BaseJobConfiguration

    def __init__(self, *, claimed: bool = True, fails: bool = False) -> None:
        super().__init__(work_pool_name="canary")
        self.seen: list[str] = []
        self._claimed, self._fails = claimed, fails

    async def _propose_pending_state(self, flow_run: FlowRun) -> bool:
        self.seen.append("pending")
        return self._claimed

    async def _propose_crashed_state(self, flow_run: FlowRun, message: str, client: Any = None) -> None:
        self.seen.append("crashed")

    async def run(self, flow_run: FlowRun, configuration: BaseJobConfiguration, task_status: Any = None) -> LocalResult:
        self.seen.append("run")
        if self._fails:
            raise RuntimeError("no flow")
        return LocalResult(identifier="1", status_code=0)

    def ended(self) -> None:
        self.seen.append("ended")


def submitting(worker: DirectWorker) -> set[UUID]:
    return worker._submitting_flow_run_ids


class TestCanaries:
    def test_submit_run_is_what_a_poll_calls(self) -> None:
        """Gone: find what `get_and_submit_flow_runs` starts for each run, and override that."""
        assert "self._submit_run" in inspect.getsource(BaseWorker._submit_scheduled_flow_runs)
        assert list(inspect.signature(BaseWorker._submit_run).parameters) == ["self", "flow_run"]

    def test_submitting_flow_run_ids_keep_a_run_from_a_second_execution(self) -> None:
        """Gone: find what keeps a poll from submitting a run twice, and clear it when the run has ended."""
        assert submitting(Recording()) == set()
        assert "in self._submitting_flow_run_ids" in inspect.getsource(BaseWorker._submit_scheduled_flow_runs)

    def test_propose_pending_state_says_whether_the_run_is_ours(self) -> None:
        """Gone: propose `Pending` with `prefect.utilities.engine.propose_state`."""
        assert inspect.iscoroutinefunction(BaseWorker._propose_pending_state)
        assert inspect.signature(BaseWorker._propose_pending_state).return_annotation in (bool, "bool")

    def test_propose_crashed_state_takes_a_run_and_a_message(self) -> None:
        """Gone: set `Crashed` with the client's `set_flow_run_state`."""
        assert inspect.iscoroutinefunction(BaseWorker._propose_crashed_state)
        assert list(inspect.signature(BaseWorker._propose_crashed_state).parameters)[:3] == [
            "self",
            "flow_run",
            "message",
        ]

    def test_description_is_what_the_type_says_of_itself(self) -> None:
        """Gone: only Prefect's pages lose a sentence; override `get_description`."""
        assert Recording.get_description() == POOL_DESCRIPTION


class TestDirectWorker:
    @pytest.mark.parametrize(
        ("options", "seen"),
        [
            ({}, ["pending", "run", "ended"]),
            ({"claimed": False}, ["pending", "ended"]),
            ({"fails": True}, ["pending", "run", "crashed", "ended"]),
        ],
        ids=["runs", "is another's", "cannot start"],
    )
    async def test_a_run(self, options: dict[str, bool], seen: list[str]) -> None:
        worker, run = Recording(**options), FlowRun(id=uuid4(), flow_id=uuid4())
        submitting(worker).add(run.id)
        await worker._submit_run(run)
        assert worker.seen == seen
        assert submitting(worker) == set()
