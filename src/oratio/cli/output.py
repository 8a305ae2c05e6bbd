"""Output for people and programs: tables and text on stdout, one line of error on stderr."""

import json
import sys
import time
import unicodedata
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from pydantic import BaseModel

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

USAGE_ERROR = 2
_PIPE_WIDTH = 250
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def console() -> "Console":
    """Return a Rich console on stdout; into a pipe or file, lines are as long as they need to be."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def print_json(value: Any) -> None:
    """Print one JSON document on stdout; values of the contract by their names on the wire."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True)
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def say(line: str) -> None:
    """Print plain text for people."""
    sys.stdout.write(printable(line) + "\n")
    sys.stdout.flush()


def warn(line: str) -> None:
    """Print one line on stderr; control characters in it cannot reach the terminal."""
    sys.stderr.write(f"oratio: {one_line(line)}\n")
    sys.stderr.flush()


def one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """Return the text with "?" for what could steer a terminal: bidi overrides, controls but line ends and tabs."""
    return "".join("?" if _steers(char) else char for char in text)


def _steers(char: str) -> bool:
    return char in _BIDI or (unicodedata.category(char) == "Cc" and char not in "\n\t")


def fail(line: str, *, code: int = 1) -> NoReturn:
    warn(line)
    raise typer.Exit(code)


def table(*columns: str) -> "Table":
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def when(ms: int | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ms / 1000)) if ms else "-"


def clock_time(ms: int | None) -> str:
    """Return the time as `when` does, without the date when it is today's."""
    text = when(ms)
    return text.removeprefix(time.strftime("%Y-%m-%d "))


def megabytes(size: int | None) -> str:
    return f"{size / 1_000_000:.0f} MB" if size is not None else "-"
