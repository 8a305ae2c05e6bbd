"""Command `oratio up`: every service of this machine, in the foreground."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oratio.cli.options import Data, settings_of
from oratio.cli.output import USAGE_ERROR, console, fail, say, table, warn
from oratio.errors import Conflict
from oratio.settings import Settings, child_environment

if TYPE_CHECKING:
    from oratio.cli.supervisor.run_folder import RunFolder, RunRecord

_DETACHED_READY_S = 210.0
_POLL_S = 0.1


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command(hidden=True)(prepare)


def up(
    data: Data = None,
    ports: Annotated[
        int | None, typer.Option("--ports", metavar="BASE", min=1024, max=65500, help="First of six ports in a row.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is healthy; `down` stops it.")] = False,
    no_console: Annotated[bool, typer.Option("--no-console", help="Leave the web console out.")] = False,
) -> None:
    """Start everything on this machine, show where it is, and stay; Ctrl-C drains live calls and stops all of it."""
    from oratio.cli.preflight import up_problems

    settings = settings_of(data, port_base=ports)
    if problems := up_problems(settings, console=not no_console):
        fail("; ".join(map(str, problems)), code=USAGE_ERROR)
    try:
        if detach:
            _detached(settings, no_console=no_console)
        else:
            _foreground(settings, with_console=not no_console)
    except Conflict as error:
        fail(str(error), code=USAGE_ERROR)


def prepare() -> None:
    """Create the migrated Prefect database that first starts copy (`make setup` calls this)."""
    from oratio.cli.supervisor.prefect_database import build_template, template_path

    settings = settings_of(None)
    build_template(template_path(), environment=child_environment(settings, "check"))


def _foreground(settings: Settings, *, with_console: bool) -> None:
    from oratio.adapters.prefect_pipeline import prefect_environment
    from oratio.cli.supervisor.ports import require_free
    from oratio.cli.supervisor.prefect_database import seed, template_path
    from oratio.cli.supervisor.run_folder import RunFolder
    from oratio.cli.supervisor.service_table import service_table
    from oratio.cli.supervisor.supervisor import Supervisor

    folder = RunFolder(settings.data)
    with folder.hold():
        services = service_table(settings, console=with_console)
        for name in folder.end_leftovers():
            warn(f"ended {name}, left over from an Oratio that was killed")
        require_free(services)
        if not settings.prefect.prefect_api_url:
            seed(Path(prefect_environment(settings)["PREFECT_HOME"]), template_path())
        started = time.monotonic()

        async def supervise() -> None:
            supervisor = Supervisor(services, folder, notify=warn)
            await supervisor.run(lambda: _announce(settings, folder, time.monotonic() - started))

        asyncio.run(supervise())
    say("stopped")


def _announce(settings: Settings, folder: "RunFolder", seconds: float) -> None:
    record = folder.read()
    assert record is not None
    view = table("service", "url", "pid", "state")
    for entry in record.services:
        colour = "green" if entry.state == "healthy" else "red"
        view.add_row(entry.name, entry.url or "-", str(entry.pid or "-"), f"[{colour}]{entry.state}[/]")
    console().print(view)
    for line in _not_well(record, folder):
        warn(line)
    healthy = sum(entry.state == "healthy" for entry in record.services)
    say(f"{healthy} of {len(record.services)} services ready in {seconds:.1f} s; logs in {folder.logs}")
    say(_sign_in(settings, record))
    sys.stdout.flush()


def _not_well(record: "RunRecord", folder: "RunFolder") -> list[str]:
    return [
        f"{entry.name} is {entry.state}, not healthy: see {folder.logs / entry.name}.log"
        for entry in record.services
        if entry.state != "healthy"
    ]


def _sign_in(settings: Settings, record: "RunRecord") -> str:
    console_url = next((entry.url for entry in record.services if entry.name == "console"), None)
    how = (
        f"through {settings.identity.jwt_issuer}"
        if settings.identity.jwt_issuer
        else "with the token that `oratio token` prints"
    )
    return f"sign in: {f'open {console_url}' if console_url else f'call {settings.api_base}'} {how}"


def _detached(settings: Settings, *, no_console: bool) -> None:
    from oratio.cli.supervisor.child import rotate
    from oratio.cli.supervisor.run_folder import RunFolder

    folder = RunFolder(settings.data)
    folder.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = folder.logs / "up.log"
    rotate(log)
    offset = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-P", "-m", "oratio.cli.main", "up", "--data", str(settings.data)]
    command += ["--ports", str(settings.server.port_base)] + (["--no-console"] if no_console else [])
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=child_environment(settings, "up"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _await_detached(settings, folder, process, log, offset)


def _await_detached(
    settings: Settings, folder: "RunFolder", process: "subprocess.Popen[bytes]", log: Path, offset: int
) -> None:
    started = time.monotonic()
    while time.monotonic() - started < _DETACHED_READY_S:
        if (code := process.poll()) is not None:
            errors = [line for line in _tail(log, offset) if line.startswith("oratio: ")]
            fail(errors[-1].removeprefix("oratio: ") if errors else f"could not start: see {log}", code=code or 1)
        record = folder.read()
        if record is not None and record.pid == process.pid and record.ready:
            _announce(settings, folder, time.monotonic() - started)
            if _not_well(record, folder):
                raise typer.Exit(1)
            return
        time.sleep(_POLL_S)
    fail(f"not ready after {_DETACHED_READY_S:g} s: see {log}; `oratio down --data {settings.data}` stops it")


def _tail(log: Path, offset: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(offset, os.SEEK_SET)
        return file.read().decode(errors="replace").splitlines()
