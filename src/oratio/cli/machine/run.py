"""Command `oratio run SERVICE`: one service in the foreground, for containers and process managers."""

import os
from typing import Annotated

import typer

from oratio.cli.options import Data, settings_of
from oratio.cli.output import USAGE_ERROR, fail
from oratio.errors import InvalidInput


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    service: Annotated[str, typer.Argument(help="api, voice, console, flows, agent-host or prefect.")],
    data: Data = None,
    ports: Annotated[int | None, typer.Option("--ports", metavar="BASE", min=1024, max=65500)] = None,
) -> None:
    """Become one service of this machine, with the environment that `oratio up` would give it."""
    from oratio.cli.preflight import service_problems
    from oratio.cli.supervisor.service_table import service_table

    settings = settings_of(data, port_base=ports)
    table = {entry.name: entry for entry in service_table(settings, console=service == "console")}
    if service not in table:
        elsewhere = service == "prefect" and settings.prefect.prefect_api_url
        hint = (
            "unset ORATIO_PREFECT_API_URL to run one here"
            if elsewhere
            else f"one of {', '.join(sorted({*table, 'console'}))}"
        )
        raise InvalidInput(f"there is no service {service!r} to run", hint=hint)
    if problems := service_problems(service, settings):
        fail(str(problems[0]), code=USAGE_ERROR)
    (settings.data / "run").mkdir(parents=True, exist_ok=True, mode=0o700)
    command = table[service].command
    os.execve(command[0], command, dict(table[service].environment))  # noqa: S606 - our own table, no shell
