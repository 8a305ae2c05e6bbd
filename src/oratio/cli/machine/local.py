"""Commands `oratio token`, `oratio settings` and `oratio version`."""

import re
from typing import Annotated

import typer

from oratio.cli.options import Data, Json, settings_of
from oratio.cli.output import console, print_json, say, table
from oratio.errors import InvalidInput
from oratio.settings import Settings

DEFAULT_USER = "operator"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def register(app: typer.Typer) -> None:
    app.command()(token)
    app.command("settings")(show_settings)
    app.command()(version)


def token(
    data: Data = None,
    user: Annotated[str, typer.Option("--user", help="Tenant the token speaks for.", metavar="ID")] = DEFAULT_USER,
    ttl: Annotated[str, typer.Option("--ttl", help="Lifetime: 900s, 30m, 1h, 7d.")] = "1h",
    as_json: Json = False,
) -> None:
    """Print a signed operator token of the embedded issuer."""
    seconds = parse_ttl(ttl)
    made = issue(settings_of(data), user, seconds)
    if as_json:
        print_json({"token": made, "userId": user, "expiresInSeconds": seconds})
    else:
        say(made)


def parse_ttl(text: str) -> int:
    """Return the seconds of `90`, `90s`, `30m`, `1h` or `7d`.

    Raises:
        InvalidInput: It is none of those.
    """
    match = re.fullmatch(r"(\d{1,9})([smhd]?)", text.strip())
    if match is None:
        raise InvalidInput(f"{text!r} is not a time", hint="write for example 900s, 30m, 1h or 7d")
    return int(match[1]) * _UNITS[match[2] or "s"]


def issue(settings: Settings, user: str, seconds: int) -> str:
    """Return a token of the embedded issuer.

    Raises:
        InvalidInput: This Oratio has an outside issuer, or the user or time is not allowed.
    """
    if settings.identity.jwt_issuer is not None or settings.platform != "local":
        raise InvalidInput(
            f"tokens come from {settings.identity.jwt_issuer or 'the identity provider of this platform'}",
            hint="get one there and give it with --token",
        )
    # Not through bootstrap: it imports every adapter, and a token is asked for in scripts and loops.
    from oratio.adapters.local.clock import SystemClock
    from oratio.adapters.local.identity import EmbeddedIssuer

    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return EmbeddedIssuer(settings.data / "keys", SystemClock()).issue(user, ttl_s=seconds)


def show_settings(data: Data = None, as_json: Json = False) -> None:
    """Print every setting by section, with where its value comes from; secrets stay hidden."""
    from rich.text import Text

    from oratio.settings import sources

    rows = sources(settings_of(data))
    if as_json:
        print_json({"settings": [row._asdict() for row in rows]})
        return
    view = table("setting", "value", "from", "what it is")
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            view.add_row(Text(section, style="bold"))
        view.add_row(*map(Text, row[1:]))
    console().print(view)


def version(as_json: Json = False) -> None:
    """Print the version."""
    from importlib import metadata

    number = metadata.version("oratio")
    if as_json:
        print_json({"version": number})
    else:
        say(f"oratio {number}")
