"""Entry point of the `api` process: `python -m oratio.api`."""

import asyncio
import socket
import sys

import uvicorn

from oratio import logs, settings, tracing
from oratio.api import background_jobs
from oratio.api.app import create_app
from oratio.api.http import BoundedHttp
from oratio.bootstrap import Services, build_platform, build_services
from oratio.errors import OratioError

_DRAIN_S = 10
_KEEP_ALIVE_S = 30
_BACKLOG = 1024


class ApiServer(uvicorn.Server):
    """HTTP server that runs the process's background jobs while it serves."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services
        self._duties: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._duties = asyncio.create_task(background_jobs.run(self._services))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._duties is not None:
            self._duties.cancel()
            await asyncio.gather(self._duties, return_exceptions=True)
        await super().shutdown(sockets)


def main() -> int:
    try:
        config = settings.load()
        logs.configure(config.tracing.log_level, service="api", form=config.tracing.log_format)
        tracing.configure(config, service="api")
        platform = build_platform(config)
        services = build_services(platform)
        server: ApiServer | None = None
        app = create_app(platform, services, stopping=lambda: server is not None and server.should_exit)
    except OratioError as error:
        sys.stderr.write(f"oratio: {error}\n")
        return 2
    server = ApiServer(
        uvicorn.Config(
            app,
            host=config.server.host,
            port=config.port("api"),
            http=BoundedHttp,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_DRAIN_S,
            backlog=_BACKLOG,
        ),
        services,
    )
    server.run()
    return 0 if server.started else 2


if __name__ == "__main__":
    sys.exit(main())
