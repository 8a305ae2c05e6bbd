"""Command `oratio doctor`: checks of this machine, with a fix for each fault."""

from typing import TYPE_CHECKING, Annotated

import typer

from oratio.cli.options import Data, Json, settings_of
from oratio.cli.output import console, print_json
from oratio.errors import InvalidInput
from oratio.settings import Settings

if TYPE_CHECKING:
    from oratio.cli.machine.checks import DoctorCheck


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    data: Data = None,
    platform: Annotated[
        str | None, typer.Option("--platform", help="`aws`: check the account instead of this machine.", metavar="P")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check this machine, or an AWS account; exit 1 if anything needs fixing."""
    from oratio.cli.machine.checks import DoctorCheck, machine_checks, oratio_checks

    found: list[DoctorCheck] = []
    try:
        settings = settings_of(data, platform=platform)
        if settings.platform == "aws":
            found += _account_checks(settings)
        else:
            found += [*machine_checks(), *oratio_checks(settings)]
    except InvalidInput as error:
        found = [*machine_checks(), DoctorCheck("settings", False, error.message, error.hint)]
    if as_json:
        print_json({"checks": [_row(check) for check in found]})
    else:
        for check in found:
            mark = "[green]ok   [/]" if check.ok else "[red]fault[/]"
            console().print(f"{mark} {check.name}: ", end="")
            console().print(check.detail + (f"; to fix: {check.fix}" if not check.ok else ""), markup=False)
    raise typer.Exit(0 if all(check.ok for check in found) else 1)


def _row(check: "DoctorCheck") -> dict[str, object]:
    """Return the check by its keys of `--json`."""
    return {"name": check.name, "ok": check.ok, "detail": check.detail, "mend": check.fix}


def _account_checks(settings: Settings) -> "list[DoctorCheck]":
    from oratio.adapters.aws.session import AwsSession
    from oratio.cli.aws.checks import aws_checks

    return aws_checks(AwsSession(settings.aws.aws_region), settings)
