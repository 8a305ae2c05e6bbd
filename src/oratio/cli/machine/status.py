"""Commands `oratio status` and `oratio down`."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from typing import Any

import typer

from oratio.cli.options import Data, Json, settings_of
from oratio.cli.output import clock_time, console, fail, megabytes, print_json, say, table

_STOP_WAIT_S = 90.0
_POLL_S = 0.1


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(down)


def status(data: Data = None, as_json: Json = False) -> None:
    """Show what runs, where, since when, and whether it is healthy (exit 0) or not (exit 1)."""
    settings = settings_of(data)
    rows = observe(settings)
    healthy = bool(rows) and all(row["healthy"] for row in rows)
    if as_json:
        print_json({"services": rows})
    elif not any(row["pid"] for row in rows):
        fail(f"nothing runs on {settings.data}: start it with `oratio up`")
    else:
        show(rows)
    raise typer.Exit(0 if healthy else 1)


def show(rows: Sequence[dict[str, Any]]) -> None:
    view = table("service", "url", "pid", "state", "since", "memory")
    for row in rows:
        state = "[green]healthy[/]" if row["healthy"] else "[red]not healthy[/]"
        view.add_row(
            row["name"],
            row["url"] or "-",
            str(row["pid"] or "-"),
            state,
            clock_time(row["startedAt"]),
            megabytes(row["rssBytes"]),
        )
    view.add_row("all", "", "", "", "", megabytes(sum(row["rssBytes"] or 0 for row in rows)))
    console().print(view)


def observe(settings: Any) -> list[dict[str, Any]]:
    """Probe each service and return its row of `oratio status --json`; memory is its process tree's."""
    from oratio.cli.supervisor.run_folder import RunFolder
    from oratio.cli.supervisor.service_table import service_table

    folder = RunFolder(settings.data)
    record = folder.read() if folder.holder() else None
    known = {entry.name: entry for entry in record.services} if record else {}
    # The running services' ports are those they were started with, not those of this command's settings.
    base = next((int(entry.url.rsplit(":", 1)[1]) for entry in known.values() if entry.name == "api" and entry.url), 0)
    settings = settings.changed(port_base=base) if base else settings
    services = service_table(settings, console=not known or "console" in known)
    probes = [service.health.healthy(0) for service in services if service.name in known]

    async def probe() -> list[bool]:
        return list(await asyncio.gather(*probes))

    answers = dict(zip([s.name for s in services if s.name in known], asyncio.run(probe()), strict=True))
    rows = []
    for service in services:
        entry = known.get(service.name)
        rows.append(
            {
                "name": service.name,
                "url": service.url,
                "pid": entry.pid if entry else None,
                "healthy": bool(entry and entry.pid and answers[service.name]),
                "startedAt": entry.started_at if entry else None,
                "rssBytes": resident(entry.pid) if entry and entry.pid else None,
            }
        )
    return rows


def resident(pid: int) -> int | None:
    """Return the resident bytes of a process and everything under it; None when it has ended."""
    import psutil

    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return None
    total = 0
    for process in family:
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def down(data: Data = None) -> None:
    """Stop the Oratio that runs on this data folder; calls in progress get 30 s to end."""
    from oratio.cli.supervisor.run_folder import RunFolder

    settings = settings_of(data)
    folder = RunFolder(settings.data)
    pid = folder.holder()
    if pid is None:
        say(f"nothing runs on {settings.data}")
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_WAIT_S
    while folder.holder() == pid:
        if time.monotonic() > deadline:
            fail(f"Oratio (pid {pid}) did not stop in {_STOP_WAIT_S:g} s: see {folder.logs}, or end it with kill -9")
        time.sleep(_POLL_S)
    say("stopped")
