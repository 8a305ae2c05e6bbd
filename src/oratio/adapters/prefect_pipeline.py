"""Starts and stops Prefect flow runs over Prefect's REST API.

Plain HTTP on purpose: `import prefect` costs 2.7 s and 85 MB, and every process that submits agents holds this adapter.
"""

import base64
import errno
import hashlib
import logging
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from oratio.domain.refs import VersionRef
from oratio.errors import Unavailable
from oratio.ports.pipeline import Pipeline
from oratio.settings import Settings, quiet

logger = logging.getLogger(__name__)

DEPLOYMENT = "main"
CREATE, UPDATE, DELETE = "create-agent", "update-agent", "delete-agent"
FLOW_NAMES = (CREATE, UPDATE, DELETE)

_TIMEOUT = httpx.Timeout(10, connect=2)
# Prefect on SQLite answers 503 with Retry-After while another writer holds the file (its issue #8950).
_BUSY_TRIES = 4
_BUSY_WAIT_S = 2.0


def wake_path(settings: Settings) -> Path:
    """The named pipe on which a submit wakes this machine's flow worker."""
    return settings.data / "run" / "flows.wake"


def prefect_environment(settings: Settings) -> dict[str, str]:
    """Prefect's own settings for the embedded server and the flow worker: quiet, offline, JSON results, small."""
    home = settings.data / "prefect"
    secret = settings.prefect.prefect_auth
    return {
        **({"PREFECT_API_AUTH_STRING": secret.get_secret_value()} if secret else {}),
        **quiet(settings),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": settings.prefect_url,
        "PREFECT_UI_URL": _ui_base(settings),
        "PREFECT_SERVER_UI_API_URL": settings.prefect_url,
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(settings.port("prefect")),
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        # Steps are idempotent and our journal is the truth: a cached task result would only contradict it.
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_LOCAL_STORAGE_PATH": str(home / "results"),
        # Events are for automations, of which there are none; storing them takes a quarter of the server's work, half
        # its file, and locks SQLite under the flows.
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P1D",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "flow_runs",
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
        # Client and server are the same release on this machine: two requests less a run.
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }


def authorization(settings: Settings) -> dict[str, str]:
    """Prefect's basic authentication: the whole secret, encoded."""
    if settings.prefect.prefect_auth is None:
        return {}
    secret = settings.prefect.prefect_auth.get_secret_value().encode()
    return {"Authorization": f"Basic {base64.b64encode(secret).decode()}"}


def _ui_base(settings: Settings) -> str:
    parts = urlsplit(settings.prefect_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/').removesuffix('/api')}"


class PrefectPipeline(Pipeline):
    """Thread-safe; opens its connection at the first call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None
        self._deployments: dict[str, str] = {}
        self._queues: set[str] = set()

    def start_create(self, ref: VersionRef, attempt: int) -> str:
        return self._start_version(CREATE, "create", ref, attempt)

    def start_update(self, ref: VersionRef, attempt: int) -> str:
        return self._start_version(UPDATE, "update", ref, attempt)

    def start_delete(self, user_id: str, agent_id: str, attempt: int) -> str:
        return self._start(
            DELETE,
            {"user_id": user_id, "agent_id": agent_id},
            name=f"delete {agent_id}",
            tags=["oratio", "delete", f"agent:{agent_id}"],
            key=f"{user_id}/{agent_id}/delete/{attempt}",
        )

    def cancel(self, run_id: str) -> None:
        body = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
        answer = self._call("POST", f"/flow_runs/{run_id}/set_state", json=body)
        # 422: not an id of Prefect's; like 404, there is no such run.
        if answer.status_code not in (200, 201, 404, 422):
            raise Unavailable(f"Prefect refused to cancel a run (HTTP {answer.status_code})")
        self._wake()

    def run_url(self, run_id: str) -> str:
        return f"{_ui_base(self._settings)}/runs/flow-run/{run_id}"

    def _start_version(self, flow_name: str, verb: str, ref: VersionRef, attempt: int) -> str:
        return self._start(
            flow_name,
            {"user_id": ref.user_id, "agent_id": ref.agent_id, "version": ref.version},
            name=f"{verb} {ref.agent_id} v{ref.version}",
            tags=["oratio", verb, f"agent:{ref.agent_id}"],
            key=f"{ref.user_id}/{ref}/{attempt}",
        )

    def _queue(self, user_id: str) -> dict[str, str]:
        """The tenant's own work queue, which bounds its flow runs; nothing where the settings set no bound."""
        limit = self._settings.prefect.tenant_flow_limit
        if limit is None:
            return {}
        name = f"tenant-{hashlib.sha256(user_id.encode()).hexdigest()[:24]}"
        if name not in self._queues:
            queues = f"/work_pools/{self._settings.prefect.work_pool}/queues"
            answer = self._call("POST", queues, json={"name": name, "concurrency_limit": limit})
            if answer.status_code == 409:
                answer = self._call("PATCH", f"{queues}/{name}", json={"concurrency_limit": limit})
            self._require_ok(answer, "make a tenant's work queue")
            self._queues.add(name)
        return {"work_queue_name": name}

    def _start(self, flow_name: str, parameters: Mapping[str, Any], *, name: str, tags: list[str], key: str) -> str:
        body = {"parameters": parameters, "name": name, "tags": tags, "idempotency_key": key}
        body |= self._queue(parameters["user_id"])
        for deployment_id in (self._deployment(flow_name), self._deployment(flow_name, again=True)):
            answer = self._call("POST", f"/deployments/{deployment_id}/create_flow_run", json=body)
            # 404: Prefect was given a new database since the deployment's id was read.
            if answer.status_code == 404:
                continue
            self._require_ok(answer, "start a flow run")
            self._wake()
            run_id = str(answer.json()["id"])
            logger.info("run_id=<%s> flow=<%s> | flow run started", run_id, flow_name)
            return run_id
        raise Unavailable(f"the flow {flow_name!r} is not deployed")

    def _deployment(self, flow_name: str, *, again: bool = False) -> str:
        if again or flow_name not in self._deployments:
            answer = self._call("GET", f"/deployments/name/{flow_name}/{DEPLOYMENT}")
            if answer.status_code == 404:
                raise Unavailable(f"the flow {flow_name!r} is not deployed yet", hint="wait for the flow worker")
            self._require_ok(answer, "find a deployment")
            self._deployments[flow_name] = str(answer.json()["id"])
        return self._deployments[flow_name]

    @staticmethod
    def _require_ok(answer: httpx.Response, what: str) -> None:
        if not answer.is_success:
            raise Unavailable(f"Prefect refused to {what} (HTTP {answer.status_code})", hint="see Prefect's log")

    def _call(self, method: str, path: str, json: object = None) -> httpx.Response:
        try:
            for _ in range(_BUSY_TRIES):
                answer = self._client().request(method, path, json=json)
                if answer.status_code not in (429, 502, 503):
                    return answer
                time.sleep(min(_retry_after_s(answer), _BUSY_WAIT_S))
        except httpx.HTTPError as error:
            raise Unavailable(
                f"Prefect does not answer ({type(error).__name__})", hint="see `oratio status`"
            ) from error
        raise Unavailable("Prefect is busy", hint="try again")

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                self._http = httpx.Client(
                    base_url=self._settings.prefect_url,
                    headers=authorization(self._settings),
                    timeout=_TIMEOUT,
                    trust_env=False,
                )
            return self._http

    def _wake(self) -> None:
        """Tell the flow worker on this machine that there is work; elsewhere it polls."""
        try:
            pipe = os.open(wake_path(self._settings), os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            os.write(pipe, b".")
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EPIPE):
                logger.debug("the flow worker could not be woken", exc_info=True)
        finally:
            os.close(pipe)


def _retry_after_s(answer: httpx.Response) -> float:
    try:
        return float(answer.headers.get("Retry-After", 0.5))
    except ValueError:
        return 0.5
