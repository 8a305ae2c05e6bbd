"""`python -m voice_server`: the `voice` process, or the parent of several that share its port."""

import argparse
import asyncio
import os
import signal
import sys

import uvloop

from oratio import logs, settings, tracing
from oratio.bootstrap import build_platform, build_services
from oratio.errors import OratioError
from oratio.settings import Settings
from voice_server.server.app import build_app
from voice_server.server.processes import VoiceProcesses, shared_metrics


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m voice_server")
    given.add_argument("--member", action="store_true", help="one of several; ends with its standard input")
    member = given.parse_args().member
    try:
        config = settings.load()
        logs.configure(config.tracing.log_level, service="voice", form=config.tracing.log_format)
        if not member and (count := processes(config)) > 1:
            return asyncio.run(_parent(config, count))
        tracing.configure(config, service="voice")
        # A quarter less CPU a frame than asyncio's own loop.
        asyncio.run(_serve(config, member=member), loop_factory=uvloop.new_event_loop)
    except OratioError as error:
        sys.stderr.write(f"oratio: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"oratio: voice server cannot listen: {error}\n")
        return 2
    return 0


def processes(config: Settings) -> int:
    """How many processes share the port."""
    if config.voice.voice_processes is not None:
        return config.voice.voice_processes
    return 1 if config.platform == "local" else len(os.sched_getaffinity(0))


async def _serve(config: Settings, *, member: bool) -> None:
    platform = build_platform(config)
    shared = shared_metrics(config) if member else None
    app = build_app(platform, build_services(platform), shared_metrics=shared)
    stop, hurry = _signals()
    if member:
        # The parent holds the other end: it closes when the parent dies, however it dies.
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _parent_gone, stop)
    await app.run(stop, hurry, reuse_port=member)


def _parent_gone(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


async def _parent(config: Settings, count: int) -> int:
    stop, hurry = _signals()
    return await VoiceProcesses(config, count).run(stop, hurry)


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first and by the second SIGTERM or SIGINT."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: hurry.set() if stop.is_set() else stop.set())
    return stop, hurry


if __name__ == "__main__":
    sys.exit(main())
