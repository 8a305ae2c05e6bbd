"""`python -m oratio.agent_host`: the agent host of this machine."""

import hashlib
import sys

import uvicorn

from oratio import logs
from oratio import settings as settings_module
from oratio.adapters.local.runtime_store import host_token
from oratio.adapters.local.secrets import secret_file
from oratio.agent_host.app import create_app
from oratio.agent_host.host import AgentHost
from oratio.agent_host.models import models
from oratio.authoring.review.signature import verify
from oratio.bootstrap import build_platform
from oratio.errors import OratioError
from oratio.ports.agent_runtime import AgentPackage
from oratio.settings import Settings

UNDERSTOOD = "i-understand"


def build_host(settings: Settings) -> AgentHost:
    """The host over the platform that the settings name."""
    review_key = secret_file(settings.data / "keys" / "review.key")
    return AgentHost(
        root=settings.data / "agents",
        knowledge=build_platform(settings).knowledge,
        models=models(settings),
        model_name=settings.model,
        verify=lambda package: _signed(package, review_key),
        idle_s=settings.agent_idle_seconds,
        turn_deadline_s=settings.turn_deadline_seconds,
        allow_unsandboxed=settings.allow_unsandboxed == UNDERSTOOD,
    )


def _signed(package: AgentPackage, key: bytes) -> bool:
    digests = (hashlib.sha256(data).hexdigest() for data in package[:3])
    return verify(*digests, package.signature, key)


def main() -> int:
    settings = settings_module.load()
    logs.configure(settings.log_level, service="agent-host")
    try:
        app = create_app(build_host(settings), host_token(settings.data / "run" / "agent-host.token"))
    except OratioError as error:
        print(f"oratio: {error}", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=settings.port("agent-host"),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
