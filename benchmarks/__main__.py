"""Run the benchmarks named on the command line, or all, and print one table.

A benchmark is a module of this package with `run()`, which gives a list of rows, or yields each once it is known.
"""

import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks import Row


def names() -> list[str]:
    return sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )


def table(title: str, rows: list[Row]) -> Table:
    drawn = Table(title=title, title_justify="left")
    for column, side in (
        ("what", "left"),
        ("value", "right"),
        ("target", "right"),
        ("ratio", "right"),
        ("note", "left"),
    ):
        drawn.add_column(column, justify="right" if side == "right" else "left")
    for row in rows:
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g} {row.unit}"
        ratio = "" if row.ratio is None else f"[{'green' if row.ratio <= 1 else 'red'}]{row.ratio:.2f}[/]"
        drawn.add_row(row.name, f"{row.value:,.4g} {row.unit}", target, ratio, row.note)
    return drawn


def main(chosen: list[str]) -> int:
    known = names()
    if unknown := [name for name in chosen if name not in known]:
        print(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    console = Console()
    for name in chosen or known:
        rows: list[Row] = []
        module = importlib.import_module(f"benchmarks.{name}")
        if hasattr(module, "run"):
            for row in module.run():
                rows.append(row)
                told = f"{name}: {row.name}: {row.value:,.4g} {row.unit}"
                print("; ".join(part for part in (told, row.note) if part), file=sys.stderr, flush=True)
            console.print(table(name, rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
