"""A running Prefect server and flow worker over one data folder, and the services an API process would have."""

import contextlib
import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx

from oratio.bootstrap import Platform, Services, build_platform, build_services
from oratio.domain.agents.agent import Agent, AgentStatus
from oratio.domain.refs import VersionRef
from oratio.errors import NotFound
from oratio.services.knowledge.uploads import StagedFile
from oratio.settings import Settings, load
from tests import prefect_server
from tests.fakes.cloud import FakeKnowledgeBases, FakeRuntime, WorkDesk

WAIT_S = 60.0
SOP = "# Calls\n\n1. Greet the caller.\n2. Ask for the account number.\n3. Look up the answer in the manual.\n"


def build(settings: Settings) -> tuple[Platform, Services]:
    """The local platform with a knowledge engine and a runtime that do nothing, on cue."""
    desk = WorkDesk(settings.data / "desk")
    platform = dataclasses.replace(
        build_platform(settings), knowledge=FakeKnowledgeBases(desk), runtime=FakeRuntime(desk)
    )
    return platform, build_services(platform)


class LocalStack:
    """What a test of the flows works with."""

    worker_module = "tests.flows.worker_process"
    patience_s = WAIT_S
    poll_s = 0.02

    def __init__(self, data: Path) -> None:
        self.settings = self._settings(data)
        self.desk = WorkDesk(data / "desk")
        self.platform, self.services = self._build()
        self._server = prefect_server.start(self.settings)
        self._worker: subprocess.Popen[bytes] | None = None

    def _settings(self, data: Path) -> Settings:
        # The fake runtime cannot play scenarios; what is tested here is the order and the recovery.
        return load(data=data, port_base=prefect_server.free_port_base(), rehearsal_required=False, lease_seconds=6)

    def _build(self) -> tuple[Platform, Services]:
        return build(self.settings)

    @property
    def worker_up(self) -> bool:
        return self._worker is not None and self._worker.poll() is None

    @property
    def worker_pid(self) -> int:
        assert self._worker
        return self._worker.pid

    def start_worker(self) -> None:
        """Start the flow worker and wait until it is ready for runs."""
        (self.settings.data / "run").mkdir(exist_ok=True)
        health = self.settings.data / "run" / "flows.health"
        health.unlink(missing_ok=True)
        with (self.settings.data / "worker.log").open("ab") as log:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", self.worker_module],
                env=prefect_server.environment_of(self.settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.until(lambda: health.exists() and '"ready": true' in health.read_text())

    def stop_worker(self, number: signal.Signals) -> None:
        """Send the worker a signal and wait for its end."""
        assert self._worker
        self._worker.send_signal(number)
        self._worker.wait(20)
        self._worker = None

    def close(self) -> None:
        if self._worker:
            self.stop_worker(signal.SIGKILL)
        prefect_server.stop(self._server)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something another process does."""
        deadline = time.monotonic() + self.patience_s
        while not condition():
            if time.monotonic() > deadline:
                log = self.settings.data / "worker.log"
                raise AssertionError(
                    f"not within {self.patience_s} s; the worker's log ends: {log.read_text()[-4000:]}"
                )
            time.sleep(self.poll_s)

    def submit(self, user_id: str = "ada", agent_type: str = "text", **files: str) -> Agent:
        """Submit an agent with these files (`name_txt="content"`), one by default."""
        with staged(self.services, files or {"manual_txt": "The router has a reset button on its back."}) as received:
            form = {
                "agentName": "Tess",
                "agentType": agent_type,
                "sop": SOP,
                "knowledgeBaseDescription": "Questions about routers.",
                "humanHandoffDescription": "When the caller asks for a person.",
            }
            return self.services.agents.submit(user_id, form, received)

    def agent(self, agent: Agent) -> Agent:
        return self.services.agents.get(agent.user_id, agent.agent_id)

    def until_status(self, agent: Agent, status: AgentStatus) -> Agent:
        self.until(lambda: self.agent(agent).status is status)
        return self.agent(agent)

    def until_gone(self, agent: Agent) -> None:
        def gone() -> bool:
            try:
                self.agent(agent)
            except NotFound:
                return True
            return False

        self.until(gone)

    def run_state(self, run_id: str | None) -> str:
        """Prefect's state type of a flow run."""
        answer = httpx.get(f"{self.settings.prefect_url}/flow_runs/{run_id}", trust_env=False)
        return str(answer.json()["state_type"])

    def set_run_state(self, run_id: str | None, state: str, name: str) -> None:
        """Force a state on a flow run, as a kill or an operator would leave it."""
        body = {"state": {"type": state, "name": name}, "force": True}
        url = f"{self.settings.prefect_url}/flow_runs/{run_id}/set_state"
        httpx.post(url, json=body, trust_env=False).raise_for_status()

    def artifacts(self, run_id: str | None) -> dict[str, str]:
        """The artifacts of a flow run: type and data."""
        body = {"artifacts": {"flow_run_id": {"any_": [run_id]}}}
        answer = httpx.post(f"{self.settings.prefect_url}/artifacts/filter", json=body, trust_env=False)
        return {artifact["type"]: str(artifact["data"]) for artifact in answer.json()}

    def until_run_state(self, run_id: str | None, state: str) -> None:
        self.until(lambda: self.run_state(run_id) == state)


@contextlib.contextmanager
def staged(services: Services, files: Mapping[str, str]) -> Iterator[list[StagedFile]]:
    """Uploaded files, `name_txt="content"`."""
    with services.uploads.open() as upload:
        for name, text in files.items():
            writer = upload.open(name.replace("_", "."))
            writer.write(text.encode())
            writer.close()
        yield upload.files()


def ref_of(agent: Agent) -> VersionRef:
    return VersionRef(user_id=agent.user_id, agent_id=agent.agent_id, version=agent.latest_version)
