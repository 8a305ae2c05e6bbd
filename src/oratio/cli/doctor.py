"""`oratio doctor`: checks this machine and says how to mend each fault."""

import typer

from oratio.cli.options import Data, Json, settings_of
from oratio.cli.output import console, print_json
from oratio.errors import InvalidInput


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(data: Data = None, as_json: Json = False) -> None:
    """Check this machine; exit 1 if anything needs mending."""
    from oratio.cli.checks import Check, machine_checks, oratio_checks

    found = machine_checks()
    try:
        found += oratio_checks(settings_of(data))
    except InvalidInput as error:
        found.append(Check("settings", False, error.message, "correct them; `oratio settings` lists all"))
    if as_json:
        print_json({"checks": [check._asdict() for check in found]})
    else:
        for check in found:
            mark = "[green]ok   [/]" if check.ok else "[red]fault[/]"
            console().print(f"{mark} {check.name}: ", end="")
            console().print(check.detail + (f"; to mend: {check.mend}" if not check.ok else ""), markup=False)
    raise typer.Exit(0 if all(check.ok for check in found) else 1)
