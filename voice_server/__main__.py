"""`python -m voice_server`: the `voice` process."""

import asyncio
import sys

from oratio import logs, settings, tracing
from oratio.bootstrap import build_platform, build_services
from oratio.errors import OratioError
from voice_server.app import build_app


def main() -> int:
    try:
        config = settings.load()
        logs.configure(config.log_level, service="voice", form=config.log_format)
        tracing.configure(config, service="voice")
        platform = build_platform(config)
        app = build_app(platform, build_services(platform))
        asyncio.run(app.run())
    except OratioError as error:
        sys.stderr.write(f"oratio: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"oratio: voice server cannot listen: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
