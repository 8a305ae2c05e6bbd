"""`python -m oratio.agent_host`: the agent host of this machine."""

import asyncio
import sys

import uvicorn

from oratio import logs, tracing
from oratio import settings as settings_module
from oratio.adapters.local.runtime_store import host_token
from oratio.adapters.local.secrets import secret_file
from oratio.agent_host.app import create_app
from oratio.agent_host.host import AgentHost
from oratio.agent_host.models import models
from oratio.authoring.review.signature import covers
from oratio.bootstrap import build_platform
from oratio.errors import OratioError
from oratio.settings import Settings

UNDERSTOOD = "i-understand"
GRACE_S = 10


def build_host(settings: Settings) -> AgentHost:
    """The host over the platform that the settings name."""
    review_key = secret_file(settings.data / "keys" / "review.key")
    return AgentHost(
        root=settings.data / "agents",
        knowledge=build_platform(settings).knowledge,
        models=models(settings),
        model_name=settings.models.model,
        verify=lambda package: covers(*package, key=review_key),
        idle_s=settings.agents.agent_idle_seconds,
        turn_deadline_s=settings.agents.turn_deadline_seconds,
        allow_unsandboxed=settings.agents.allow_unsandboxed == UNDERSTOOD,
    )


async def serve(settings: Settings) -> bool:
    """Run the host until it is asked to stop; False when its port could not be had.

    Raises:
        OratioError: The machine offers no sandbox, or a setting is wrong.
    """
    host = build_host(settings)
    app = create_app(host, host_token(settings.data / "run" / "agent-host.token"))
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=settings.port("agent-host"),
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    await host.start()
    try:
        await server.serve()
    finally:
        await host.stop()
    return server.started


def main() -> int:
    settings = settings_module.load()
    logs.configure(settings.tracing.log_level, service="agent-host", form=settings.tracing.log_format)
    tracing.configure(settings, service="agent-host")
    try:
        return 0 if asyncio.run(serve(settings)) else 1
    except KeyboardInterrupt:
        return 0
    except OratioError as error:
        print(f"oratio: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
