"""Options that many commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from oratio.settings import Settings, load

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder.", show_default="./.oratio", file_okay=False, metavar="DIR")
]
Json = Annotated[bool, typer.Option("--json", help="JSON for programs, and nothing else on stdout.")]
Api = Annotated[str | None, typer.Option("--api", help="Address of a running Oratio.", metavar="URL")]
Token = Annotated[str | None, typer.Option("--token", help="Operator token for it.", metavar="T")]


def settings_of(data: Path | None, **overrides: Any) -> Settings:
    return load(data=data, **overrides)
