"""Prefect worker of one machine: flow runs as threads of this process, picked up at once, resumed after a kill.

`python -m flows.worker` is the `flows` process of `oratio up`.
"""

import asyncio
import fcntl
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import AwaitingRetry
from prefect.workers.base import BaseJobConfiguration

from flows.deployments import PREFECT_YAML, apply_deployments, load_flow, read_deployments
from flows.execution import Execution
from flows.exposure import Exposure
from flows.metrics import METRICS
from flows.prefect_internals import DirectWorker, LocalResult
from flows.recovery import Reconciler, end_cancelled, resume_interrupted, runs_in, stale
from oratio import tracing
from oratio.adapters.prefect_pipeline import authorization, wake_path
from oratio.duties import Duty, repeat
from oratio.errors import Conflict, OratioError, Unavailable
from oratio.logs import configure
from oratio.settings import Settings
from tasks.context import platform, services
from tasks.slots import MODEL_SLOTS

logger = logging.getLogger(__name__)

POLL_S = 1.0
# Prefect itself cancels a run that waits in the queue; only runs that execute need this worker soon.
IDLE_CANCEL_POLLS = 10
HEARTBEAT_S = 30.0
HEALTH_S = 1.0
RECONCILE_S = 15.0
READY_WAIT_S = 90.0
FAREWELL_S = 3.0


class LocalWorker(DirectWorker):
    """Executes flow runs of Oratio's own deployments in threads of this process."""

    type = "oratio-local"
    job_configuration = BaseJobConfiguration

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._threads = anyio.CapacityLimiter(64)
        self.executing: dict[UUID, Execution] = {}
        self._flows: dict[UUID, Flow[..., Any]] = {}
        # Called when a run has ended and a slot is free.
        self.on_idle: Callable[[], None] = lambda: None

    def ended(self) -> None:
        self.on_idle()

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[Any] | None = None,
    ) -> LocalResult:
        """Run to the end; then set Prefect's state of a cancelled run, whatever the engine reported."""
        execution = Execution(await self._flow_of(flow_run), flow_run)
        self.executing[flow_run.id] = execution
        if task_status:
            task_status.started()
        try:
            await anyio.to_thread.run_sync(execution.run, limiter=self._threads)
            if execution.cancelled:
                await end_cancelled(self.client, flow_run)
        finally:
            del self.executing[flow_run.id]
        return LocalResult(identifier=f"{os.getpid()}", status_code=0)

    async def _flow_of(self, flow_run: FlowRun) -> Flow[..., Any]:
        """Return the flow of one of our deployments; deployments never change under a running worker."""
        deployment_id = flow_run.deployment_id
        if deployment_id is None:
            raise ValueError("a flow run without a deployment")
        if deployment_id not in self._flows:
            deployment = await self.client.read_deployment(deployment_id)
            self._flows[deployment_id] = load_flow(deployment.entrypoint or "")
        return self._flows[deployment_id]


class FlowService:
    """Service of the `flows` process around the worker: readiness, recovery, cancellation, health."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._deployments: list[UUID] = []
        self._polls = 0
        self._worker = LocalWorker(work_pool_name=settings.prefect.work_pool, name=worker_name(settings))
        self._worker.on_idle = self._wake.set
        self._exposure = Exposure(lambda: bool(self._deployments))

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT; then hand active runs back to Prefect and return."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        self._listen(loop)
        METRICS.count_executing(lambda: len(self._worker.executing))
        await self._exposure.open(self._settings.server.host, self._settings.port("flows"))
        health = asyncio.create_task(self._repeat(self._write_health, HEALTH_S))
        await self._until_ready()
        async with get_client() as client:
            await self._prepare(client)
        async with self._worker as worker:
            lease_s = float(self._settings.prefect.lease_seconds) if self._settings.shares_prefect else None
            reconciler = Reconciler(worker.client, lambda: tuple(worker.executing), lease_s=lease_s)
            duties = [
                health,
                asyncio.create_task(self._repeat(self._poll, POLL_S, wakes=True)),
                asyncio.create_task(self._repeat(worker.sync_with_backend, HEARTBEAT_S)),
                asyncio.create_task(self._repeat(reconciler.pass_over, RECONCILE_S)),
            ]
            logger.info("pool=<%s> | flow worker ready", self._settings.prefect.work_pool)
            await self._stop.wait()
            for duty in duties:
                duty.cancel()
            await self._hand_back(worker)
            # Threads cannot be stopped and need not be: every step survives a kill, and the runs are handed back.
            _leave(0)

    async def _prepare(self, client: PrefectClient) -> None:
        """Apply deployments and resume cut-off runs before the first poll, while nothing executes.

        On a shared Prefect other workers may execute: there the reconciler finds the runs whose worker has died.
        """
        self._deployments = await apply_deployments(
            client,
            read_deployments(PREFECT_YAML, self._settings.prefect.work_pool),
            pool_type=LocalWorker.type,
            template=LocalWorker.get_default_base_job_template(),
            limit=self._settings.prefect.flow_limit,
        )
        if self._settings.prefect.model_flow_limit:
            await client.upsert_global_concurrency_limit_by_name(MODEL_SLOTS, self._settings.prefect.model_flow_limit)
        if not self._settings.shares_prefect:
            await resume_interrupted(client, self._deployments)

    async def _until_ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + READY_WAIT_S
        headers = authorization(self._settings)
        url = self._settings.prefect_url
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=2, trust_env=False) as http:
            while not self._stop.is_set():
                try:
                    if (await http.get("/health")).is_success:
                        return
                except httpx.HTTPError:
                    pass
                if asyncio.get_running_loop().time() > deadline:
                    raise Unavailable(f"Prefect did not answer within {READY_WAIT_S:.0f} s", hint="see its log")
                await asyncio.sleep(0.2)
        _leave(0)

    async def _poll(self) -> None:
        await self._worker.get_and_submit_flow_runs()
        self._polls += 1
        if self._worker.executing or self._polls % IDLE_CANCEL_POLLS == 0:
            await self._cancel()

    async def _cancel(self) -> None:
        """Stop the runs that are marked for cancellation in Prefect."""
        for run in await runs_in(self._worker.client, self._deployments, (StateType.CANCELLING,)):
            if execution := self._worker.executing.get(run.id):
                execution.cancel()
            elif not self._settings.shares_prefect or stale(run, self._settings.prefect.lease_seconds):
                await end_cancelled(self._worker.client, run)

    async def _hand_back(self, worker: LocalWorker) -> None:
        """Schedule every active run again, so that the next process continues it."""
        for run_id in tuple(worker.executing):
            try:
                async with asyncio.timeout(FAREWELL_S):
                    await worker.client.set_flow_run_state(run_id, AwaitingRetry(), force=True)
            except (httpx.HTTPError, TimeoutError):
                logger.warning("run_id=<%s> | not handed back; the next boot resumes it", run_id)

    async def _write_health(self) -> None:
        path = self._settings.data / "run" / "flows.health"
        body = {"at": platform().clock.now_ms(), "runs": len(self._worker.executing), "ready": bool(self._deployments)}
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(body))
        fresh.replace(path)

    async def _repeat(self, duty: Duty, every_s: float, *, wakes: bool = False) -> None:
        pause = self._until_woken if wakes else asyncio.sleep
        expected = (httpx.HTTPError, OratioError)
        await repeat(duty, every_s, logger=logger, expected=expected, most_s=30 * every_s, pause=pause)

    async def _until_woken(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake on a byte in the named pipe; opened for both ways, so that it never reports end of file."""
        path = wake_path(self._settings)
        if not path.is_fifo():
            path.unlink(missing_ok=True)
            os.mkfifo(path, 0o600)
        pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)

        def woken() -> None:
            os.read(pipe, 4096)
            self._wake.set()

        loop.add_reader(pipe, woken)


def worker_name(settings: Settings) -> str:
    """Return this worker's name in Prefect; each of several has its own."""
    if settings.prefect.worker_name:
        return settings.prefect.worker_name
    return f"oratio-{socket.gethostname()}-{os.getpid()}" if settings.shares_prefect else "oratio-local"


def _leave(code: int) -> None:
    tracing.flush()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _lock(run_folder: Path) -> IO[str]:
    """Let one process a data folder run flows; a killed one's lock is free at once."""
    file = (run_folder / "flows.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Conflict("another flow worker runs on this data folder", hint="see `oratio status`") from None
    return file


def main() -> None:
    """Serve until a signal stops it; return exit code 1 with one line when it cannot start."""
    settings = platform().settings
    configure(settings.tracing.log_level, service="flows", form=settings.tracing.log_format)
    tracing.configure(settings, service="flows")
    run_folder = settings.data / "run"
    run_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        services()
        # On a shared Prefect several workers are intended; leases keep them apart.
        with nullcontext() if settings.shares_prefect else _lock(run_folder):
            asyncio.run(FlowService(settings).serve())
    except OratioError as error:
        logger.error("%s", error)
        _leave(1)


if __name__ == "__main__":
    main()
