"""`oratio up` on a fresh data folder and again, its resident memory, and `down`; a warm `oratio token` for scale."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import Row
from oratio.cli.supervisor.prefect_database import template_path

MAX_MB = 1_200


def command(*arguments: str) -> tuple[float, str]:
    """Seconds one command line takes, and what it prints."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "oratio.cli.main", *arguments], check=True, capture_output=True, text=True
    )
    return time.perf_counter() - started, done.stdout


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="oratio-bench-") as scratch:
        data = ("--data", str(Path(scratch) / "data"))
        return measure(data)


def measure(data: tuple[str, str]) -> list[Row]:
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    prepared = "Prefect's database prepared by `make setup`" if template_path().exists() else "no prepared database"
    try:
        fresh, _ = command("up", "--detach", *data)
        services = json.loads(command("status", "--json", *data)[1])["services"]
        stop, _ = command("down", *data)
        again, _ = command("up", "--detach", *data)
        token, _ = command("token", *data)
    finally:
        command("down", *data)
    sizes = {service["name"]: service["rssBytes"] / 1e6 for service in services}
    return [
        Row("up, fresh data folder", fresh, "s", 25, f"all six healthy, command included; {prepared}; {load}"),
        Row("up again", again, "s", 15, load),
        Row("down", stop, "s", note="nothing in progress"),
        Row("token", token, "s", note="the whole command"),
        Row("memory, everything idle", sum(sizes.values()), "MB", MAX_MB, "resident, shared pages counted in each"),
        *(Row(f"memory, {name}", size, "MB") for name, size in sorted(sizes.items(), key=lambda item: -item[1])),
    ]
