"""Table of the services of one machine."""

import sys

from oratio.adapters.prefect_pipeline import prefect_environment
from oratio.cli.supervisor.health import HeartbeatHealth, HttpHealth
from oratio.cli.supervisor.service import Address, SupervisedService
from oratio.installation import console_script, shell_environment
from oratio.settings import Process, Settings, child_environment

# -P: without it `-m` puts the working folder first on the path, and a folder there named `flows` would win.
_PYTHON = (sys.executable, "-P", "-m")
_LOOPBACK = "127.0.0.1"

_CALLS, _FLOWS, _AGENTS, _CONSOLE, _PREFECT = range(5)
"""Stages of stopping: calls end first, then the work they started, then what both depend on."""


def service_table(settings: Settings, *, console: bool = True) -> list[SupervisedService]:
    """What `oratio up` runs on this machine, longest start first."""
    services = [] if settings.prefect.prefect_api_url else [_prefect(settings)]
    services += [_flows(settings), _api(settings), _agent_host(settings), _voice(settings)]
    return [*services, _console(settings)] if console else services


def _environment(settings: Settings, process: Process) -> dict[str, str]:
    return child_environment(settings, process, PYTHONUNBUFFERED="1")


def _shell_environment(settings: Settings, process: Process) -> dict[str, str]:
    return shell_environment(_environment(settings, process))


def _prefect(settings: Settings) -> SupervisedService:
    port = settings.port("prefect")
    return SupervisedService(
        name="prefect",
        command=(*_PYTHON, "prefect", "server", "start", "--host", _LOOPBACK, "--port", str(port)),
        environment=_environment(settings, "prefect") | prefect_environment(settings),
        health=HttpHealth(f"{settings.prefect_url}/health"),
        url=settings.local_url("prefect"),
        address=Address(_LOOPBACK, port),
        stop_stage=_PREFECT,
        grace_s=10,
    )


def _flows(settings: Settings) -> SupervisedService:
    return SupervisedService(
        name="flows",
        command=(*_PYTHON, "flows.worker"),
        environment=_shell_environment(settings, "flows") | prefect_environment(settings),
        health=HeartbeatHealth(settings.data / "run" / "flows.health"),
        address=Address(settings.server.host, settings.port("flows")),
        stop_stage=_FLOWS,
        grace_s=20,
    )


def _api(settings: Settings) -> SupervisedService:
    return SupervisedService(
        name="api",
        command=(*_PYTHON, "oratio.api"),
        environment=_environment(settings, "api"),
        health=HttpHealth(f"{settings.local_url('api')}/healthz"),
        url=settings.local_url("api"),
        address=Address(settings.server.host, settings.port("api")),
        stop_stage=_CALLS,
        grace_s=30,
    )


def _voice(settings: Settings) -> SupervisedService:
    return SupervisedService(
        name="voice",
        command=(*_PYTHON, "voice_server"),
        environment=_shell_environment(settings, "voice"),
        health=HttpHealth(f"{settings.local_url('voice')}/healthz"),
        url=settings.local_url("voice").replace("http://", "ws://"),
        address=Address(settings.server.host, settings.port("voice")),
        stop_stage=_CALLS,
        grace_s=30,
    )


def _agent_host(settings: Settings) -> SupervisedService:
    return SupervisedService(
        name="agent-host",
        command=(*_PYTHON, "oratio.agent_host"),
        environment=_environment(settings, "agent-host"),
        health=HttpHealth(f"{settings.local_url('agent-host')}/healthz"),
        url=settings.local_url("agent-host"),
        address=Address(_LOOPBACK, settings.port("agent-host")),
        stop_stage=_AGENTS,
        grace_s=10,
    )


def _console(settings: Settings) -> SupervisedService:
    port = settings.port("console")
    options = {
        "server.port": port,
        "server.address": settings.server.host,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.maxUploadSize": -(-settings.limits.max_file_bytes // 1_000_000),
        "browser.gatherUsageStats": "false",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "client.toolbarMode": "minimal",
        # A full collection after every script run costs more than the run; see the console's own lifespan.
        "runner.postScriptGC": "false",
        **_CONSOLE_THEME,
    }
    flags = (text for name, value in options.items() for text in (f"--{name}", str(value)))
    return SupervisedService(
        name="console",
        command=(*_PYTHON, "streamlit", "run", str(console_script()), *flags),
        environment=_shell_environment(settings, "console"),
        health=HttpHealth(f"{settings.local_url('console')}/_stcore/health"),
        url=settings.local_url("console"),
        address=Address(settings.server.host, port),
        stop_stage=_CONSOLE,
        grace_s=5,
    )


_CONSOLE_THEME = {
    # White text on the primary colour has a contrast of at least 4.5 in both.
    "theme.light.primaryColor": "#0f5fa8",
    "theme.dark.primaryColor": "#2a78c2",
    "theme.dark.backgroundColor": "#12161c",
    "theme.dark.secondaryBackgroundColor": "#1c222b",
    "theme.paddingTop": "2.5rem",
}
