"""`python -m oratio.api`: the `api` process."""

import sys

import uvicorn

from oratio import logs, settings
from oratio.api.app import create_app
from oratio.bootstrap import build_platform, build_services
from oratio.errors import OratioError

_DRAIN_S = 10
_KEEP_ALIVE_S = 30
_BACKLOG = 1024


def main() -> int:
    try:
        config = settings.load()
        logs.configure(config.log_level, service="api")
        platform = build_platform(config)
        server: uvicorn.Server | None = None
        app = create_app(platform, build_services(platform), stopping=lambda: server is not None and server.should_exit)
    except OratioError as error:
        sys.stderr.write(f"oratio: {error}\n")
        return 2
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=config.host,
            port=config.port("api"),
            http="h11",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_DRAIN_S,
            backlog=_BACKLOG,
        )
    )
    server.run()
    return 0 if server.started else 2


if __name__ == "__main__":
    sys.exit(main())
