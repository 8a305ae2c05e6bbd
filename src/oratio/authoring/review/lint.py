"""Stage 7: ruff's errors."""

import json
import subprocess
from collections.abc import Iterator

from oratio.authoring.review.findings import Finding
from oratio.authoring.ruff_binary import ruff_binary

RULES = "E9,F,B,PLE"
TIMEOUT_S = 5


def check_lint(code: str) -> Iterator[Finding]:
    """What `ruff check` says under our rules; comments in the file cannot silence it."""
    command = [
        ruff_binary(),
        "check",
        "--isolated",
        "--no-cache",
        "--ignore-noqa",
        "--select",
        RULES,
        "--output-format",
        "json",
    ]
    command += ["--target-version", "py312", "--stdin-filename", "agent_file.py", "-"]
    environment = {"RAYON_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, input=code.encode(), capture_output=True, timeout=TIMEOUT_S, check=False, env=environment
        )
        found = json.loads(done.stdout) if done.returncode in (0, 1) else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        found = None
    if not isinstance(found, list):
        yield Finding(0, 0, "lint_failed", "the linter could not read the file", "write simpler code")
        return
    for entry in found:
        place = entry["location"]
        message = str(entry["message"]).split("\n")[0][:200]
        yield Finding(
            place["row"], place["column"], entry.get("code") or "syntax", message, "fix what the linter reports"
        )
